"""The local time of day, and values that depend on it: tariffs, grid factors, base loads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from twin.zone import Axis, zone_of

DAY_S = 86_400.0


def seconds(text: str) -> float:
    """Seconds after midnight of ``hh:mm``.

    >>> seconds("08:30")
    30600.0
    """
    hours, minutes = text.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


class DayPattern:
    """A value that depends on what the clock shows: in an hour that comes twice it is the same both times.

    Args:
        values: Value by the time of day from which on it holds; before the first the last one holds.
        axis: An axis of seconds with the local time along it; a number: what the clock shows at second 0 in s after
            midnight, where it is never changed.

    Raises:
        ValueError: There are no values.

    >>> price = DayPattern({"08:00": 0.9, "22:00": 0.3}, 7 * 3600.0)
    >>> price.at(0.0), price.at(3600.0), price.integral(0.0, 7200.0) / 3600
    (0.3, 0.9, 1.2)
    """

    def __init__(self, values: Mapping[str, float], axis: Axis | float = 0.0):
        if not values:
            raise ValueError("day pattern: expected at least one value, got none")
        rows = sorted((seconds(start), value) for start, value in values.items())
        self._starts = [start for start, _ in rows]
        self._values = [value for _, value in rows]
        self._axis = axis if isinstance(axis, Axis) else Axis(zone_of("", axis), 0)

    def at(self, time_s: float) -> float:
        """The value at a time in s."""
        return self._values[bisect_right(self._starts, self._axis.of_day(time_s)) - 1]

    def pieces(self, t0_s: float, t1_s: float) -> Iterator[tuple[float, float, float]]:
        """Pieces (begin, end, value) of a span in which the value is the same, in order."""
        time = t0_s
        for change in (*self._axis.changes(t0_s, t1_s), t1_s):
            origin = self._axis.origin_s(time)
            while time < change:
                days, of_day = divmod(time + origin, DAY_S)
                index = bisect_right(self._starts, of_day)
                edge = self._starts[index] if index < len(self._starts) else self._starts[0] + DAY_S
                end = min(days * DAY_S + edge - origin, change)
                yield time, end, self._values[index - 1]
                time = end

    def integral(self, t0_s: float, t1_s: float) -> float:
        """Integral of the value over a span, in its unit times s."""
        return sum((end - begin) * value for begin, end, value in self.pieces(t0_s, t1_s))
