"""Durations from records: interruptions, shifts and repairs that nobody saw end."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.calibrate import observed
from scenarios.calibrate.events import Made, UnitLog
from scenarios.calibrate.observed import ObservedOutage
from tests.calibrate.recorded import scenario, year
from twin.equipment import EquipmentPath
from twin.states import UnitState

P, S, F, R = UnitState.PRODUCING, UnitState.STARVED, UnitState.FAILED, UnitState.REPAIR
OFF, SETUP = UnitState.OFF_SHIFT, UnitState.SETUP


def log(*changes: tuple[float, UnitState] | tuple[float, UnitState, str]) -> UnitLog:
    unit = UnitLog()
    for time, state, *why in changes:
        unit.state_s.append(time)
        unit.states.append(state)
        unit.causes.append(why[0] if why else "")
    return unit


def completed(unit: UnitLog, *parts: tuple[float, str]) -> UnitLog:
    for time, item in parts:
        unit.part_s.append(time)
        unit.parts.append(Made(item, 1, 0, 0))
    return unit


def test_an_operation_is_the_time_in_producing() -> None:
    unit = log((0, P), (10, S), (25, P), (28, F, "jam"), (60, P), (67, OFF), (90, P), (100, S))
    completed(unit, (10, "a"), (35 + 32, "a"), (100, "b"))
    found = observed.operations(unit, 100)
    assert found["a"].seen.tolist() == [3 + 7]
    assert found["b"].seen.tolist() == [10]


def test_setups_belong_to_the_change_of_item() -> None:
    unit = log((0, P), (10, SETUP), (14, F, "jam"), (20, SETUP), (21, P), (30, P))
    completed(unit, (10, "a"), (30, "b"), (40, "b"))
    assert {change: times.seen.tolist() for change, times in observed.setups(unit, 40).items()} == {"a>b": [5.0]}


def test_a_repair_seen_in_part_is_cut_off() -> None:
    unit = log((0, P), (10, F, "jam"), (15, OFF), (50, F, "jam"), (55, P), (80, F, "jam"), (84, OFF), (99, P), (130, S))
    downs = observed.outages(unit, "jam", 140)
    assert downs == [ObservedOutage(10, 55, 55), ObservedOutage(80, None, 84)]
    times = observed.repairs(unit, downs, False, 140)
    assert (times.seen.tolist(), times.cut.tolist()) == ([45], [4])
    life = observed.lives(unit, downs, "operating", 140)
    assert life.seen.tolist() == [25]
    assert life.cut.tolist() == []


def test_a_crew_repairs_only_while_it_works() -> None:
    unit = log((0, P), (10, F, "jam"), (20, R, "jam"), (25, F, "jam"), (40, R, "jam"), (47, P))
    downs = observed.outages(unit, "jam", 60)
    assert observed.repairs(unit, downs, True, 60).seen.tolist() == [12]
    assert observed.repairs(unit, downs, False, 60).seen.tolist() == [37]


def test_lives_are_measured_on_their_clock() -> None:
    unit = log((0, F, "jam"), (5, P), (15, S), (25, OFF), (45, P), (50, F, "jam"), (52, P), (60, S))
    downs = observed.outages(unit, "jam", 70)
    operating, calendar = (observed.lives(unit, downs, basis, 70) for basis in ("operating", "calendar"))
    assert (operating.seen.tolist(), operating.cut.tolist()) == ([15], [8])
    assert (calendar.seen.tolist(), calendar.cut.tolist()) == ([25], [18])


def test_lives_in_cycles_are_counted_and_broken_operations_left_out() -> None:
    unit = log((0, P), (25, F, "jam"), (30, P), (65, F, "jam"), (70, P), (100, S))
    completed(unit, (10, "a"), (20, "a"), (40, "a"), (50, "a"), (60, "a"), (80, "a"), (90, "a"))
    downs = observed.outages(unit, "jam", 100)
    counted = observed.lives(unit, downs, "cycles", 100)
    assert (counted.seen.tolist(), counted.cut.tolist()) == ([3], [2])
    whole = observed.operations(unit, 100, [down.begin_s for down in downs])
    assert whole["a"].seen.tolist() == [10, 10, 10, 10]


@pytest.mark.parametrize(("name", "mode"), [("saw", "blade"), ("mill", "spindle"), ("pack", "tape")])
def test_states_alone_tell_the_same_as_alarms(name: str, mode: str) -> None:
    unit = year().units[f"acme/north/hall/line/{name}"]
    assert scenario().name == "line"
    by_alarms = observed.outages(unit, mode, year().end_s)
    by_states = observed._by_states(unit, mode, year().end_s)
    starts = {down.begin_s for down in by_alarms}
    assert sum(down.begin_s in starts for down in by_states) >= 0.95 * len(by_alarms)
    np.testing.assert_allclose(
        observed.lives(unit, by_states, "operating", year().end_s).seen.mean(),
        observed.lives(unit, by_alarms, "operating", year().end_s).seen.mean(),
        rtol=0.06,
    )
    assert EquipmentPath(f"acme/north/hall/line/{name}").name == name


def test_minor_stops_that_a_crew_ends_count_by_the_work_of_the_crew() -> None:
    stops = UnitLog(
        state_s=[0.0, 100.0, 220.0, 400.0, 490.0],
        states=[
            UnitState.PRODUCING,
            UnitState.MINOR_STOP,
            UnitState.PRODUCING,
            UnitState.MINOR_STOP,
            UnitState.PRODUCING,
        ],
        causes=["", "jam", "", "jam", ""],
    )
    crew = UnitLog(
        state_s=[0.0, 100.0, 130.0, 220.0, 400.0, 490.0],
        states=[
            UnitState.IDLE_NO_ORDER,
            UnitState.SETUP,
            UnitState.PRODUCING,
            UnitState.IDLE_NO_ORDER,
            UnitState.PRODUCING,
            UnitState.IDLE_NO_ORDER,
        ],
        causes=["", "a/b/c/d/m", "a/b/c/d/m", "", "a/b/c/d/m", ""],
    )
    downs = observed.outages(stops, "jam", 600.0)
    worked = observed.attended({"a/b/c/crew/w": crew}, "a/b/c/d/m", downs)
    assert worked is not None
    assert worked.tolist() == [90.0, 90.0]
    assert observed.repairs(stops, downs, False, 600.0, worked).seen.tolist() == [90.0, 90.0]
    assert observed.attended({"a/b/c/d/other": stops}, "a/b/c/d/m", downs) is None
