"""Windows of time: hours, shifts and days of local time, and the running window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from twin.kpi.amounts import NS_PER_H, NS_PER_S
from twin.master import PlaceMaster

DAY_NS = 24 * NS_PER_H
LIVE = "live"
LONGEST_NS = 2 * DAY_NS
"""No window is longer."""
LENGTHS = {"hour": NS_PER_H, "day": DAY_NS}


class Window(NamedTuple):
    """A closed-open span ``[t0_ns, t1_ns)`` and its kind: hour, shift, day or live."""

    kind: str
    t0_ns: int
    t1_ns: int

    @property
    def length_ns(self) -> int:
        """Length."""
        return self.t1_ns - self.t0_ns


def regular(kind: str, offset_s: float, after_ns: int, to_ns: int) -> Iterator[Window]:
    """Hours or days of local time that end in ``(after_ns, to_ns]``.

    Args:
        kind: ``hour`` or ``day``.
        offset_s: Offset of local time from UTC in s.
        after_ns: Ends up to this are left out.
        to_ns: Last possible end.

    >>> [w.t1_ns // 3600_000_000_000 for w in regular("hour", 0.0, 0, 2 * 3600_000_000_000)]
    [1, 2]
    """
    length, offset = LENGTHS[kind], round(offset_s * NS_PER_S)
    for number in range((after_ns + offset) // length + 1, (to_ns + offset) // length + 1):
        end = number * length - offset
        yield Window(kind, end - length, end)


class Turn(NamedTuple):
    """One shift of one day, with its breaks as (begin, end); all in ns since 1970 UTC."""

    start_ns: int
    end_ns: int
    breaks: tuple[tuple[int, int], ...] = ()


def turns(place: PlaceMaster, after_ns: int, to_ns: int) -> Iterator[Turn]:
    """Shifts of a calendar that end after one time and start before another."""
    if not place.shifts:
        return
    offset = round(place.utc_offset_s * NS_PER_S)
    for day in range((after_ns + offset) // DAY_NS - 2, (to_ns + offset) // DAY_NS + 1):
        if (day + 3) % 7 not in place.days:  # 1970-01-01 was a Thursday
            continue
        for shift in place.shifts:
            midnight = day * DAY_NS - offset
            start = midnight + round(shift.start_s * NS_PER_S)
            end = start + round(shift.duration_s * NS_PER_S)
            if after_ns < end and start < to_ns:
                yield Turn(start, end, tuple(_break(midnight, each) for each in shift.breaks))


def _break(midnight_ns: int, pause: tuple[float, float]) -> tuple[int, int]:
    begin = midnight_ns + round(pause[0] * NS_PER_S)
    return begin, begin + round(pause[1] * NS_PER_S)


def shifts(place: PlaceMaster, after_ns: int, to_ns: int) -> Iterator[Window]:
    """Shifts of a line's calendar that end in ``(after_ns, to_ns]``, in order of their end."""
    found = [Window("shift", turn.start_ns, turn.end_ns) for turn in turns(place, after_ns, to_ns)]
    yield from sorted((one for one in found if one.t1_ns <= to_ns), key=lambda window: window.t1_ns)
