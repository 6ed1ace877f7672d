"""The registered indicators: descriptions, agreement with the pure functions, reference page."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.kpi import iso22400 as iso
from twin.kpi.observed import FLOATS, INTS, NAMES, Observed, of_matrices
from twin.kpi.reference import render
from twin.kpi.spec import kpi, kpis, specs
from twin.kpi.time_model import TimeModel

TIME = TimeModel(apt_ns=330, aust_ns=35, adet_ns=40, adot_ns=45, planned_down_ns=30, outside_ns=20, cmt_ns=9, pmt_ns=6)
COUNTS = iso.Counts.of_one_item(0.5e-9, good=570, scrap=18, rework=12)
OBSERVED = Observed(
    **{name: getattr(TIME, name) for name in TimeModel.__slots__},
    good=570,
    scrap=18,
    rework=12,
    ideal_produced_s=COUNTS.ideal_produced_s,
    ideal_good_s=COUNTS.ideal_good_s,
)
EXPECTED = {
    "oee": iso.oee(TIME, COUNTS),
    "nee": iso.nee(TIME, COUNTS),
    "availability": iso.availability(TIME),
    "effectiveness": iso.effectiveness(TIME, COUNTS),
    "quality_ratio": iso.quality_ratio(COUNTS),
    "allocation_efficiency": iso.allocation_efficiency(TIME),
    "utilisation_efficiency": iso.utilisation_efficiency(TIME),
    "setup_ratio": iso.setup_ratio(TIME),
    "technical_efficiency": iso.technical_efficiency(TIME),
    "scrap_ratio": iso.scrap_ratio(COUNTS),
    "rework_ratio": iso.rework_ratio(COUNTS),
    "corrective_maintenance_ratio": iso.corrective_maintenance_ratio(9, 6),
    "teep": iso.teep(TIME, COUNTS),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_definition_agrees_with_the_pure_function(kind: str) -> None:
    numerator, denominator = kpis[kind].figure(OBSERVED)
    assert numerator / denominator == pytest.approx(EXPECTED[kind], rel=1e-9)


def test_formulas_work_on_many_scopes_at_once() -> None:
    ints = np.array([[getattr(OBSERVED, name) for name in INTS]] * 3, dtype=np.int64)
    floats = np.array([[getattr(OBSERVED, name) for name in FLOATS]] * 3)
    numerator, denominator = kpis["oee"].figure(of_matrices(ints, floats))
    assert (numerator / denominator).tolist() == pytest.approx([EXPECTED["oee"]] * 3)
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
