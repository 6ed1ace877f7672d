"""Keys of a perturbation that would do nothing are refused, each with its line; none is passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.loader import loads
from tests.scenario.documents import line_with
from twin.errors import ScenarioError

MACHINE = "{id: m, kind: machine, cycle: 30 s, failures: [{id: jam, after: 8 h, repair: 9 min}]}"
PERTURBATION = "perturbations:\n  - {id: x, target: e/s/a/l/m, start: 1 h, duration: 1 h, EXTRA}\n"


def told(extra: str) -> list[str]:
    try:
        loads(line_with(MACHINE, PERTURBATION.replace("EXTRA", extra)), base=Path())
    except ScenarioError as error:
        return [str(one) for one in error.problems]
    return []


@pytest.mark.parametrize(
    ("extra", "wrong"),
    [
        ("effect: stop", ""),
        ("effect: slow, factor: 2", ""),
        ("effect: slow, factor: 2, ramp: 10 min, steps: 3", ""),
        ("effect: slow, factor: 2, every: 5 h, times: 3", ""),
        ("effect: fail, mode: jam", ""),
        ("effect: slow, factor: 0.001", ""),
        ("effect: slow", "factor: expected how much, got nothing (write factor: ...)"),
        ("effect: scrap", "factor: expected how much, got nothing (write factor: ...)"),
        ("effect: repair", "factor: expected how much, got nothing (write factor: ...)"),
        ("effect: stop, factor: 2", "factor: expected an effect that has a factor, got stop (leave factor out)"),
        ("effect: hold, factor: 2", "factor: expected an effect that has a factor, got hold (leave factor out)"),
        ("effect: stop, mode: jam", "mode: expected an effect that has a mode, got stop (leave mode out)"),
        ("effect: slow, factor: 2, mode: jam", "mode: expected an effect that has a mode, got slow (leave mode out)"),
        ("effect: stop, item: part", "item: expected an effect that has a item, got stop (leave item out)"),
        ("effect: slow, factor: 2, due: 1 h", "due: expected an effect that has a due, got slow (leave due out)"),
        ("effect: slow, factor: 2, steps: 3", "steps: expected only with ramp or fall, got none (write ramp: ..., or "),
        ("effect: stop, times: 3", "times: expected only with every, got none (write every: ..., or leave times out)"),
        ("effect: stop, share: 0.5", "share: expected only with effect: curtail, got stop (leave share out)"),
    ],
)
def test_what_does_nothing_is_told_with_its_line(extra: str, wrong: str) -> None:
    found = told(extra)
    assert len(found) == bool(wrong), found
    assert all(one.startswith(f"scenario.yaml:15 perturbations[0].{wrong}") for one in found)


def test_all_of_it_is_told_at_once() -> None:
    keys = {
        one.partition(": ")[0].rpartition(".")[2]
        for one in told("effect: stop, factor: 2, mode: jam, times: 2, share: 1")
    }
    assert keys == {"factor", "mode", "times", "share"}


@pytest.mark.parametrize(
    ("extra", "wrong"),
    [
        ("effect: slow, factor: 0", "at least 0.001, got 0 (work that takes no time never lets time advance; "),
        ("effect: slow, factor: 1.0e-9", "at least 0.001, got 1e-09 (work that takes no time never lets time advance"),
        ("effect: slow, factor: 1.0e+9", ""),
        ("effect: slow, factor: 0.5", ""),
    ],
)
def test_a_factor_with_which_time_would_not_advance_is_refused(extra: str, wrong: str) -> None:
    found = told(extra)
    assert len(found) == bool(wrong)
    assert all(one.startswith(f"scenario.yaml:15 perturbation x factor: expected {wrong}") for one in found)


@pytest.mark.parametrize("effect", ["supply", "demand"])
@pytest.mark.parametrize(("factor", "refused"), [("1000", False), ("1001", True), ("1.0e+300", True)])
def test_no_more_than_a_thousand_times_as_much_comes(effect: str, factor: str, refused: bool) -> None:
    text = PERTURBATION.replace("e/s/a/l/m", "e/s/a/l/in").replace("EXTRA", f"effect: {effect}, factor: {factor}")
    text = line_with(MACHINE, text)
    if refused:
        with pytest.raises(ScenarioError, match="factor: expected at most 1000, got 1"):
            loads(text, base=Path())
    else:
        assert loads(text, base=Path())
