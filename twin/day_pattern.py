"""The local time of day, and values that depend on it: tariffs, grid factors, base loads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime

DAY_S = 86_400.0


def seconds(text: str) -> float:
    """Seconds after midnight of ``hh:mm``.

    >>> seconds("08:30")
    30600.0
    """
    hours, minutes = text.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


def since_midnight_s(epoch: datetime) -> float:
    """Local time of day in s after midnight.

    >>> since_midnight_s(datetime(2026, 1, 5, 7, 30))
    27000.0
    """
    return (epoch - epoch.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


class DayPattern:
    """A value that changes at fixed times of the day, the same every day; no daylight saving.

    Args:
        values: Value by the time of day from which on it holds; before the first the last one holds.
        origin_s: Local time of day at second 0, in s after midnight.

    Raises:
        ValueError: There are no values.

    >>> price = DayPattern({"08:00": 0.9, "22:00": 0.3}, origin_s=7 * 3600.0)
    >>> price.at(0.0), price.at(3600.0), price.integral(0.0, 7200.0) / 3600
    (0.3, 0.9, 1.2)
    """

    def __init__(self, values: Mapping[str, float], origin_s: float = 0.0):
        if not values:
            raise ValueError("day pattern: expected at least one value, got none")
        rows = sorted((seconds(start), value) for start, value in values.items())
        self._starts = [start for start, _ in rows]
        self._values = [value for _, value in rows]
        self._origin = origin_s

    def at(self, time_s: float) -> float:
        """The value at a time in s."""
        return self._values[bisect_right(self._starts, (time_s + self._origin) % DAY_S) - 1]

    def pieces(self, t0_s: float, t1_s: float) -> Iterator[tuple[float, float, float]]:
        """Pieces (begin, end, value) of a span in which the value is the same, in order."""
        time = t0_s
        while time < t1_s:
            days, of_day = divmod(time + self._origin, DAY_S)
            index = bisect_right(self._starts, of_day)
            edge = self._starts[index] if index < len(self._starts) else self._starts[0] + DAY_S
            end = min(days * DAY_S + edge - self._origin, t1_s)
            yield time, end, self._values[index - 1]
            time = end

    def integral(self, t0_s: float, t1_s: float) -> float:
        """Integral of the value over a span, in its unit times s."""
        return sum((end - begin) * value for begin, end, value in self.pieces(t0_s, t1_s))
