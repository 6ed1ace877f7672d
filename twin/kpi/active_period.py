"""The momentary bottleneck by active periods: which unit has been working longest without waiting.

A unit is active while it works, is set up, is down or under repair, and inactive while it waits for
material, room, an order or its shift. At any moment the bottleneck is the unit with the longest
active period. Where the periods of one bottleneck and the next overlap, it shifts between them;
where they do not, the unit is the sole bottleneck.

Source: Roser, Nakano and Tanaka 2002, Shifting bottleneck detection, Winter Simulation Conference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.states import UnitState

WAITING = (
    UnitState.UNKNOWN,
    UnitState.OFF_SHIFT,
    UnitState.PLANNED_BREAK,
    UnitState.IDLE_NO_ORDER,
    UnitState.STARVED,
    UnitState.BLOCKED,
)
"""States in which a unit is not active."""
_ACTIVE = np.array([state not in WAITING for state in UnitState])


@dataclass(frozen=True, slots=True)
class Periods:
    """Active periods of a unit, in order and apart from each other.

    Args:
        starts: Begins in s, float64[periods].
        ends: Ends in s, float64[periods].
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BottleneckTime:
    """How much of a window a unit was the bottleneck.

    Args:
        sole: Share of the window in which it alone was.
        shifting: Share in which the bottleneck shifted to it or from it.
    """

    sole: float = 0.0
    shifting: float = 0.0

    @property
    def total(self) -> float:
        """Both."""
        return self.sole + self.shifting


def active_periods(times: NDArray[np.float64], states: NDArray[np.int64], end: float) -> Periods:
    """Active periods from the changes of a unit's state.

    Args:
        times: When it entered each state, in order, s.
        states: Numbers of the states.
        end: When the last one ended.

    >>> found = active_periods(np.array([0.0, 2.0, 3.0, 5.0]), np.array([7, 6, 10, 8]), 9.0)
    >>> found.starts.tolist(), found.ends.tolist()
    ([2.0], [5.0])
    """
    active = np.concatenate(([False], _ACTIVE[states], [False]))
    edges = np.append(times, end)
    change = np.diff(active.astype(np.int8))
    starts, ends = edges[np.flatnonzero(change == 1)], edges[np.flatnonzero(change == -1)]
    real = ends > starts
    return Periods(starts[real], ends[real])


def bottlenecks(units: Sequence[Periods], t0: float, t1: float) -> list[tuple[tuple[int, ...], float, float]]:
    """The bottlenecks of a window one after the other.

    Returns:
        Numbers of the units, begin and end of their active period; several units where parallel ones
        have the very same period.
    """
    found: list[tuple[tuple[int, ...], float, float]] = []
    time = t0
    while time < t1:
        here = _at(units, time)
        if here:
            _, start, end = max(here, key=lambda period: period[2] - period[1])
            found.append((tuple(unit for unit, s, e in here if (s, e) == (start, end)), start, end))
            time = end
            continue
        ahead = [unit.starts[index] for unit in units if (index := _after(unit, time)) < len(unit.starts)]
        if not ahead:
            break
        time = float(min(ahead))
    return found


def _after(unit: Periods, time: float) -> int:
    return int(np.searchsorted(unit.starts, time, side="right"))


def _at(units: Sequence[Periods], time: float) -> list[tuple[int, float, float]]:
    """The active period of each unit at a time, if it has one."""
    found = []
    for number, unit in enumerate(units):
        index = _after(unit, time) - 1
        if index >= 0 and unit.ends[index] > time:
            found.append((number, float(unit.starts[index]), float(unit.ends[index])))
    return found


def shares(units: Sequence[Periods], t0: float, t1: float) -> list[BottleneckTime]:
    """Share of a window in which each unit was the bottleneck, alone or shifting.

    Args:
        units: Active periods by unit.
        t0: Begin of the window in s.
        t1: End.

    >>> one = Periods(np.array([0.0]), np.array([6.0]))
    >>> other = Periods(np.array([4.0]), np.array([10.0]))
    >>> [(share.sole, share.shifting) for share in shares([one, other], 0.0, 10.0)]
    [(0.4, 0.2), (0.4, 0.2)]
    """
    chain = bottlenecks(units, t0, t1)
    sole, shifting = np.zeros(len(units)), np.zeros(len(units))
    before = t0
    for place, (numbers, start, end) in enumerate(chain):
        after = chain[place + 1][1] if place + 1 < len(chain) else t1
        begin, finish = max(start, t0), min(end, t1)
        alone_from, alone_to = max(begin, before), min(finish, max(after, t0))
        alone = max(0.0, alone_to - alone_from)
        for unit in numbers:
            sole[unit] += alone / len(numbers)
            shifting[unit] += (finish - begin - alone) / len(numbers)
        before = finish
    span = t1 - t0
    return [BottleneckTime(float(a / span), float(b / span)) for a, b in zip(sole, shifting, strict=True)]
