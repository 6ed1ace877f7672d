"""From a unit's records to durations: how long operations, setups, lives and repairs took.

An operation is the time in PRODUCING between two completions, so waiting, failures, breaks and setups are
not in it. A life is measured on the clock it is defined on; the first of a log has an unknown age and is left
out, the last is cut off by the end of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.calibrate.events import UnitLog
from scenarios.calibrate.families import Durations
from twin.states import UnitState

Floats = NDArray[np.float64]
DOWN = frozenset({UnitState.FAILED, UnitState.REPAIR, UnitState.MINOR_STOP})
AWAY = frozenset({UnitState.OFF_SHIFT, UnitState.PLANNED_BREAK})
NO_TIME = 1e-9


def durations(seen: Iterable[float], cut: Iterable[float] = ()) -> Durations:
    """Durations from two sequences."""
    return Durations(np.array(list(seen), dtype=float), np.array([each for each in cut if each > 0], dtype=float))


class StateClock:
    """Time that a unit has spent in some states so far.

    Args:
        log: Records of the unit.
        states: States in which the clock runs.
        end_s: End of the log.
    """

    def __init__(self, log: UnitLog, states: Iterable[UnitState], end_s: float):
        running = frozenset(states)
        self._times = np.array([*log.state_s, max(end_s, log.state_s[-1])] if log.state_s else [0.0, end_s])
        runs = np.array([state in running for state in log.states] or [False])
        self._so_far = np.concatenate([[0.0], np.cumsum(np.diff(self._times) * runs)])

    def at(self, times: Sequence[float] | Floats) -> Floats:
        """Reading of the clock at some times."""
        return np.asarray(np.interp(np.asarray(times, dtype=float), self._times, self._so_far))


@dataclass(frozen=True, slots=True)
class ObservedOutage:
    """A time for which a unit was down; ``end_s`` is None when its end was not seen, then ``until_s`` counts."""

    begin_s: float
    end_s: float | None
    until_s: float


def one_by_one(log: UnitLog) -> bool:
    """Whether completions are of one part each, at times of their own."""
    single = all(part.good + part.scrap + part.rework == 1 for part in log.parts)
    return single and len(set(log.part_s)) == len(log.part_s)


def operations(log: UnitLog, end_s: float, broken_at: Sequence[float] = ()) -> dict[str, Durations]:
    """Times of operations by item of a unit that works on one part at a time.

    Args:
        log: Its records.
        end_s: End of the log.
        broken_at: Times at which an operation was broken off for good: it is left out, and what followed instead.
    """
    clock = StateClock(log, [UnitState.PRODUCING], end_s)
    spent = np.diff(clock.at(log.part_s))
    breaks = np.diff(np.searchsorted(np.sort(np.asarray(broken_at, dtype=float)), log.part_s, side="right"))
    found: dict[str, list[float]] = {}
    for part, time, broken in zip(log.parts[1:], spent.tolist(), breaks.tolist(), strict=True):
        if not broken:
            found.setdefault(part.item, []).append(time)
    return {item: durations(times) for item, times in found.items()}


def setups(log: UnitLog, end_s: float) -> dict[str, Durations]:
    """Times of setups by change, ``from>to`` of the items that were completed before and after."""
    clock = StateClock(log, [UnitState.SETUP], end_s)
    spent = np.diff(clock.at(log.part_s))
    found: dict[str, list[float]] = {}
    for before, after, time in zip(log.parts, log.parts[1:], spent.tolist(), strict=False):
        if time > NO_TIME:
            found.setdefault(f"{before.item}>{after.item}", []).append(time)
    return {change: durations(times) for change, times in found.items()}


def outages(log: UnitLog, cause: str, end_s: float) -> list[ObservedOutage]:
    """Times for which a unit was down for a cause: by its alarms where it has them, else by its states."""
    if any(code == cause for code, _ in log.alarms):
        return _by_alarms(log, cause, end_s)
    return _by_states(log, cause, end_s)


def _by_alarms(log: UnitLog, cause: str, end_s: float) -> list[ObservedOutage]:
    found = []
    begun: float | None = None
    for time, (code, raised) in zip(log.alarm_s, log.alarms, strict=True):
        if code != cause:
            continue
        if raised and begun is None:
            begun = time
        elif not raised and begun is not None:
            found.append(ObservedOutage(begun, time, time))
            begun = None
    return found if begun is None else [*found, ObservedOutage(begun, None, end_s)]


def _by_states(log: UnitLog, cause: str, end_s: float) -> list[ObservedOutage]:
    """From states: repairs go on outside shifts, where they are not seen; one that ends there was seen in part."""
    found = []
    begun: float | None = None
    away: float | None = None
    for time, state, why in zip(log.state_s, log.states, log.causes, strict=True):
        if state in DOWN and why == cause:
            begun, away = time if begun is None else begun, None
        elif begun is not None and state in AWAY:
            away = time if away is None else away
        elif begun is not None:
            found.append(ObservedOutage(begun, time, time) if away is None else ObservedOutage(begun, None, away))
            begun = away = None
    return found if begun is None else [*found, ObservedOutage(begun, None, end_s if away is None else away)]


def causes(log: UnitLog) -> list[str]:
    """Causes for which a unit was down, in the order of their names."""
    return sorted({why for state, why in zip(log.states, log.causes, strict=True) if state in DOWN})


class Counter:
    """Operations completed so far.

    Args:
        log: Records of the unit.
    """

    def __init__(self, log: UnitLog):
        self._times = log.part_s
        made = [part.good + part.scrap + part.rework for part in log.parts]
        self._so_far = np.concatenate([[0], np.cumsum(made)]).astype(float)

    def at(self, times: Sequence[float] | Floats) -> Floats:
        """Number of operations up to some times."""
        return self._so_far[np.searchsorted(self._times, times, side="right")]


def clock_of(log: UnitLog, basis: str, end_s: float) -> StateClock | Counter:
    """What a life is measured on: operating time, time in service, or operations."""
    if basis == "cycles":
        return Counter(log)
    states = set(UnitState) - {UnitState.OFF_SHIFT} if basis == "calendar" else {UnitState.PRODUCING}
    return StateClock(log, states, end_s)


def lives(log: UnitLog, downs: Sequence[ObservedOutage], basis: str, end_s: float) -> Durations:
    """Lives from the end of a repair to the next failure, in s or, on the basis of cycles, in operations."""
    clock = clock_of(log, basis, end_s)
    begins = clock.at([down.begin_s for down in downs])
    ends = clock.at([down.until_s for down in downs])
    last = [] if not downs or downs[-1].end_s is None else [float(clock.at([end_s])[0] - ends[-1])]
    lengths = begins[1:] - ends[:-1]
    if basis == "cycles" and len(lengths) and np.ptp(lengths) > 0:
        lengths = lengths - 0.5  # it fails at the end of the operation in which its life ends
    return durations(lengths.tolist(), last)


def named(unit: str, path: str) -> str:
    """How a unit is called in the records of another: by its id within the line, else by its path."""
    line, _, name = unit.rpartition("/")
    return name if path.rpartition("/")[0] == line else unit


def attended(helpers: Mapping[str, UnitLog], unit: str, downs: Sequence[ObservedOutage]) -> Floats | None:
    """Time for which somebody worked at a unit in each of its outages, in s; None when nobody's records tell."""
    spans = sorted(
        (begin, end)
        for path, log in helpers.items()
        for begin, end, state, why in zip(log.state_s, [*log.state_s[1:], np.inf], log.states, log.causes, strict=True)
        if state is UnitState.PRODUCING and why in {unit, named(unit, path)}
    )
    if not spans:
        return None
    begins, ends = np.array(spans).T
    before = np.concatenate([[0.0], np.cumsum(np.minimum(ends, begins.max() + 1e12) - begins)])

    def until(times: list[float]) -> Floats:
        last = np.searchsorted(begins, times, side="right") - 1
        return np.where(last < 0, 0.0, before[last] + np.minimum(times, ends[last]) - begins[last])

    return until([down.until_s for down in downs]) - until([down.begin_s for down in downs])


def repairs(
    log: UnitLog, downs: Sequence[ObservedOutage], crewed: bool, end_s: float, worked: Floats | None = None
) -> Durations:
    """Times of repairs; of those done by a crew only the time for which it worked.

    Args:
        log: Records of the unit.
        downs: Its outages.
        crewed: Whether a crew repairs, which shows as REPAIR.
        end_s: End of the log.
        worked: Time for which the crew worked in each outage, where the states of the unit do not show it.
    """
    if worked is not None:
        spent = worked
    elif crewed:
        clock = StateClock(log, [UnitState.REPAIR], end_s)
        spent = clock.at([down.until_s for down in downs]) - clock.at([down.begin_s for down in downs])
    else:
        spent = np.array([down.until_s - down.begin_s for down in downs])
    ended = [down.end_s is not None for down in downs]
    return durations(spent[ended].tolist(), spent[np.logical_not(ended)].tolist() if downs else [])
