"""A unit that a machine outside drives: parts leave it as that machine counts them, and the books balance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.derivation.counting import CountingFaults, StepCounter
from tests.engine.plants import DAY, LINE, buffer, exponential, failure, line_plant, machine, sink, source
from twin.compiled.support import reasons
from twin.config.plant import PlantConfig
from twin.errors import FactoryError
from twin.plant.plant import Plant
from twin.records import RecordKind

UNIT = f"{LINE}/m2"
ROLLS_OVER_AT = 64
CREW = {"id": "crew", "kind": "worker", "skills": ("run", "mend")}
RUST = {"id": "rust", "basis": "calendar", "after": "80 min", "repair": "5 min"}
MODES = [failure("40 min", "10 min", crew="mend"), RUST]
JOBS = [{"id": "oil", "every": "40 cycles", "basis": "cycles", "duration": "3 min", "renews": ("jam",)}]
OWN: list[dict[str, Any]] = [
    {},
    {"capacity": 3},
    {"scrap": 0.2, "failures": MODES, "maintenance": JOBS},
    {"needs": ({"skill": "run", "during": ("load", "operation")},), "load_time": "3 s", "unload_time": "2 s"},
    {"calendar": "day", "setup": {"duration": "30 s"}, "failures": MODES, "capacity": 2},
]
"""What the unit has of its own, all of which the machine outside has in its place."""


def line_of(own: dict[str, Any], first: str = "10 s", places: int = 4) -> PlantConfig:
    """A source, a machine, a buffer, the unit, a buffer, a machine, a sink."""
    units = [source(), machine("m1", first), buffer("b1", places), machine("m2", exponential("20 s"), **own)]
    return line_plant(
        *units, buffer("b2", places), machine("m3", "9 s", scrap=0.1), sink(), CREW, calendars={"day": DAY}
    )


def books(plant: Plant) -> tuple[int, int]:
    """What the source has given; what the sink has, what was lost, and what is inside."""
    units = [plant.station(str(path)) for path in plant.units]
    begun = plant.station(f"{LINE}/src").begun  # type: ignore[attr-defined]
    inside = sum(unit.level for unit in units)
    return begun, plant.station(f"{LINE}/out").parts + sum(unit.scrapped for unit in units) + inside


parts = st.tuples(st.just("count"), st.integers(0, 12))
pauses = st.tuples(st.just("run"), st.integers(0, 400))
others = st.tuples(st.sampled_from(["drive", "simulate", "gap", "copy", "scrap"]), st.just(1))
stories = st.lists(st.one_of(parts, pauses, others), max_size=30)


@settings(max_examples=60, deadline=None)
@example({}, [("drive", 1), ("run", 300), ("count", 12), ("run", 9), ("simulate", 1), ("run", 90), ("drive", 1)], 1)
@example(OWN[3], [("run", 14), ("drive", 1), ("count", 3), ("run", 60), ("simulate", 1), ("run", 400)], 2)
@given(st.sampled_from(OWN), stories, st.integers(0, 9))
def test_books_balance_at_every_tick_whatever_is_counted(
    own: dict[str, Any], story: list[tuple[str, int]], seed: int
) -> None:
    plant, counter, faults, reading = Plant(line_of(own), seed), StepCounter(20, ROLLS_OVER_AT), CountingFaults(), 60
    counter.step(reading, faults)
    counted = 0
    for action, number in story:
        if action == "run":
            plant.run_until(plant.now_s + number)
        elif action == "copy":
            plant = Plant.restore(plant.snapshot())
        elif action in ("drive", "simulate"):
            plant.drive(UNIT, action == "drive")
        else:  # a reading, as often one of scrap; in a gap the counter goes on and is read only at the next
            reading = (reading + number) % ROLLS_OVER_AT
            made = 0 if action == "gap" else counter.step(reading, faults)
            counted += made
            plant.count(UNIT, *((0, made) if action == "scrap" else (made, 0)))
        came, gone = books(plant)
        assert came == gone
    assert not faults.resets
    plant.drive(UNIT, on=False)
    plant.run_until(plant.now_s + 3600)
    assert books(plant)[0] == books(plant)[1]


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(OWN),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(1, 300))),
    st.integers(0, 9),
)
def test_what_the_machine_counts_is_what_has_left_and_what_it_is_ahead(
    own: dict[str, Any], story: list[tuple[int, int, int]], seed: int
) -> None:
    plant = Plant(line_of(own), seed)
    plant.drive(UNIT, on=True)
    good = scrap = 0
    for more, lost, pause_s in story:
        plant.count(UNIT, more, lost)
        good, scrap = good + more, scrap + lost
        plant.run_until(plant.now_s + pause_s)
        unit = plant.station(UNIT)
        assert unit.parts + plant.driven[UNIT] == good + scrap
        assert unit.scrapped <= scrap
    rows = [row for row in plant.drain() if row.kind is RecordKind.PART and plant.units[row.unit] == UNIT]
    assert rows == []  # the rows of the machine are those of the unit


def test_a_part_leaves_when_it_is_counted_and_the_next_comes_at_once() -> None:
    plant = Plant(line_of({}), 1)
    plant.drive(UNIT, on=True)
    plant.run_until(45)
    assert [plant.station(f"{LINE}/{unit}").level for unit in ("b1", "m2", "b2")] == [3, 1, 0]
    plant.count(UNIT, 1)
    assert [plant.station(f"{LINE}/{unit}").level for unit in ("b1", "m2", "b2", "m3")] == [2, 1, 0, 1]
    plant.count(UNIT, 1)
    assert [plant.station(f"{LINE}/{unit}").level for unit in ("b1", "m2", "b2", "m3")] == [1, 1, 1, 1]
    plant.count(UNIT, 0, scrap=1)
    assert [plant.station(f"{LINE}/{unit}").level for unit in ("b1", "m2", "b2", "m3")] == [0, 1, 1, 1]
    assert plant.station(UNIT).scrapped == 1


def test_ahead_of_the_feed_nothing_is_invented() -> None:
    plant = Plant(line_of({}, first="100 s"), 1)
    plant.drive(UNIT, on=True)
    plant.run_until(150)
    plant.count(UNIT, 4)
    assert plant.driven == {UNIT: 3}
    plant.run_until(350)
    assert plant.driven == {UNIT: 1}
    plant.run_until(450)
    assert plant.driven == {UNIT: 0}
    assert plant.station(UNIT).parts == 4


def test_ahead_of_what_the_next_unit_takes_parts_stay() -> None:
    plant = Plant(line_plant(source(), machine("m2", "1 s"), buffer("b2", 1), machine("m3", "100 s"), sink()), 1)
    plant.drive(UNIT, on=True)
    plant.run_until(1)
    plant.count(UNIT, 10)
    plant.run_until(50)
    assert plant.driven == {UNIT: 7}  # one at work in m3, one in b2, one that waits at m2
    plant.run_until(750)
    assert plant.driven == {UNIT: 0}


def test_who_never_is_driven_goes_the_same_way_to_the_last_event() -> None:
    device = {"profile": "cnc", "drives": True}
    plain, ready = (Plant(line_of({**OWN[2], "device": {**device, "drives": on}}), 3) for on in (False, True))
    for plant in (plain, ready):
        plant.run_until(5 * 3600)
    assert (plain.fingerprint(), plain.events) == (ready.fingerprint(), ready.events)


@pytest.mark.parametrize("own", OWN)
def test_a_driven_unit_has_no_failures_and_asks_for_nobody(own: dict[str, Any]) -> None:
    plant = Plant(line_of(own), 4)
    plant.run_until(600)
    plant.drive(UNIT, on=True)
    plant.run_until(1800)
    plant.drain()
    for _ in range(400):
        plant.count(UNIT, 1)
        plant.run_until(plant.now_s + 30)
    states = {row.values[0] for row in plant.drain() if row.kind is RecordKind.STATE and plant.units[row.unit] == UNIT}
    assert states <= {"PRODUCING", "STARVED", "BLOCKED"}
    assert plant.station(UNIT).parts > 350


@pytest.mark.parametrize("own", OWN)
def test_a_unit_that_is_let_go_works_and_fails_again(own: dict[str, Any]) -> None:
    plant = Plant(line_of(own, places=40), 5)
    plant.run_until(900)
    plant.drive(UNIT, on=True)
    plant.run_until(6000)
    plant.let_go()
    assert plant.driven == {}
    assert not any(UNIT in reason and "driven" in reason for reason in reasons(plant))
    before = plant.station(UNIT).parts
    plant.run_until(40 * 3600)
    assert plant.station(UNIT).parts - before > 100
    causes = {row.values[2] for row in plant.drain() if row.kind is RecordKind.STATE and plant.units[row.unit] == UNIT}
    assert {mode["id"] for mode in own.get("failures", ())} <= causes


def test_a_change_to_come_is_made_at_its_time() -> None:
    plant = Plant(line_of({}), 1)
    plant.drive(UNIT, on=True, at_s=100)
    plant.run_until(100)
    assert plant.driven == {}
    plant.run_until(100.5)
    assert plant.driven == {UNIT: 0}
    with pytest.raises(FactoryError, match=r"m2 drive: expected a time from 100.5 s on, got 90 s"):
        plant.drive(UNIT, on=False, at_s=90)
    with pytest.raises(
        FactoryError, match=r"b1: expected a unit that a machine outside can drive, got one of kind buffer"
    ):
        plant.drive(f"{LINE}/b1", on=True)


def test_the_compiled_kernel_leaves_driven_units_to_the_engine() -> None:
    plant = Plant(line_plant(source(), machine("m2", "1 s"), sink()), 1, trace=False)
    assert reasons(plant) == []
    plant.drive(UNIT, on=True)
    assert reasons(plant)[0] == f"{UNIT}: driven by a machine outside"
