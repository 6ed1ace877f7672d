"""Readings of cumulative counters, and what they say of a window."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np

MINUTE_NS = 60_000_000_000


class Reading(NamedTuple):
    """Energy of a window.

    Args:
        kwh: Difference of the counter.
        known_ns: Part of the window that lies between readings.
        interpolated: Number of boundaries (0 to 2) at which the counter was not read.
    """

    kwh: float = 0.0
    known_ns: int = 0
    interpolated: int = 0


class MeterLog:
    """Readings of a cumulative counter: the first and the last of each minute are kept."""

    def __init__(self) -> None:
        self.times = array("q")
        self.totals = array("d")
        self.raw = 0.0
        self.offset = 0.0

    def add(self, time_ns: int, value: float) -> bool:
        """Keep a reading; whether it is the newest. A counter that falls has started anew at 0."""
        times = self.times
        if times and time_ns <= times[-1]:
            return self._add_late(time_ns, value)
        if value < self.raw:
            self.offset += self.raw
        self.raw = value
        minute = time_ns // MINUTE_NS
        if len(times) > 1 and times[-2] // MINUTE_NS == minute:
            times[-1], self.totals[-1] = time_ns, value + self.offset
        else:
            times.append(time_ns)
            self.totals.append(value + self.offset)
        return True

    def _add_late(self, time_ns: int, value: float) -> bool:
        index = bisect_left(self.times, time_ns)
        if self.times[index] == time_ns:
            return True
        # the offset at that time is not kept: the reading must fit between its neighbours
        low = self.totals[index - 1] if index else -np.inf
        for total in (value + self.offset, value):
            if low <= total <= self.totals[index]:
                self.times.insert(index, time_ns)
                self.totals.insert(index, total)
                return False
        return True

    def _at(self, time_ns: int) -> tuple[float, int, bool]:
        index = bisect_left(self.times, time_ns)
        if index == len(self.times):
            return self.totals[-1], self.times[-1], False
        if index == 0 or self.times[index] == time_ns:
            return self.totals[index], self.times[index], False
        t0, t1 = self.times[index - 1], self.times[index]
        e0, e1 = self.totals[index - 1], self.totals[index]
        return e0 + (e1 - e0) * ((time_ns - t0) / (t1 - t0)), time_ns, True

    def energy(self, t0_ns: int, t1_ns: int) -> Reading:
        """Energy in the window, as far as there are readings."""
        if not self.times:
            return Reading()
        (start, first, guessed0), (end, last, guessed1) = self._at(t0_ns), self._at(t1_ns)
        if last <= first or first >= t1_ns:
            return Reading()
        return Reading(end - start, last - first, guessed0 + guessed1)

    def prune(self, before_ns: int) -> None:
        """Forget readings before a time, but for the last one."""
        cut = bisect_right(self.times, before_ns) - 1
        if cut > 0:
            del self.times[:cut], self.totals[:cut]
