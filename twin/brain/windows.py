"""Windows of time: hours, shifts and days of local time, and the running window.

Days are from midnight to midnight: of 23 or 25 hours where the clock is changed. Hours begin where the clock shows a
full hour, and where it is changed; an hour that comes twice is two windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from twin.kpi.amounts import NS_PER_H
from twin.master import PlaceMaster
from twin.shift_plan import turns
from twin.zone import Zone, grid

DAY_NS = 24 * NS_PER_H
LONGEST_OPERATION_NS = 31 * DAY_NS
"""What began earlier before its end is no operation."""
LIVE = "live"
LONGEST_NS = 2 * DAY_NS
"""No window is longer."""
LENGTHS = {"hour": NS_PER_H, "day": DAY_NS}
SPREADS = {"hour": NS_PER_H, "day": LONGEST_NS}
"""Longest that one can be."""


class Window(NamedTuple):
    """A closed-open span ``[t0_ns, t1_ns)`` and its kind: hour, shift, day or live."""

    kind: str
    t0_ns: int
    t1_ns: int

    @property
    def length_ns(self) -> int:
        """Length."""
        return self.t1_ns - self.t0_ns


def regular(kind: str, zone: Zone, after_ns: int, to_ns: int) -> Iterator[Window]:
    """Hours or days of local time that end in ``(after_ns, to_ns]``.

    Args:
        kind: ``hour`` or ``day``.
        zone: The local time.
        after_ns: Ends up to this are left out.
        to_ns: Last possible end.

    >>> [w.t1_ns // 3600_000_000_000 for w in regular("hour", Zone(), 0, 2 * 3600_000_000_000)]
    [1, 2]
    """
    for begin, end in pairwise(grid(zone, LENGTHS[kind], after_ns - SPREADS[kind], to_ns)):
        if after_ns < end:
            yield Window(kind, begin, end)


def overlapping(window: Window, zone: Zone, other: Zone) -> Iterator[Window]:
    """Hours or days of another local time that share time with one of a local time."""
    if zone is other:
        yield window
        return
    kind, t0_ns, t1_ns = window
    found = regular(kind, other, t0_ns, t1_ns + SPREADS[kind])
    yield from (one for one in found if one.t0_ns < t1_ns)


def shifts(place: PlaceMaster, after_ns: int, to_ns: int) -> Iterator[Window]:
    """Shifts of a line's calendar that end in ``(after_ns, to_ns]``, in order of their end; equal ones once."""
    found = {Window("shift", turn.start_ns, turn.end_ns) for turn in turns(place, place.clock, after_ns, to_ns)}
    yield from sorted((one for one in found if one.t1_ns <= to_ns), key=lambda window: (window.t1_ns, window.t0_ns))
