"""Which shifts a calendar has on which days, and what it plans for every moment.

A shift belongs to the local day on which it starts, whose date and weekday decide whether it does. Shifts may pass
midnight and overlap; time in several of them is planned once, and a break counts wherever it lies in a shift.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from twin.master import CalendarMaster, PlaceMaster, RotationMaster, ShiftMaster
from twin.zone import DAY_NS, NS, Zone

ON, PAUSE, OFF = 0, 1, 2
"""Planned to be busy, a planned break, outside all shifts."""
DAY_0 = date(1970, 1, 1).toordinal()
Calendar = CalendarMaster | PlaceMaster
Pieces = Sequence[tuple[int, int, int]]
"""Pieces of a span: begin, end in ns, and what was planned."""


class Turn(NamedTuple):
    """One shift of one day, with its breaks as (begin, end); all in ns since 1970 UTC."""

    start_ns: int
    end_ns: int
    breaks: tuple[tuple[int, int], ...] = ()


def shifts_of(calendar: Calendar, day: int) -> Sequence[ShiftMaster]:
    """Shifts that start on a day.

    Args:
        calendar: The calendar.
        day: Days since 1970.
    """
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    if calendar.exceptions:
        name = date.fromordinal(DAY_0 + day).isoformat()
        for one in reversed(calendar.exceptions):
            if _within(one.first, one.last, name):
                return one.shifts if one.like is None else _usual(calendar, one.like)
    return _usual(calendar, weekday) if _at_work(calendar.rotation, day) else ()


def _usual(calendar: Calendar, weekday: int) -> Sequence[ShiftMaster]:
    return [one for one in calendar.shifts if weekday in (calendar.days if one.days is None else one.days)]


def _within(first: str, last: str, name: str) -> bool:
    name = name[-len(first) :]
    return first <= name <= last if first <= last else name >= first or name <= last


def _at_work(rotation: RotationMaster | None, day: int) -> bool:
    if rotation is None:
        return True
    since = day - (date.fromisoformat(rotation.first).toordinal() - DAY_0)
    return since % (rotation.work + rotation.rest) < rotation.work


def turns(calendar: Calendar, zone: Zone, after_ns: int, to_ns: int) -> Iterator[Turn]:
    """Shifts of a calendar that end after one time and start before another; those of no length are left out."""
    if not calendar.shifts and not calendar.exceptions:
        return
    for day in range(zone.local_ns(after_ns) // DAY_NS - 2, zone.local_ns(to_ns) // DAY_NS + 2):
        for shift in shifts_of(calendar, day):
            turn = _turn(zone, day * DAY_NS, shift)
            if after_ns < turn.end_ns and turn.start_ns < min(to_ns, turn.end_ns):
                yield turn


def _turn(zone: Zone, midnight: int, shift: ShiftMaster) -> Turn:
    start, end = _span(zone, midnight, shift.start_s, shift.duration_s)
    return Turn(start, end, tuple(_span(zone, midnight, *each) for each in shift.breaks))


def _span(zone: Zone, midnight: int, start_s: float, length_s: float) -> tuple[int, int]:
    start = midnight + round(start_s * NS)
    return zone.utc_ns(start), zone.utc_ns(start + round(length_s * NS))


def planned(calendar: Calendar, zone: Zone, t0_ns: int, t1_ns: int) -> Pieces:
    """What a calendar plans for a span, piece by piece; breaks win over the shifts around them."""
    steps: list[tuple[int, int, int]] = [(t0_ns, ON, 0), (t1_ns, ON, 0)]
    for turn in turns(calendar, zone, t0_ns, t1_ns):
        for kind, (begin, end) in ((ON, turn[:2]), *((PAUSE, each) for each in turn.breaks)):
            begin, end = max(begin, t0_ns), min(end, t1_ns)
            if begin < end:
                steps += [(begin, kind, 1), (end, kind, -1)]
    return _joined(sorted(steps))


def _joined(steps: Sequence[tuple[int, int, int]]) -> Pieces:
    """Pieces between steps (time, kind, up or down), with neighbours of the same phase as one."""
    depth = [0, 0]
    found: list[tuple[int, int, int]] = []
    begin = steps[0][0]
    for time, kind, step in steps:
        phase = PAUSE if depth[PAUSE] else ON if depth[ON] else OFF
        if time > begin:
            if found and found[-1][2] == phase:
                begin = found.pop()[0]
            found.append((begin, time, phase))
            begin = time
        depth[kind] += step
    return found
