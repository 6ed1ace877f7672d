"""Planned run time, spread over the time in which it was earned.

An operation is counted when it is completed, but its planned time belongs to all the time in which the unit worked on
it: otherwise a batch of four hours is earned in the hour in which it ends. So the planned time of what was completed
is divided over the PRODUCING time between its begin and its completion. Where a record does not say when it began, it
is taken to have begun with the completion before it, which is exact for a unit that does one thing after the other.
An operation in which the unit was never PRODUCING counts at its completion.

Source: own design; it keeps OEE = PRI x GQ / PBT of windows of whole operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from twin.brain.logs import PartLog
from twin.brain.unit import Unit

Producing = Callable[[int, int], int]
"""Time of PRODUCING in a span in ns."""


class Spread(NamedTuple):
    """What spreading changes in a window.

    Args:
        produced_s: Planned time of what was produced, to be added.
        good_s: The same of what was good.
        open_ns: PRODUCING time in the window whose operation is not known to be completed.
    """

    produced_s: float = 0.0
    good_s: float = 0.0
    open_ns: int = 0


def spread(unit: Unit, t0_ns: int, t1_ns: int, producing: Producing) -> Spread:
    """What belongs to a window beyond what was completed in it.

    Args:
        unit: The unit.
        t0_ns: Begin of the window.
        t1_ns: End.
        producing: When the unit was producing.
    """
    log = unit.parts
    produced_s = good_s = 0.0
    for index, begin, share in _crossing(log, t0_ns, t1_ns, producing):
        made_s, made_good_s = log.planned_s(index, unit.ideal_s)
        earned = share if begin else share - 1.0
        produced_s += earned * made_s
        good_s += earned * made_good_s
    return Spread(produced_s, good_s, _open_ns(unit, t0_ns, t1_ns, producing))


def _crossing(log: PartLog, t0_ns: int, t1_ns: int, producing: Producing) -> list[tuple[int, bool, float]]:
    """Operations over a boundary of the window: number, whether completed after it, share that belongs to it."""
    found: list[tuple[int, bool, float]] = []
    for index in log.crossing(t0_ns, t1_ns):
        start, end = log.start(index), log.times[index]
        whole = producing(start, end)
        if whole > 0:
            found.append((index, end >= t1_ns, producing(max(start, t0_ns), min(end, t1_ns)) / whole))
        elif end < t1_ns:
            found.append((index, False, 1.0))
    return found


def _open_ns(unit: Unit, t0_ns: int, t1_ns: int, producing: Producing) -> int:
    log = unit.parts
    if not log.open_at(t1_ns, unit.site.mark):
        return 0
    return producing(max(log.done_before(t1_ns), t0_ns), t1_ns)
