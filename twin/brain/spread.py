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


class Worked(NamedTuple):
    """What a unit did in a span in ns.

    Args:
        producing: Time in PRODUCING.
        unknown: Time of which the state was not heard.
    """

    producing: int = 0
    unknown: int = 0


Work = Callable[[int, int], Worked]
"""What a unit did between two times."""


class Spread(NamedTuple):
    """What spreading changes in a window.

    Args:
        produced_s: Planned time of what was produced, to be added.
        good_s: The same of what was good.
        open_ns: PRODUCING time in the window whose operation is not known to be completed, or of whose operation it
            is not known how much of it lay in the window.
    """

    produced_s: float = 0.0
    good_s: float = 0.0
    open_ns: int = 0


class _Crossing(NamedTuple):
    """An operation over a boundary of the window.

    Args:
        row: Its number in the log.
        later: Whether it was completed after the window.
        share: Share of its planned time that belongs to the window.
        doubt_ns: PRODUCING time in the window, at least 1, when the share is not known: a part of the operation was
            not heard.
    """

    row: int
    later: bool
    share: float
    doubt_ns: int


def spread(unit: Unit, t0_ns: int, t1_ns: int, work: Work) -> Spread:
    """What belongs to a window beyond what was completed in it.

    Args:
        unit: The unit.
        t0_ns: Begin of the window.
        t1_ns: End.
        work: What the unit did.
    """
    log = unit.parts
    produced_s = good_s = 0.0
    open_ns = _open_ns(unit, t0_ns, t1_ns, work)
    for index, later, share, doubt_ns in _crossing(log, t0_ns, t1_ns, work, unit.vouched_ns):
        made_s, made_good_s = log.planned_s(index, unit.ideal_s)
        earned = share if later else share - 1.0
        produced_s += earned * made_s
        good_s += earned * made_good_s
        open_ns += doubt_ns if made_s else 0
    return Spread(produced_s, good_s, open_ns)


def _crossing(log: PartLog, t0_ns: int, t1_ns: int, work: Work, vouched_ns: int) -> list[_Crossing]:
    found: list[_Crossing] = []
    for index in log.crossing(t0_ns, t1_ns):
        start, end = log.start(index), log.times[index]
        whole, within = work(start, end), work(max(start, t0_ns), min(end, t1_ns)).producing
        doubtful = whole.unknown or end > vouched_ns  # not all of its states were heard
        doubt_ns = max(within, 1) if doubtful and (within or not whole.producing) else 0
        if whole.producing:
            found.append(_Crossing(index, end >= t1_ns, within / whole.producing, doubt_ns))
        elif end < t1_ns or doubt_ns:
            found.append(_Crossing(index, end >= t1_ns, float(end < t1_ns), doubt_ns))
    return found


def _open_ns(unit: Unit, t0_ns: int, t1_ns: int, work: Work) -> int:
    return work(max(unit.free_before(t1_ns), t0_ns), t1_ns).producing if unit.open_at(t1_ns) else 0
