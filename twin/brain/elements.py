"""From time in states to the time elements of the indicators: of machines, of people, of fixtures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twin.brain.logs import CODES, WITH_ORDER
from twin.brain.plan import BEHAVIOUR, OFF, ON, PAUSE
from twin.kpi.observed import COLUMN, INTS
from twin.kpi.time_model import MAINTENANCE, TIME_FIELDS
from twin.states import STATES, UnitState, time_element

ABLE = (UnitState.PRODUCING, UnitState.STARVED, UnitState.BLOCKED, UnitState.IDLE_NO_ORDER)
WAITING = {UnitState.STARVED: "starved_ns", UnitState.BLOCKED: "blocked_ns"}
PERSONNEL = ("apwt_ns", "people_way_ns", "apat_ns", "people_known_ns", "people_span_ns")
"""Work, way to work, attendance, known and whole time of workers."""
FIXTURES = ("things_used_ns", "things_ready_ns", "things_known_ns", "things_span_ns")
"""Use, service, known and whole time of fixtures."""
UNRATED = [COLUMN[f"unrated_{name}_ns"] for name in ("apt", "aupt", "pbt", "known")]
PBT = [COLUMN[name] for name in ("apt_ns", "aust_ns", "adet_ns", "adot_ns")]
OUTSIDE = [COLUMN["planned_down_ns"], COLUMN["outside_ns"]]


def _columns(state: UnitState, has_order: bool) -> list[str]:
    names = [TIME_FIELDS[time_element(state, has_order)]]
    names += [MAINTENANCE[state]] if state in MAINTENANCE else []
    names += [WAITING[state]] if state in WAITING else []
    return names + (["able_ns"] if state in ABLE else [])


def _planned(state: UnitState, has_order: bool) -> list[str]:
    """In time planned to be busy: neither a break nor the end of a shift is what was planned."""
    return ["adot_ns"] if state in (UnitState.OFF_SHIFT, UnitState.PLANNED_BREAK) else _columns(state, has_order)


def _unplanned(state: UnitState, element: str) -> list[str]:
    """Outside planned time: work is overtime, all else is as planned."""
    maintenance = [MAINTENANCE[state]] if state in MAINTENANCE else []
    if state in (UnitState.PRODUCING, UnitState.SETUP):
        able = ["able_ns"] if state in ABLE else []
        return [*_columns(state, True)[:1], "overtime_ns", *able]
    return [element if state is not UnitState.UNKNOWN else "unknown_ns", *maintenance]


def _mapping(columns: Callable[[UnitState, bool], list[str]]) -> NDArray[np.int64]:
    matrix = np.zeros((CODES, len(INTS)), dtype=np.int64)
    for state in STATES:
        for has_order in (False, True):
            for name in columns(state, has_order):
                matrix[state + WITH_ORDER * has_order, COLUMN[name]] = 1
    return matrix


MAPPING = _mapping(_columns)
"""Columns of ``Observed`` that one ns in each code adds to where nothing is planned, int64[CODES, INTS]."""
BY_PLAN = {
    ON: _mapping(_planned),
    PAUSE: _mapping(lambda state, _: _unplanned(state, "planned_down_ns")),
    OFF: _mapping(lambda state, _: _unplanned(state, "outside_ns")),
    BEHAVIOUR: MAPPING,
}
"""The same by what was planned."""


def attend(ints: NDArray[np.int64], people: list[int]) -> None:
    """Fill in the account of workers: at work while producing, present outside breaks and off shift.

    Args:
        ints: Quantities by unit, int64[units, INTS].
        people: Rows of the workers.
    """
    if people:
        rows = ints[people]
        account = (rows[:, COLUMN["apt_ns"]], rows[:, COLUMN["aust_ns"]], *_presence(rows))
        ints[np.ix_(people, [COLUMN[name] for name in PERSONNEL])] = np.stack(account, axis=1)


def use(ints: NDArray[np.int64], fixtures: list[int]) -> None:
    """Fill in the account of fixtures: in use while producing, in service outside breaks and off shift.

    Args:
        ints: Quantities by unit, int64[units, INTS].
        fixtures: Rows of the fixtures.
    """
    if fixtures:
        rows = ints[fixtures]
        account = (rows[:, COLUMN["apt_ns"]] + rows[:, COLUMN["aust_ns"]], *_presence(rows))
        ints[np.ix_(fixtures, [COLUMN[name] for name in FIXTURES])] = np.stack(account, axis=1)


def _presence(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Time outside breaks and off shift, known time, all time."""
    present = rows[:, PBT].sum(axis=1)
    known = present + rows[:, OUTSIDE].sum(axis=1)
    return present, known, known + rows[:, COLUMN["unknown_ns"]]


def unrate(row: NDArray[np.int64]) -> None:
    """Mark the times of a unit of which it is not known for how long it should have run for what it made.

    Args:
        row: Quantities of the unit, int64[INTS].
    """
    busy = int(row[PBT].sum())
    planned = busy - int(row[COLUMN["overtime_ns"]])
    apt = int(row[COLUMN["apt_ns"]])
    row[UNRATED] = (apt, apt + int(row[COLUMN["aust_ns"]]), planned, busy + int(row[OUTSIDE].sum()))
