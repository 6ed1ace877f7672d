"""Shift calendars: computed, never ticked."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from typing import Protocol

from twin.config import BreakConfig, CalendarConfig, ShiftConfig
from twin.day_pattern import DAY_S, seconds, since_midnight_s
from twin.sim.kernel import CALENDAR, Kernel

WEEK_S = 604_800.0
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ON, PAUSE, CLOSED = 0, 1, 2
"""On shift, on a planned break, outside all shifts."""


def since_start(shift: ShiftConfig, pause: BreakConfig) -> float:
    """Seconds from the start of a shift to one of its breaks, which may lie after midnight."""
    return (seconds(pause.start) - seconds(shift.start)) % DAY_S


def _spans(config: CalendarConfig) -> list[tuple[float, float, int]]:
    """Shifts and breaks of two weeks as (start, end, phase), so that those over Sunday midnight are there."""
    spans = []
    for day in range(-7, 7):
        if DAYS[day % 7] not in config.days:
            continue
        for shift in config.shifts:
            start = day * DAY_S + seconds(shift.start)
            spans.append((start, start + shift.duration, ON))
            for pause in shift.breaks:
                since = since_start(shift, pause)
                spans.append((start + since, start + since + pause.duration, PAUSE))
    return spans


def _phase(spans: list[tuple[float, float, int]], time: float) -> int:
    inside = [phase for start, end, phase in spans if start <= time < end]
    return max(inside) if inside else CLOSED


class Calendar:
    """A weekly calendar on simulated time.

    Local time is that of the epoch's offset; there is no daylight saving.

    Args:
        config: Shifts and breaks.
        epoch: Local time at simulated second 0.

    >>> day = CalendarConfig.model_validate({"shifts": [{"id": "day", "start": "08:00", "duration": "8 h"}]})
    >>> calendar = Calendar(day, datetime.fromisoformat("2026-01-05T07:00+08:00"))
    >>> calendar.at(0.0), calendar.at(3600.0)
    ((2, 3600.0), (0, 32400.0))
    """

    def __init__(self, config: CalendarConfig, epoch: datetime):
        self._origin = epoch.weekday() * DAY_S + since_midnight_s(epoch)
        spans = _spans(config)
        edges = sorted({edge % WEEK_S for start, end, _ in spans for edge in (start, end)})
        phases = [_phase(spans, edge) for edge in edges]
        real = [i for i in range(len(edges)) if phases[i] != phases[i - 1]]
        self._edges = [edges[i] for i in real]
        self._phases = [phases[i] for i in real] or [phases[0]]

    def at(self, sim_s: float) -> tuple[int, float | None]:
        """Phase at a time and the next boundary in simulated s; None when there is none."""
        if not self._edges:
            return self._phases[0], None
        weeks, time = divmod(sim_s + self._origin, WEEK_S)
        index = bisect_right(self._edges, time)
        following = self._edges[index] if index < len(self._edges) else self._edges[0] + WEEK_S
        return self._phases[index - 1], weeks * WEEK_S + following - self._origin


class ShiftStarts:
    """When the shifts of a weekly calendar begin, on simulated time.

    Args:
        config: The shifts; there is at least one.
        epoch: Local time at simulated second 0.

    >>> day = CalendarConfig.model_validate({"shifts": [{"id": "day", "start": "08:00", "duration": "8 h"}]})
    >>> starts = ShiftStarts(day, datetime.fromisoformat("2026-01-05T07:00+08:00"))
    >>> starts.last(3600.0), starts.next(3600.0)
    (3600.0, 90000.0)
    """

    def __init__(self, config: CalendarConfig, epoch: datetime):
        self._origin = epoch.weekday() * DAY_S + since_midnight_s(epoch)
        spans = _spans(config)
        self._starts = sorted({start % WEEK_S for start, _, phase in spans if phase == ON})

    def _from(self, sim_s: float, more: int) -> float:
        weeks, time = divmod(sim_s + self._origin, WEEK_S)
        more_weeks, index = divmod(bisect_right(self._starts, time) + more, len(self._starts))
        return (weeks + more_weeks) * WEEK_S + self._starts[index] - self._origin

    def last(self, sim_s: float) -> float:
        """The latest begin of a shift that is not after a time."""
        return self._from(sim_s, -1)

    def next(self, sim_s: float) -> float:
        """The first begin of a shift after a time."""
        return self._from(sim_s, 0)


class Member(Protocol):
    """What follows a calendar."""

    def shift(self, phase: int) -> None:
        """The phase is now ``phase``."""


class CalendarClock:
    """Tells the units of one calendar about its boundaries; one pending entry."""

    def __init__(self, calendar: Calendar, kernel: Kernel):
        self.calendar, self.kernel = calendar, kernel
        self.members: list[Member] = []

    def tell(self) -> None:
        """Tell all members the phase of now and wait for the next boundary."""
        phase, following = self.calendar.at(self.kernel.now)
        for member in self.members:
            member.shift(phase)
        if following is not None:
            self.kernel.at(following, self.tell, CALENDAR)
