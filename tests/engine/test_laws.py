"""Laws that hold for every plant: conservation, time, energy, determinism, independence."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.plants import (
    DAY,
    assembly_plant,
    exponential,
    failure,
    line,
    machine,
    plant_of,
    serial_line,
    sink,
    site,
    source,
)
from tests.engine.strategies import lines, plants
from twin.config.plant import PlantConfig
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.states import UnitState
from twin.stations.source import Source

seeds = st.integers(0, 2**32)
HORIZON = 2.75 * 3600
WEIGHT = {"box": 4}
"""Parts that a product is made of."""


def grown(config: PlantConfig, seed: int, until: float = HORIZON, intervals: bool = True) -> Plant:
    plant = Plant(config, seed, intervals=intervals)
    plant.run_until(until)
    return plant


def balance(plant: Plant) -> tuple[int, int]:
    """Parts that came in, and parts that left, are inside or were scrapped; products count as their components."""
    came = gone = 0
    end = plant.epoch_ns + round(plant.now_s * 1e9)
    for unit, (path, _, config) in enumerate(plant.config.stations()):
        station = plant.station(path)
        counts = plant.ledger.window(unit, plant.epoch_ns, end).counts
        came += sum(getattr(config, "initial", {}).values())
        came += station.begun if isinstance(station, Source) else 0
        gone += sum(WEIGHT.get(item, 1) * count.scrap for item, count in counts.items())
        gone += sum(WEIGHT.get(part.item, 1) for part in station.contents())
        if config.kind == "sink":
            gone += sum(WEIGHT.get(item, 1) * count.good for item, count in counts.items())
    return came, gone


@given(plants(), seeds)
@settings(max_examples=40, deadline=None)
def test_parts_in_are_parts_out_inside_and_scrapped(config: PlantConfig, seed: int) -> None:
    came, gone = balance(grown(config, seed))
    assert came == gone


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_conserved_across_sites_and_assembly(seed: int) -> None:
    plant = grown(assembly_plant(), seed, 4 * 3600.0)
    came, gone = balance(plant)
    assert came == gone
    assert plant.ledger.totals("acme/south/hall/box/out").parts > 100


@given(plants(), seeds, st.floats(0, HORIZON), st.floats(0, HORIZON))
@settings(max_examples=40, deadline=None)
def test_state_durations_fill_every_window(config: PlantConfig, seed: int, a: float, b: float) -> None:
    plant = grown(config, seed)
    t0, t1 = (plant.epoch_ns + round(min(a, b) * 1e9), plant.epoch_ns + round(max(a, b) * 1e9))
    for unit in range(len(plant.units)):
        assert plant.ledger.window(unit, t0, t1).durations_ns.sum() == t1 - t0
        assert sum(plant.ledger.totals(unit).seconds) == pytest.approx(HORIZON, rel=1e-12)


@given(plants(), seeds)
@settings(max_examples=40, deadline=None)
def test_the_two_accounts_agree_and_energy_never_falls(config: PlantConfig, seed: int) -> None:
    plant = grown(config, seed)
    end = plant.epoch_ns + round(HORIZON * 1e9)
    for unit in range(len(plant.units)):
        totals, truth = plant.ledger.totals(unit), plant.ledger.window(unit, plant.epoch_ns, end)
        np.testing.assert_allclose(truth.durations_ns / 1e9, totals.seconds, atol=1e-5)
        assert truth.energy_kwh == pytest.approx(totals.energy_kwh, rel=1e-9, abs=1e-9)
        assert truth.energy_kwh >= plant.ledger.energy_at(unit, (plant.epoch_ns + end) // 2) >= 0
        if truth.counts:
            assert sum(c.good + c.scrap + c.rework for c in truth.counts.values()) == totals.parts
            assert sum(c.scrap for c in truth.counts.values()) == totals.scrapped
    np.testing.assert_allclose(
        plant.view().energy_kwh, [plant.ledger.totals(u).energy_kwh for u in range(len(plant.units))]
    )


plain = st.just(serial_line(3, 2, exponential("9 s"), [failure("5 min", "1 min")]))
stops_of_units = st.lists(st.tuples(st.integers(0, 99), st.floats(0, HORIZON), st.floats(1, 900)), max_size=6)


@given(st.one_of(plain, plants()), seeds, stops_of_units)
@settings(max_examples=60, deadline=None)
def test_same_seed_same_run_with_and_without_trace(
    config: PlantConfig, seed: int, stops: list[tuple[int, float, float]]
) -> None:
    one, other = Plant(config, seed), Plant(config, seed, trace=False)
    for plant in (one, other):
        for number, (unit, at_s, length_s) in enumerate(stops):
            path = plant.units[unit % len(plant.units)]
            plant.post(Command(at_s, path, "stop", f"stop {number}"))
            plant.post(Command(at_s + length_s, path, "restart", f"stop {number}"))
    for end in (HORIZON / 3, HORIZON):
        one.run_until(end)
        other.run_until(end)
        assert one.fingerprint() == other.fingerprint()
    assert one.events == other.events
    assert other.drain() == []


@given(plants(), seeds, st.lists(st.floats(0, HORIZON), max_size=20))
@settings(max_examples=40, deadline=None)
def test_small_steps_are_one_big_step(config: PlantConfig, seed: int, stops: list[float]) -> None:
    whole, cut = grown(config, seed), Plant(config, seed, intervals=True)
    rows = []
    for stop in sorted(stops):
        cut.run_until(stop)
        rows += cut.drain()
        assert cut.now_s == stop
    cut.run_until(HORIZON)
    assert [*rows, *cut.drain()] == whole.drain()
    assert cut.fingerprint() == whole.fingerprint()
    assert cut.events == whole.events


@given(plants(), seeds)
@settings(max_examples=40, deadline=None)
def test_rows_say_only_what_is_new(config: PlantConfig, seed: int) -> None:
    plant = grown(config, seed)
    rows = plant.drain()
    assert [row.sim_s for row in rows] == sorted(row.sim_s for row in rows)
    last: dict[tuple[object, ...], object] = {}
    keys: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        key = (row.unit, row.kind, row.values[0] if row.kind is RecordKind.STOCK else None)
        if row.kind in (RecordKind.STATE, RecordKind.STOCK):
            assert last.get(key) != row.values
            last[key] = row.values
            keys[(*key, row.sim_s)] += 1
    assert max(keys.values()) == 1
    first = {row.unit for row in rows if row.kind is RecordKind.STATE and row.sim_s == 0}
    assert first == set(range(len(plant.units)))
    shown = plant.view().state
    assert all(
        UnitState[str(values[0])] == shown[unit] for (unit, kind, _), values in last.items() if kind is RecordKind.STATE
    )  # type: ignore[index, misc]


@given(lines(), lines("other"), seeds)
@settings(max_examples=40, deadline=None)
def test_another_line_changes_nothing_here(mine: dict[str, object], other: dict[str, object], seed: int) -> None:
    alone = plant_of(site("north", mine), items=["a", "b"], calendars={"day": DAY})
    both = plant_of(site("north", other, mine), items=["a", "b"], calendars={"day": DAY})
    one, two = grown(alone, seed), grown(both, seed)
    shift = len(two.units) - len(one.units)
    assert [two.ledger.totals(unit + shift) for unit in range(len(one.units))] == [
        one.ledger.totals(unit) for unit in range(len(one.units))
    ]


def test_a_station_added_downstream_leaves_the_draws_of_others_alone() -> None:
    cycle = {"lognormal": {"mean": "8 s", "sd": "4 s"}}
    short = plant_of(site("north", line("line", [source(), machine("m1", cycle), sink()])), items=["part"])
    long = plant_of(
        site("north", line("line", [source(), machine("m1", cycle), machine("m2", "1 s"), sink()])), items=["part"]
    )

    def completions(config: PlantConfig) -> list[float]:
        plant = grown(config, 5, 600.0)
        return [row.sim_s for row in plant.drain() if row.kind is RecordKind.PART and row.unit == 1]

    assert completions(short) == completions(long)
