"""Indicators of a headless run as a table."""

from __future__ import annotations

from typing import Any

import pytest

from futurefactory import ScenarioError, Simulation, load, simulate
from scenarios.headless.engine_only import simulate_engine
from scenarios.headless.table import SCHEMA

HOURS = 3


@pytest.fixture(scope="module")
def run() -> Simulation:
    return simulate(load("workshop"), until_s=HOURS * 3600.0, windows=("hour",))


def rows(run: Simulation, **wanted: str) -> list[dict[str, Any]]:
    return [row for row in run.kpis().to_pylist() if all(row[name] == value for name, value in wanted.items())]


def test_a_row_of_the_whole_run_is_each_figure_that_the_summary_knows(run: Simulation) -> None:
    found = {(row["path"], row["kpi"]): row["value"] for row in rows(run, window="run")}
    levels = (run.summary.units, run.summary.lines, run.summary.sites)
    known = {(str(path), kpi): value for level in levels for path in level for kpi, value in level[path].kpis.items()}
    assert known
    assert {key: found[key] for key in known} == known


def test_value_is_numerator_over_denominator_and_its_span_is_told(run: Simulation) -> None:
    (row,) = rows(run, window="run", kpi="oee", path="jialing/beibei/machining/bodies")
    assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])
    assert row["unit"] == "1"
    assert (row["end"] - row["begin"]).total_seconds() == HOURS * 3600


def test_windows_that_were_to_be_kept_come_once_each_in_their_last_revision(run: Simulation) -> None:
    unit = "jialing/beibei/machining/bodies/deburr"
    hours = rows(run, window="hour", kpi="produced_quantity", path=unit)
    assert len({row["begin"] for row in hours}) == len(hours) == HOURS
    (whole,) = rows(run, window="run", kpi="produced_quantity", path=unit)
    assert sum(row["value"] for row in hours) == whole["value"]


def test_without_windows_and_of_the_engine_alone_it_has_the_same_columns() -> None:
    scenario = load("workshop")
    plain, alone = simulate(scenario, until_s=600.0).kpis(), simulate_engine(scenario, until_s=600.0).kpis()
    assert plain.schema == alone.schema == SCHEMA
    assert set(plain["window"].to_pylist()) == set(alone["window"].to_pylist()) == {"run"}


def test_every_window_that_there_is_not_is_refused() -> None:
    with pytest.raises(ScenarioError) as caught:
        simulate(load("workshop"), until_s=60.0, windows=("hour", "minute", "week"))
    assert [problem.got for problem in caught.value.problems] == ["'minute'", "'week'"]
