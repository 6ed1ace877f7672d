"""Whole numbers of any length: what 63 bits hold runs, what they do not is refused with its line, in our words."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.headless.simulation import simulate
from scenarios.loader import loads
from scenarios.reading.nodes import scalar
from tests.scenario.documents import line_with
from twin.errors import ScenarioError

UNITS = (
    "{id: b, kind: buffer, capacity: NUMBER}",
    "{id: b, kind: storage, capacity: NUMBER, put: 1 s, retrieve: 1 s}",
    "{id: b, kind: supermarket, places: {p: NUMBER}}",
    "{id: b, kind: conwip, limit: NUMBER, exit: out}",
)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("number", ["9" * 19, str(2**63), str(2**63 - 1), "9.3e18", "1e19", f"+{2**63}", "9" * 300])
def test_one_that_is_too_long_is_refused(unit: str, number: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        loads(line_with(unit.replace("NUMBER", number)), base=Path())
    (problem,) = map(str, refused.value.problems)
    assert problem.startswith("scenario.yaml:12 enterprises[0]")
    assert "whole number" in problem


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("number", ["9" * 18, "1e18", "0" * 30 + "9"])
def test_one_that_is_not_runs(unit: str, number: str) -> None:
    scenario = loads(line_with(unit.replace("NUMBER", number)), base=Path())
    assert simulate(scenario, 1, 3600).summary.units["e/s/a/l/out"].counts["good"] == 59


@pytest.mark.parametrize(
    ("text", "value"),
    [("9" * 18, 10**18 - 1), ("-" + "9" * 18, 1 - 10**18), ("9" * 19, float("9" * 19)), ("12", 12), ("-0", 0)],
)
def test_digits_of_a_whole_number(text: str, value: float) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)
