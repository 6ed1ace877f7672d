"""Readings of cumulative counters, and what they say of a window.

A counter is read when its owner likes, so a window's boundary mostly lies between two readings: the
energy of the window is then interpolated, and the readings around its boundaries say between which
bounds the truth lies. A reading that does not fit its neighbours (a dip, a spike) is doubted: what it
could change is not certain until the next readings say whether it was a glitch, a roll-over or a new
beginning of the counter (:mod:`twin.brain.doubts`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import replace
from math import inf
from typing import NamedTuple

import numpy as np

from twin.brain.doubts import LOOK_BACK, NS_PER_H, PATIENCE, Limits, Settled, settle
from twin.master import MeterMaster

MINUTE_NS = 60_000_000_000
SURGE = 100.0
"""A step this many times as fast as any before it waits for the next reading, where no rating is known."""
STEPS_KNOWN = 8
MANY = 3
SHARE = 0.05
"""A counter with more glitches and new beginnings than ``MANY`` and this share of its readings is none."""


class WindowEnergy(NamedTuple):
    """Energy of a window.

    Args:
        kwh: Difference of the counter.
        known_ns: Part of the window that lies between readings.
        interpolated: Number of boundaries (0 to 2) at which the counter was not read.
        low: Least that the readings around the boundaries allow.
        high: Most that they allow.
        certain: Whether the truth lies between the two: the counter was read at or around both boundaries, and
            no reading between is in doubt.
    """

    kwh: float = 0.0
    known_ns: int = 0
    interpolated: int = 0
    low: float = 0.0
    high: float = 0.0
    certain: bool = False


class Edge(NamedTuple):
    """A counter at a boundary: its value, where it was looked at, what it can have been at least and at most."""

    total: float
    time_ns: int
    low: float
    high: float
    read: bool
    around: bool

    def scaled(self, scale: float) -> Edge:
        """The same in another unit."""
        return self._replace(total=self.total * scale, low=self.low * scale, high=self.high * scale)


class MeterLog:
    """Readings of a cumulative counter: the first and the last of each minute are kept, and those in doubt.

    Readings and limits are in the unit of the counter, what is made of them in that of the indicators.

    Args:
        declared: What its owner says of it.
        limits: What it can do.
        scale: What one of its unit is in that of the indicators; None: its unit is not known.
    """

    def __init__(
        self, declared: MeterMaster | None = None, limits: Limits | None = None, scale: float | None = 1.0
    ) -> None:
        self.declared = declared or MeterMaster()
        self.limits = limits or Limits()
        self.scale = scale
        self.uncertain = array("q")
        self.times = array("q")
        self.totals = array("d")
        self.heard = array("q")
        self.values = array("d")
        self.breaks: list[tuple[int, int]] = []
        self.glitches = 0
        self._start()

    def _start(self) -> None:
        """As before the first reading."""
        del self.times[:], self.totals[:]
        self.breaks = []
        self.glitches = 0
        self._raw = self._offset = 0.0
        self._last_ns = self._minute = -1
        self._tail: list[tuple[int, float]] = []
        self._guess: Settled | None = None
        self._pace = 0.0
        self._surge = False
        self._stale = False
        self._calm = False
        self._most = self.limits.most_per_ns if self.limits.rolls_over_at is None else -inf
        """Most that an ordinary reading has grown by in a ns; of a counter that rolls over none is ordinary."""

    @property
    def implausible(self) -> bool:
        """Whether it does not behave as a counter does: it falls or jumps time and again."""
        if self.declared.interval:
            return False
        troubles = self.glitches + len(self.breaks)
        return troubles > MANY and troubles > SHARE * len(self.heard)

    def declare(self, declared: MeterMaster, limits: Limits, scale: float | None = 1.0) -> bool:
        """Take what is said of it; whether that is new, so that all its readings are judged again."""
        if (declared, limits, scale) == (self.declared, self.limits, self.scale):
            return False
        self.declared, self.limits, self.scale = declared, limits, scale
        self._stale, self._calm = True, False
        return True

    def doubt(self, time_ns: int) -> None:
        """The reading of a time is said to be uncertain by whoever took it."""
        index = bisect_left(self.uncertain, time_ns)
        if index == len(self.uncertain) or self.uncertain[index] != time_ns:
            self.uncertain.insert(index, time_ns)

    def _is_uncertain(self, first_ns: int, last_ns: int) -> bool:
        index = bisect_left(self.uncertain, first_ns)
        return index < len(self.uncertain) and self.uncertain[index] <= last_ns

    def add(self, time_ns: int, value: float) -> tuple[int, int] | None:
        """Keep a reading; the span in which it can change what was known, None when it was known already."""
        since = self._last_ns
        if self._calm and time_ns > since:
            step, span = value - self._raw, time_ns - since
            if 0.0 <= step <= self._most * (span + MINUTE_NS) + 1.0 and step <= self._pace * span:
                self._append(time_ns, value)
                return since, time_ns
        return self._judge(time_ns, value)

    def _append(self, time_ns: int, value: float) -> None:
        """Keep an ordinary reading; the last one gives way when both stand in one minute after its first."""
        if time_ns // MINUTE_NS == self._minute:
            self.heard[-1] = self.times[-1] = time_ns
            self.values[-1] = value
            self.totals[-1] = value + self._offset
        else:
            self._minute = self._last_ns // MINUTE_NS
            self.heard.append(time_ns)
            self.values.append(value)
            self.times.append(time_ns)
            self.totals.append(value + self._offset)
        self._last_ns, self._raw = time_ns, value

    def _judge(self, time_ns: int, value: float) -> tuple[int, int] | None:
        """Keep a reading that is not an ordinary one."""
        if self._stale:
            self._again()
        if self.heard and time_ns <= self.heard[-1]:
            return self._add_late(time_ns, value)
        since = self._since(time_ns)
        self.heard.append(time_ns)
        self.values.append(value)
        self._take(time_ns, value)
        self._thin()
        return (min(since, self._since(time_ns)) if self._tail else since), time_ns

    def _thin(self) -> None:
        """Leave out the last reading but one where it stands between others of its minute."""
        if not self._calm or len(self.times) < 3 or self.heard[-3:] != self.times[-3:]:
            return
        if self.times[-3] // MINUTE_NS == self.times[-1] // MINUTE_NS:
            del self.times[-2], self.totals[-2], self.heard[-2], self.values[-2]
            self._minute = self.times[-2] // MINUTE_NS

    def _since(self, time_ns: int) -> int:
        """Since when a newest reading can change what was known."""
        if self._tail or self._surge:
            return self.times[-min(LOOK_BACK, len(self.times))] if self.times else self.heard[0]
        return self.times[-1] if self.times else time_ns

    def _take(self, time_ns: int, value: float) -> None:
        if self.declared.interval:
            self._grow(time_ns, value)
        elif self._tail:
            self._tail.append((time_ns, value))
            self._decide()
        elif not self.times or self.limits.follows(value - self._raw, time_ns - self.times[-1]):
            self._accept(time_ns, value)
        else:
            self._tail = [(time_ns, value)]
            self._decide()
        self._calm = not (self._tail or self._surge or self.declared.interval) and len(self.times) > 1

    def _accept(self, time_ns: int, value: float) -> None:
        if self.times:
            pace = (value - self._raw) / (time_ns - self.times[-1])
            known = self.limits.per_h is None and len(self.times) > STEPS_KNOWN
            surge = known and pace > SURGE * self._pace > 0
            # a surge is of another meter, or in another unit, unless it goes on at that pace
            if surge or self.limits.laps(time_ns - self.times[-1], self._pace):
                self.breaks.append((self.times[-1], time_ns))
            if not surge or self._surge:
                self._pace = max(self._pace, pace)
            self._surge = surge and not self._surge
        self.times.append(time_ns)
        self.totals.append(value + self._offset)
        self._minute, self._last_ns, self._raw = self._last_ns // MINUTE_NS, time_ns, value

    def _began_at_zero(self) -> bool:
        """Whether the first reading is the 0 of a device that did not yet know its counter."""
        if self.limits.per_h is not None or self.declared.interval or not self.values or self.values[0] != 0:
            return False
        steps = range(1, min(STEPS_KNOWN, len(self.times)))
        times, totals = self.times, self.totals
        paces = [(totals[i] - totals[i - 1]) / (times[i] - times[i - 1]) for i in steps]
        return len(paces) > 2 and paces[0] > SURGE * max(paces[1:], default=0.0)

    def _grow(self, time_ns: int, value: float) -> None:
        """A meter that says the energy of each interval: its sum is the counter."""
        if value < 0 and not self.declared.net:
            self.glitches += 1
            return
        if len(self.times) == 1:
            self.times.insert(0, 2 * self.times[0] - time_ns)
            self.totals.insert(0, 0.0)
        elif len(self.times) > 2 and 2 * (time_ns - self.times[-1]) > 3 * (self.times[-1] - self.times[-2]):
            self.breaks.append((self.times[-1], time_ns))
        self._raw += value
        self.times.append(time_ns)
        self.totals.append(self._raw)

    def _decide(self) -> None:
        """Judge the readings in doubt, together with the last that were not."""
        back = min(LOOK_BACK, len(self.times))
        nodes = [(self.times[i], self.totals[i] - self._offset) for i in range(-back, 0)] + self._tail
        result = settle(nodes, self._usual())
        if not result.decided:
            self._guess = result
            return
        if back:
            del self.times[-back:], self.totals[-back:]
        if self._surge:
            del self.breaks[-1]  # it is judged again
        self.glitches += result.dropped
        for time_ns, value, offset, broken in result.path:
            if broken or (self.times and self.limits.laps(time_ns - self.times[-1], self._pace)):
                self.breaks.append((self.times[-1], time_ns))
            self.times.append(time_ns)
            self.totals.append(value + offset + self._offset)
        self._last_ns, self._raw = result.path[-1].time_ns, result.path[-1].value
        self._offset += result.path[-1].offset
        self._minute = self.times[-2] // MINUTE_NS if len(self.times) > 1 and not result.dropped else -1
        self._tail, self._guess, self._surge = [], None, False

    def _usual(self) -> Limits:
        """What the counter can do, by its own past where no rating is known."""
        if self.limits.per_h is not None or len(self.times) <= STEPS_KNOWN or not self._pace:
            return self.limits
        return replace(self.limits, absurd_per_h=min(self.limits.absurd_per_h or np.inf, SURGE * self._pace * NS_PER_H))

    def _add_late(self, time_ns: int, value: float) -> tuple[int, int] | None:
        index = bisect_left(self.heard, time_ns)
        if self.heard[index] == time_ns:
            if self.values[index] == value:
                return None
            self.values[index] = value
            self.doubt(time_ns)  # a counter has one value at an instant
        else:
            self.heard.insert(index, time_ns)
            self.values.insert(index, value)
        self._stale = self._stale or bool(self._tail) or not self._fits_in(time_ns, value)
        self._calm = self._calm and not self._stale
        first, last = index - LOOK_BACK - PATIENCE, index + LOOK_BACK + PATIENCE
        return self.heard[max(first, 0)], self.heard[min(last, len(self.heard) - 1)]

    def _fits_in(self, time_ns: int, value: float) -> bool:
        """Whether a late reading lies between its neighbours, in which case it is put there."""
        index = bisect_left(self.times, time_ns)
        if self.declared.interval or not 0 < index < len(self.times) or self.times[index] == time_ns:
            return False
        if self.breaks or self.limits.rolls_over_at is not None:
            return False
        total = value + self._offset
        before, after = self.totals[index - 1], self.totals[index]
        follows = self.limits.follows
        fits = follows(total - before, time_ns - self.times[index - 1]) and follows(
            after - total, self.times[index] - time_ns
        )
        if fits:
            self.times.insert(index, time_ns)
            self.totals.insert(index, total)
        return fits

    def _again(self) -> None:
        """Judge all readings from the first."""
        self._start()
        for time_ns, value in zip(self.heard, self.values, strict=True):
            self._take(time_ns, value)

    def _decided(self) -> tuple[array[int], array[float], int | None]:
        """Readings as far as they are believed, and since when they are in doubt."""
        if self._stale:
            self._again()
        if not self._tail:
            return self.times, self.totals, self.times[-2] if self._surge else None
        back = min(LOOK_BACK, len(self.times))
        times, totals = self.times[: len(self.times) - back], self.totals[: len(self.times) - back]
        since = times[-1] if times else 0
        for time_ns, value, offset, _ in () if self._guess is None else self._guess.path:
            times.append(time_ns)
            totals.append(value + offset + self._offset)
        return times, totals, since

    def energy(self, t0_ns: int, t1_ns: int) -> WindowEnergy:
        """Energy in the window, as far as there are readings."""
        found, scale = self._counted(t0_ns, t1_ns), self.scale
        if scale == 1.0:
            return found
        if scale is None:
            return found._replace(certain=False)
        return found._replace(kwh=found.kwh * scale, low=found.low * scale, high=found.high * scale)

    def _counted(self, t0_ns: int, t1_ns: int) -> WindowEnergy:
        times, totals, doubt = self._decided()
        if not times:
            return WindowEnergy()
        start, end = _edge(times, totals, t0_ns), _edge(times, totals, t1_ns)
        if end.time_ns <= start.time_ns or start.time_ns >= t1_ns:
            return WindowEnergy()
        kwh = end.total - start.total
        certain = start.around and end.around and (doubt is None or t1_ns <= doubt)
        if certain and t0_ns <= self.heard[0] and self._began_at_zero():
            certain = False
        if certain and (self.breaks or self.implausible):
            certain = not self.implausible and not any(a < t1_ns and b > t0_ns for a, b in self.breaks)
        if certain and self.uncertain:
            certain = not self._is_uncertain(_before(times, t0_ns), _after(times, t1_ns))
        exact = start.read and end.read
        if not exact and self.declared.net:
            certain = False
        low, high = (kwh, kwh) if exact else (max(0.0, end.low - start.high), end.high - start.low)
        missed = (start.around and not start.read) + (end.around and not end.read)
        return WindowEnergy(kwh, end.time_ns - start.time_ns, missed, low, high, certain)

    def edges(self, bounds: list[int]) -> list[Edge]:
        """The counter at some boundaries; empty before the first reading."""
        times, totals, _ = self._decided()
        found = [_edge(times, totals, time_ns) for time_ns in bounds] if times else []
        scale = 1.0 if self.scale is None else self.scale
        return found if scale == 1.0 else [edge.scaled(scale) for edge in found]

    def prune(self, before_ns: int) -> None:
        """Forget readings before a time, but for the last ones."""
        cut = bisect_right(self.times, before_ns) - 1 - LOOK_BACK
        if cut > 0 and not self._tail and not self._stale:
            kept = bisect_left(self.heard, self.times[cut])
            del self.times[:cut], self.totals[:cut], self.heard[:kept], self.values[:kept]
            self.breaks = [gap for gap in self.breaks if gap[1] > self.times[0]]
            del self.uncertain[: bisect_left(self.uncertain, self.times[0])]


def _edge(times: array[int], totals: array[float], time_ns: int) -> Edge:
    index = bisect_left(times, time_ns)
    if index == len(times):
        return Edge(totals[-1], times[-1], totals[-1], np.inf, False, False)
    after = totals[index]
    if times[index] == time_ns:
        return Edge(after, time_ns, after, after, True, True)
    if index == 0:
        return Edge(after, times[0], -np.inf, after, False, False)
    t0, t1, before = times[index - 1], times[index], totals[index - 1]
    total = before + (after - before) * ((time_ns - t0) / (t1 - t0))
    return Edge(total, time_ns, before, after, False, True)


def _before(times: array[int], time_ns: int) -> int:
    """The last reading at or before a time, else the first."""
    return times[max(bisect_right(times, time_ns) - 1, 0)]


def _after(times: array[int], time_ns: int) -> int:
    """The first reading at or after a time, else the last."""
    return times[min(bisect_left(times, time_ns), len(times) - 1)]
