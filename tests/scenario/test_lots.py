"""Finished lots in results: from telemetry the same as by the engine's own account."""

from __future__ import annotations

import pytest

from scenarios.headless.engine_only import simulate_engine
from scenarios.headless.lots import LotFigures
from scenarios.headless.simulation import Simulation, simulate
from scenarios.loader import load
from twin.errors import ScenarioError


def by_item(result: Simulation) -> dict[str, tuple[int, float, float]]:
    """Lots, sum of flow times in h and number on time of each item."""
    found: dict[str, tuple[int, float, float]] = {}
    for row in result.lots:
        lots, flow_h, on_time = found.get(row.item, (0, 0.0, 0.0))
        flow_h += row.lots * (row.flow_h or 0.0)
        found[row.item] = (lots + row.lots, flow_h, on_time + row.lots * (row.on_time or 0.0))
    return found


def test_telemetry_and_account_tell_the_same_of_lots() -> None:
    scenario = load("job_shop")
    heard, own = simulate(scenario, 3, 40 * 3600.0), simulate_engine(scenario, 3, 40 * 3600.0)
    assert heard.fingerprint == own.fingerprint
    first, second = by_item(heard), by_item(own)
    assert set(first) == set(second) == {"shaft", "gear", "flange"}
    for item, figures in first.items():
        assert figures == pytest.approx(second[item], rel=1e-9)
    assert {row.priority for row in own.lots if row.item == "gear"} == {-1, 0}
    assert own.queue_times["gear"]["harden"]["kept"] > 0


@pytest.mark.parametrize(("name", "hours"), [("job_shop", 24), ("workshop", 3), ("scooter_works", 3)])
def test_states_and_quantities_of_the_account_are_those_of_the_brain(name: str, hours: int) -> None:
    scenario = load(name)
    heard, own = (run(scenario, 4, hours * 3600.0).summary for run in (simulate, simulate_engine))
    for level, other in ((heard.units, own.units), (heard.lines, own.lines), (heard.sites, own.sites)):
        assert set(level) == set(other)
        for path, figures in level.items():
            assert {k: figures.counts[k] for k in other[path].counts} == other[path].counts
            assert figures.time_elements == pytest.approx(other[path].time_elements, abs=1e-3)
            assert figures.kpis.get("energy_kwh", 0.0) == pytest.approx(other[path].kpis["energy_kwh"])
            assert figures.counts["good"] == figures.kpis.get("good_quantity", figures.counts["good"])
    sums = [sum(unit.counts["good"] for path, unit in heard.units.items() if path.startswith(f"{line}/"))
            for line in heard.lines]  # fmt: skip
    good = [figures.counts["good"] for figures in heard.lines.values()]
    assert all(0 <= made <= every for made, every in zip(good, sums, strict=True))
    assert sum(good) < sum(sums)  # what leaves, not every operation


def test_lots_that_were_there_at_the_start_have_no_flow_time_in_telemetry() -> None:
    changes = ['works/plant/hall/shop/orders.started=[{item: gear, step: "6", age: 5 h, size: 10, due: 20 h}]']
    scenario = load("job_shop", changes)
    heard, own = simulate(scenario, 3, 4 * 3600.0), simulate_engine(scenario, 3, 4 * 3600.0)
    (row,) = (row for row in heard.lots if row.started)
    (known,) = (row for row in own.lots if row.started)
    assert isinstance(row, LotFigures)
    assert (row.lots, row.flow_h, row.on_time) == (1, None, 1.0)
    assert known.flow_h is not None
    assert known.flow_h > 5
    assert known.late_h == pytest.approx(row.late_h)


def test_an_unknown_step_of_a_started_lot_is_refused() -> None:
    with pytest.raises(ScenarioError, match="step of the recipe"):
        load("job_shop", ['works/plant/hall/shop/orders.started=[{item: gear, step: "99"}]'])
