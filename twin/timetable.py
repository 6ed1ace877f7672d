"""Local times of day at which something happens, on some days of the week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twin.day_pattern import seconds
from twin.zone import DAY_NS, NS, Axis


class Timetable:
    """Local times of day; computed, not ticked. A date that the clock leaves out has none.

    Args:
        times: Local times, hh:mm.
        axis: Simulated time and the local time along it.
        days: Weekdays (0 Monday); default: all.

    >>> from datetime import UTC, datetime
    >>> from twin.zone import local_axis
    >>> table = Timetable(("08:00", "16:00"), local_axis(datetime(2026, 1, 5, 9, 0, tzinfo=UTC)))
    >>> table.after(0.0), table.after(25_200.0), table.following(25_200.0)
    (25200.0, 82800.0, 25200.0)
    """

    def __init__(self, times: Sequence[str], axis: Axis, days: Sequence[int] = range(7)):
        self.times = sorted({round(seconds(time) * NS) for time in times})
        self.axis, self.days = axis, frozenset(days)

    def after(self, now: float) -> float:
        """The next time after a simulated time, in simulated s."""
        return next(time for time in self._from(now) if time > now)

    def following(self, now: float) -> float:
        """The first time at or after a simulated time, in simulated s."""
        return next(time for time in self._from(now) if time >= now)

    def _from(self, now: float) -> Iterator[float]:
        """All times from a day before a simulated time on."""
        zone = self.axis.zone
        day = zone.local_ns(self.axis.moment_ns(now)) // DAY_NS - 1
        while True:
            if (day + 3) % 7 in self.days and zone.has_day(day):  # 1970-01-01 was a Thursday
                for time in self.times:
                    yield self.axis.seconds(zone.utc_ns(day * DAY_NS + time))
            day += 1
