"""Shift calendars: computed, never ticked."""

from __future__ import annotations

from bisect import bisect_right
from math import inf
from typing import Protocol

from twin.config.plant import BreakConfig, CalendarConfig, ExceptionConfig, ShiftConfig
from twin.day_pattern import DAY_S, seconds
from twin.engine.kernel import CALENDAR, Kernel
from twin.master import CalendarMaster, ExceptionMaster, RotationMaster, ShiftMaster
from twin.shift_plan import OFF, planned, turns
from twin.zone import DAY_NS, NS, Axis

WEEK_S = 604_800.0
WEEK_NS, MONDAY_NS = 7 * DAY_NS, 4 * DAY_NS
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = OFF
"""Outside all shifts; ``ON``: on shift, ``PAUSE``: on a planned break."""
LOOK_DAYS, FURTHEST_DAYS = 14, 3000
"""So many days are looked at at once, and at most; 29 February comes sooner."""


def since_start(shift: ShiftConfig, pause: BreakConfig) -> float:
    """Seconds from the start of a shift to one of its breaks, which may lie after midnight."""
    return (seconds(pause.start) - seconds(shift.start)) % DAY_S


def calendar_master(config: CalendarConfig) -> CalendarMaster:
    """A calendar as master data."""
    turn = config.rotation
    return CalendarMaster(
        days=tuple(DAYS.index(day) for day in config.days),
        shifts=tuple(_shift(each) for each in config.shifts),
        rotation=None if turn is None else RotationMaster(first=turn.first, work=turn.work, rest=turn.rest),
        exceptions=tuple(_exception(each) for each in config.exceptions),
    )


def _shift(config: ShiftConfig) -> ShiftMaster:
    """A shift; breaks count from the same midnight as its start, so those after midnight exceed a day."""
    start = seconds(config.start)
    breaks = tuple((start + since_start(config, each), each.duration) for each in config.breaks)
    days = None if config.days is None else tuple(DAYS.index(day) for day in config.days)
    return ShiftMaster(id=config.id, start_s=start, duration_s=config.duration, breaks=breaks, days=days)


def _exception(config: ExceptionConfig) -> ExceptionMaster:
    like = None if config.like is None else DAYS.index(config.like)
    shifts = tuple(_shift(each) for each in config.shifts)
    return ExceptionMaster(first=config.date, last=config.last or config.date, like=like, shifts=shifts)


class Calendar:
    """A calendar on simulated time.

    Args:
        config: Shifts and breaks, and when they are otherwise.
        axis: Simulated time and the local time along it.

    >>> from datetime import datetime
    >>> from twin.zone import local_axis
    >>> day = CalendarConfig.model_validate({"shifts": [{"id": "day", "start": "08:00", "duration": "8 h"}]})
    >>> calendar = Calendar(day, local_axis(datetime.fromisoformat("2026-01-05T07:00+08:00")))
    >>> calendar.at(0.0), calendar.at(3600.0)
    ((2, 3600.0), (0, 32400.0))
    """

    def __init__(self, config: CalendarConfig, axis: Axis):
        self.axis = axis
        self.master = calendar_master(config)
        self._from, self._to = 0.0, -1.0
        self._edges: list[float] = []
        self._phases: list[int] = []

    def at(self, sim_s: float) -> tuple[int, float | None]:
        """Phase at a time and the next boundary in simulated s; None when there is none."""
        if not self._from <= sim_s < self._to:
            self._look(sim_s)
        index = bisect_right(self._edges, sim_s)
        return self._phases[index], self._edges[index] if index < len(self._edges) else None

    def _look(self, sim_s: float) -> None:
        """Find the boundaries from a time on, at least the next one."""
        now = self.axis.moment_ns(sim_s)
        span = LOOK_DAYS * DAY_NS
        changing = self.master.rotation is not None or self.master.exceptions
        furthest = FURTHEST_DAYS * DAY_NS if changing else span
        while True:
            pieces = planned(self.master, self.axis.zone, now - DAY_NS, now + span)
            edges = [self.axis.seconds(begin) for begin, _, _ in pieces[1:]]
            if (edges and edges[-1] > sim_s) or span >= furthest:
                break
            span *= 8
        self._edges, self._phases = edges, [phase for _, _, phase in pieces]
        self._from = self.axis.seconds(now - DAY_NS)
        self._to = edges[-1] if edges and edges[-1] > sim_s else inf


def weekly(calendar: Calendar) -> tuple[float, list[float], list[int]]:
    """Boundaries of a calendar that is the same every week, where the clock is never changed.

    Returns:
        Simulated second 0 in s after the local midnight that began its week; the boundaries of a week in s after it;
        the phase from each of them on.
    """
    zone, origin = calendar.axis.zone, calendar.axis.origin_ns
    monday = zone.utc_ns((zone.local_ns(origin) - MONDAY_NS) // WEEK_NS * WEEK_NS + MONDAY_NS)
    pieces = planned(calendar.master, zone, monday - WEEK_NS, monday + WEEK_NS)
    inside = [(begin, phase) for begin, _, phase in pieces[1:] if begin >= monday]
    return (origin - monday) / NS, [(begin - monday) / NS for begin, _ in inside], [phase for _, phase in inside]


class ShiftStarts:
    """When the shifts of a calendar begin, on simulated time.

    Args:
        config: The shifts; there is at least one.
        axis: Simulated time and the local time along it.

    >>> from datetime import datetime
    >>> from twin.zone import local_axis
    >>> day = CalendarConfig.model_validate({"shifts": [{"id": "day", "start": "08:00", "duration": "8 h"}]})
    >>> starts = ShiftStarts(day, local_axis(datetime.fromisoformat("2026-01-05T07:00+08:00")))
    >>> starts.last(3600.0), starts.next(3600.0)
    (3600.0, 90000.0)
    """

    def __init__(self, config: CalendarConfig, axis: Axis):
        self.axis = axis
        self.master = calendar_master(config)
        self._last, self._next = inf, -inf

    def _look(self, sim_s: float) -> None:
        if self._last <= sim_s < self._next:
            return
        now = self.axis.moment_ns(sim_s)
        self._last, self._next = -inf, inf
        days = LOOK_DAYS
        while days <= FURTHEST_DAYS and (self._last == -inf or self._next == inf):
            found = turns(self.master, self.axis.zone, now - days * DAY_NS, now + days * DAY_NS)
            starts = [self.axis.seconds(turn.start_ns) for turn in found]
            self._last = max((start for start in starts if start <= sim_s), default=-inf)
            self._next = min((start for start in starts if start > sim_s), default=inf)
            days *= 8

    def last(self, sim_s: float) -> float:
        """The latest begin of a shift that is not after a time; minus infinity where there was none."""
        self._look(sim_s)
        return self._last

    def next(self, sim_s: float) -> float:
        """The first begin of a shift after a time; infinite where none comes."""
        self._look(sim_s)
        return self._next


class CalendarFollower(Protocol):
    """What follows a calendar."""

    def shift(self, phase: int) -> None:
        """The phase is now ``phase``."""


class CalendarClock:
    """Tells the units of one calendar about its boundaries; one pending entry."""

    def __init__(self, calendar: Calendar, kernel: Kernel):
        self.calendar, self.kernel = calendar, kernel
        self.members: list[CalendarFollower] = []

    def tell(self) -> None:
        """Tell all members the phase of now and wait for the next boundary."""
        phase, following = self.calendar.at(self.kernel.now)
        for member in self.members:
            member.shift(phase)
        if following is not None:
            self.kernel.at(following, self.tell, CALENDAR)
