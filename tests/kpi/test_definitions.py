"""The registered indicators: descriptions, many scopes at once, reference page."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.kpi.observed import FLOATS, INTS, NAMES, Observed, of_matrices
from twin.kpi.reference import render
from twin.kpi.spec import kpi, kpis, specs

OBSERVED = Observed(
    apt_ns=330, aust_ns=35, adet_ns=40, adot_ns=45, planned_down_ns=30, outside_ns=20, good=570, ideal_good_s=285e-9
)


def test_formulas_work_on_many_scopes_at_once() -> None:
    ints = np.array([[getattr(OBSERVED, name) for name in INTS]] * 3, dtype=np.int64)
    floats = np.array([[getattr(OBSERVED, name) for name in FLOATS]] * 3)
    numerator, denominator = kpis["oee"].figure(of_matrices(ints, floats))
    assert (numerator / denominator).tolist() == pytest.approx([285 / 450] * 3)
    assert len(NAMES) == len(INTS) + len(FLOATS)


def test_every_indicator_is_described_in_both_languages() -> None:
    for kind in kpis.kinds():
        spec = kpis[kind]
        assert spec.en.isascii()
        assert not spec.zh.isascii() or spec.zh == "TEEP"
        assert all((spec.formula, spec.unit, spec.source, spec.scopes))
    assert {spec.id for spec in specs("line")} >= {"line_oee", "oee", "energy_kwh"}


def test_an_indicator_needs_its_formula() -> None:
    with pytest.raises(TypeError, match="formula"):
        kpi("nameless", "Nameless", "无名", unit="1", trend="up", source="none")(lambda o: (1, 1))


def test_reference_page_is_up_to_date() -> None:
    page = ROOT / "docs" / "reference" / "kpi.md"
    assert page.read_text(encoding="utf-8") == render(), "run make docs"
