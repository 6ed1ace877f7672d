"""What was heard, kept in columns and in order of source time.

Keeping the events rather than sums of them makes every window exact and lets late records change
windows that are already closed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.states import UnitState

CODES = 32
"""Code of a state: its number, plus 16 when an order was on the unit."""
WITH_ORDER = 16
NEVER = 2**62


def _codes(*states: UnitState) -> NDArray[np.bool_]:
    """Whether a code is that of one of some states, bool[CODES]."""
    found = np.zeros(CODES, dtype=bool)
    found[[code for state in states for code in (state, state + WITH_ORDER)]] = True
    return found


FAILING = _codes(UnitState.FAILED, UnitState.REPAIR)
MINOR = _codes(UnitState.MINOR_STOP)
_MINOR_CODES = frozenset(np.flatnonzero(MINOR).tolist())
STOPPING = FAILING | MINOR
"""What is a failure when it lasts too long."""
PAUSING = _codes(UnitState.OFF_SHIFT, UnitState.PLANNED_BREAK)
"""What does not split a failure in two."""


def _view(column: array[Any], first: int, last: int) -> NDArray[Any]:
    kind = {"q": np.int64, "B": np.uint8, "d": np.float64, "i": np.int32}[column.typecode]
    if first >= last:
        return np.empty(0, dtype=kind)
    return np.frombuffer(column, dtype=kind)[first:last]


def _knows(times: array[int], values: array[Any], time_ns: int, value: float) -> bool:
    index = bisect_right(times, time_ns) - 1
    return index >= 0 and times[index] == time_ns and values[index] == value


class Failures(NamedTuple):
    """Failures of a unit in a window: begun, ended, and full length of those that ended in ns, breaks left out."""

    begun: int = 0
    ended: int = 0
    length_ns: int = 0


def _failures(
    starts: NDArray[np.int64], codes: NDArray[np.uint8], ends: NDArray[np.int64], limits: tuple[int, int]
) -> Failures:
    t0_ns, minor_ns = limits
    failing = FAILING[codes] | (STOPPING[codes] & (ends - starts > minor_ns))
    there = ~PAUSING[codes]
    spent = np.cumsum(np.where(failing, ends - starts, 0))[there]
    starts, failing = starts[there], failing[there]
    begun = np.flatnonzero(~failing[:-1] & failing[1:]) + 1
    ended = np.flatnonzero(failing[:-1] & ~failing[1:]) + 1
    ended = ended[starts[ended] >= t0_ns]
    before = [begun[begun < index] for index in ended.tolist()]
    length = sum(int(spent[k - 1] - (spent[b[-1] - 1] if len(b) else 0)) for k, b in zip(ended, before, strict=True))
    return Failures(int(np.count_nonzero(starts[begun] >= t0_ns)), len(ended), length)


class StateLog:
    """State changes of one unit."""

    def __init__(self) -> None:
        self.times = array("q")
        self.codes = array("B")

    def add(self, time_ns: int, code: int) -> tuple[int, int] | None:
        """Keep a change; gives the span that a change in the past reaches over, None when it is the newest.

        A stop reaches over the states that may belong to the same failure.
        """
        times = self.times
        if not times or time_ns >= times[-1]:
            times.append(time_ns)
            self.codes.append(code)
            return None
        index = bisect_right(times, time_ns)
        times.insert(index, time_ns)
        self.codes.insert(index, code)
        before, after = index - 1, index + 1
        while after + 1 < len(times) and (STOPPING | PAUSING)[self.codes[after]]:
            after += 1
        begun = times[before] if before >= 0 and STOPPING[self.codes[before]] else time_ns
        return begun, times[after]

    def overlong(self, minor_ns: int) -> int | None:
        """Begin of the state before the last one, when that was a minor stop that lasted too long."""
        if len(self.times) < 2 or self.codes[-2] not in _MINOR_CODES or self.times[-1] - self.times[-2] <= minor_ns:
            return None
        return self.times[-2]

    def knows(self, time_ns: int, code: int) -> bool:
        """Whether this very change is kept already."""
        return _knows(self.times, self.codes, time_ns, code)

    def durations(self, t0_ns: int, t1_ns: int) -> NDArray[np.int64]:
        """Time in each code in ns, int64[CODES]; time before the first record is UNKNOWN."""
        first = max(bisect_right(self.times, t0_ns) - 1, 0)
        last = bisect_left(self.times, t1_ns)
        if first >= last:
            sums = np.zeros(CODES, dtype=np.int64)
            sums[0] = t1_ns - t0_ns
            return sums
        edges = np.empty(last - first + 1, dtype=np.int64)
        edges[:-1] = _view(self.times, first, last)
        edges[-1] = t1_ns
        unheard = max(int(edges[0]) - t0_ns, 0)
        edges[0] = max(int(edges[0]), t0_ns)
        # sums of doubles are exact here: whole numbers below 2**53 ns, 104 days
        sums = np.bincount(_view(self.codes, first, last), np.diff(edges), CODES).astype(np.int64)
        sums[0] += unheard
        return sums

    def failures(self, t0_ns: int, t1_ns: int, minor_ns: int = NEVER, heard_ns: int | None = None) -> Failures:
        """Failures that began or ended in the window.

        FAILED and REPAIR in one piece are one failure, also when a break or the time between shifts lies in it; a
        minor stop that lasts too long is one as well.

        Args:
            t0_ns: Begin.
            t1_ns: End.
            minor_ns: Longest minor stop.
            heard_ns: Until when the last state is known to last; None: until the end.
        """
        first, last = max(bisect_left(self.times, t0_ns), 1), bisect_left(self.times, t1_ns)
        if first >= last or not STOPPING[_view(self.codes, first - 1, last)].any():
            return Failures()
        begin = first - 1
        while begin > 0 and (STOPPING | PAUSING)[self.codes[begin]]:
            begin -= 1
        codes, starts = _view(self.codes, begin, last), _view(self.times, begin, last)
        end_ns = self.times[last] if last < len(self.times) else max(t1_ns, heard_ns or t1_ns)
        return _failures(starts, codes, np.append(starts[1:], end_ns), (t0_ns, minor_ns))

    def prune(self, before_ns: int) -> None:
        """Forget what no window after ``before_ns`` needs."""
        cut = bisect_right(self.times, before_ns) - 1
        while cut > 0 and (STOPPING | PAUSING)[self.codes[cut]]:
            cut -= 1
        if cut > 0:
            del self.times[:cut], self.codes[:cut]


class Parts(NamedTuple):
    """Quantities of a unit in a window, as ``twin.kpi.observed.Observed`` has them."""

    good: int = 0
    scrap: int = 0
    rework: int = 0
    inspected: int = 0
    good_at_first: int = 0
    ideal_produced_s: float = 0.0
    ideal_good_s: float = 0.0


class Part(NamedTuple):
    """One completed operation as it is kept; ``item`` is a number given by the brain."""

    good: int
    scrap: int
    rework: int
    ideal_s: float
    first_pass: int
    item: int


class PartLog:
    """Completed operations of one unit."""

    def __init__(self) -> None:
        self.times = array("q")
        self.columns: tuple[array[Any], ...] = (array("q"), array("q"), array("q"), array("d"), array("B"), array("i"))

    def add(self, time_ns: int, part: tuple[int, int, int, float, int, int]) -> bool:
        """Keep a completion; whether it is the newest."""
        if not self.times or time_ns >= self.times[-1]:
            self.times.append(time_ns)
            for column, value in zip(self.columns, part, strict=True):
                column.append(value)
            return True
        index = bisect_right(self.times, time_ns)
        self.times.insert(index, time_ns)
        for column, value in zip(self.columns, part, strict=True):
            column.insert(index, value)
        return False

    def counts(self, t0_ns: int, t1_ns: int) -> Parts:
        """Sums over the completions in the window."""
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        if first >= last:
            return Parts()
        good, scrap, rework, ideal, at_first, _ = (_view(column, first, last) for column in self.columns)
        produced = good + scrap + rework
        return Parts(
            int(good.sum()),
            int(scrap.sum()),
            int(rework.sum()),
            int(produced @ at_first),
            int(good @ at_first),
            float(ideal @ produced),
            float(ideal @ good),
        )

    def good_of(self, item: int, t0_ns: int, t1_ns: int) -> int:
        """Good quantity of one item in the window."""
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        good, items = _view(self.columns[0], first, last), _view(self.columns[5], first, last)
        return int(good[items == item].sum())

    def prune(self, before_ns: int) -> None:
        """Forget completions before a time."""
        cut = bisect_left(self.times, before_ns)
        for column in (self.times, *self.columns):
            del column[:cut]


class StepLog:
    """A quantity that changes in steps: a stock."""

    def __init__(self) -> None:
        self.times = array("q")
        self.levels = array("d")

    def add(self, time_ns: int, level: float) -> None:
        """Keep a new level."""
        index = len(self.times)
        if index and time_ns < self.times[-1]:
            index = bisect_right(self.times, time_ns)
        self.times.insert(index, time_ns)
        self.levels.insert(index, level)

    def knows(self, time_ns: int, level: float) -> bool:
        """Whether this very level is kept already."""
        return _knows(self.times, self.levels, time_ns, level)

    def mean(self, t0_ns: int, t1_ns: int) -> float:
        """Time-weighted mean of the window; 0 before the first level."""
        first, last = max(bisect_right(self.times, t0_ns) - 1, 0), bisect_left(self.times, t1_ns)
        if first >= last:
            return 0.0
        edges = np.append(np.maximum(_view(self.times, first, last), t0_ns), t1_ns)
        return float(np.diff(edges) @ _view(self.levels, first, last)) / (t1_ns - t0_ns)

    def prune(self, before_ns: int) -> None:
        """Forget what no window after ``before_ns`` needs."""
        cut = bisect_right(self.times, before_ns) - 1
        if cut > 0:
            del self.times[:cut], self.levels[:cut]


class TransitLog:
    """Quantity on its way, from departures (+) and arrivals (-)."""

    def __init__(self) -> None:
        self.times = array("q")
        self.changes = array("d")
        self.base = 0.0

    def add(self, time_ns: int, change: float) -> None:
        """Keep a departure or an arrival."""
        index = len(self.times)
        if index and time_ns < self.times[-1]:
            index = bisect_right(self.times, time_ns)
        self.times.insert(index, time_ns)
        self.changes.insert(index, change)

    def mean(self, t0_ns: int, t1_ns: int) -> float:
        """Time-weighted mean of the quantity under way."""
        first, last = bisect_right(self.times, t0_ns), bisect_left(self.times, t1_ns)
        start = self.base + float(np.sum(_view(self.changes, 0, first)))
        left = t1_ns - _view(self.times, first, last)
        return start + float(left @ _view(self.changes, first, last)) / (t1_ns - t0_ns)

    def prune(self, before_ns: int) -> None:
        """Fold what is older than a time into the base."""
        cut = bisect_left(self.times, before_ns)
        self.base += float(np.sum(_view(self.changes, 0, cut)))
        del self.times[:cut], self.changes[:cut]
