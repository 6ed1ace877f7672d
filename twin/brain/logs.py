"""What was heard, kept in columns and in order of source time.

Keeping the events rather than sums of them makes every window exact and lets late records change
windows that are already closed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.brain.corrections import corrected
from twin.brain.windows import LONGEST_OPERATION_NS
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


PRODUCING = _codes(UnitState.PRODUCING)
UNHEARD = _codes(UnitState.UNKNOWN)
FAILING = _codes(UnitState.FAILED, UnitState.REPAIR)
MINOR = _codes(UnitState.MINOR_STOP)
_MINOR_CODES = frozenset(np.flatnonzero(MINOR).tolist())
STOPPING = FAILING | MINOR
"""What is a failure when it lasts too long."""
PAUSING = _codes(UnitState.OFF_SHIFT, UnitState.PLANNED_BREAK)
"""What does not split a failure in two."""
IDLE = _codes(UnitState.STARVED, UnitState.IDLE_NO_ORDER)
"""Nothing is in work."""


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

        A stop reaches over the states that may belong to the same failure. Of one instant the change that came
        last holds.
        """
        times = self.times
        if not times or time_ns > times[-1]:
            times.append(time_ns)
            self.codes.append(code)
            return None
        index = bisect_left(times, time_ns)
        if times[index] == time_ns:
            self.codes[index] = code
            if index == len(times) - 1:
                return None
        else:
            times.insert(index, time_ns)
            self.codes.insert(index, code)
        before, after = index - 1, index + 1
        while after + 1 < len(times) and (STOPPING | PAUSING)[self.codes[after]]:
            after += 1
        begun = times[before] if before >= 0 and STOPPING[self.codes[before]] else time_ns
        return begun, times[after]

    @property
    def last_ns(self) -> int:
        """When the last state was said; before all times when none was."""
        return self.times[-1] if self.times else -NEVER

    def before(self, time_ns: int) -> int | None:
        """When the last state before a time was said, if nothing was said after that time; else None."""
        times = self.times
        return times[-2] if len(times) > 1 and times[-1] == time_ns else None

    def drop(self, time_ns: int, code: int) -> int | None:
        """Take a change back; until when it had held, None when it is not kept.

        The last one held until a time that never comes.
        """
        index = bisect_left(self.times, time_ns)
        if index == len(self.times) or self.times[index] != time_ns or self.codes[index] != code:
            return None
        del self.times[index], self.codes[index]
        return self.times[index] if index < len(self.times) else NEVER

    def decided(self, edge_ns: int) -> int | None:
        """Begin of the state before the last one, when that was a minor stop over a time: now its length is known."""
        if len(self.times) < 2 or self.codes[-2] not in _MINOR_CODES or self.times[-2] >= edge_ns:
            return None
        return self.times[-2]

    def undecided(self, time_ns: int, minor_ns: int, heard_ns: int) -> int | None:
        """Begin of the minor stop at a time, when that may still become a failure or be none; else None.

        Args:
            time_ns: The time.
            minor_ns: Longest minor stop.
            heard_ns: Until when all was heard: what was said of later may come to stand behind something else.
        """
        index = bisect_left(self.times, time_ns) - 1
        if index < 0 or self.codes[index] not in _MINOR_CODES:
            return None
        begun = self.times[index]
        until = self.times[index + 1] if index + 1 < len(self.times) else NEVER
        decided = until <= heard_ns or until - begun <= minor_ns or heard_ns - begun > minor_ns
        return None if decided else begun

    def knows(self, time_ns: int, code: int) -> bool:
        """Whether this very change is kept already."""
        return _knows(self.times, self.codes, time_ns, code)

    def begun(self, time_ns: int) -> int:
        """When the state at a time began; before all times when none was said."""
        index = bisect_right(self.times, time_ns) - 1
        return self.times[index] if index >= 0 else -NEVER

    def said(self, time_ns: int) -> int:
        """When a state was said next, from a time on; a time that never comes when none was."""
        index = bisect_left(self.times, time_ns)
        return self.times[index] if index < len(self.times) else NEVER

    def works(self, time_ns: int) -> int:
        """When the unit was said to be producing next, from a time on; a time that never comes when it was not."""
        first = bisect_left(self.times, time_ns)
        found = np.flatnonzero(_view(self.codes, first, len(self.codes)) % WITH_ORDER == UnitState.PRODUCING)
        return self.times[first + int(found[0])] if len(found) else NEVER

    def idles(self, time_ns: int, until_ns: int) -> bool:
        """Whether the unit was said to have nothing in work, at or after a time and until another."""
        return bool(IDLE[_view(self.codes, bisect_left(self.times, time_ns), bisect_right(self.times, until_ns))].any())

    def idle_before(self, time_ns: int) -> int:
        """When the last state before a time in which nothing was in work ended; before all times when none was."""
        last = bisect_left(self.times, time_ns)
        found = np.flatnonzero(IDLE[_view(self.codes, 0, last)])
        if not len(found):
            return -NEVER
        after = int(found[-1]) + 1
        return self.times[after] if after < last else time_ns

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


UNSAID = -1
"""Nobody said when an operation began."""
UNNAMED = -1
"""Number of all items that are not named."""


class Completions(NamedTuple):
    """Quantities of a unit in a window, as ``twin.kpi.observed.Observed`` has them."""

    good: float = 0.0
    scrap: float = 0.0
    rework: float = 0.0
    inspected: float = 0.0
    good_at_first: float = 0.0
    ideal_produced_s: float = 0.0
    ideal_good_s: float = 0.0


class Completion(NamedTuple):
    """One completed operation as it is kept; ``item`` is a number given by the brain, ``begun_ns`` may be UNSAID.

    A quantity below 0 corrects what was said before. ``ideal_s`` of 0 or less is not known.
    """

    good: float
    scrap: float
    rework: float
    ideal_s: float
    first_pass: int
    item: int
    begun_ns: int = -1

    @property
    def corrects(self) -> bool:
        """Whether it takes back some of what was said before."""
        return self.good < 0 or self.scrap < 0 or self.rework < 0


def _rank(part: Completion) -> tuple[float, ...]:
    """Order within an instant: a correction comes after what it may correct."""
    return (part.corrects, *part)


class PartLog:
    """Completed operations of one unit."""

    def __init__(self) -> None:
        self.times = array("q")
        self.columns: tuple[array[Any], ...] = (array("d"), array("d"), array("d"), array("d"), array("B"), array("i"))
        self.begun = array("q")
        self.planned = False
        """Whether any of them has a planned time."""
        self.longest_ns = 0
        """Longest operation whose begin was said; 0: none was."""
        self.latest_begun = -NEVER
        self.overtaken = False
        """Whether an operation was completed after one that began later: what is under way may be of any age."""
        self.corrections = 0
        self._corrected: tuple[NDArray[np.float64], ...] | None = None
        self._over: list[int] = []
        """Corrections of more than there is."""
        self._reach: dict[int, int] = {}
        """First row that each other correction takes from."""

    def add(self, time_ns: int, part: Completion) -> int:
        """Keep a completion; since when it changes what was counted."""
        self._corrected = None
        self.planned = self.planned or part.ideal_s > 0
        if part.begun_ns != UNSAID:
            self._began(time_ns, part.begun_ns)
        index = len(self.times)
        if index and time_ns <= self.times[-1]:
            index = self._place(time_ns, part)
        self.times.insert(index, time_ns)
        for column, value in zip((*self.columns, self.begun), part, strict=True):
            column.insert(index, value)
        self.corrections += part.corrects
        corrected_later = self.corrections and index < len(self.times) - 1
        return self.times[0] if corrected_later or part.corrects else time_ns

    def _began(self, time_ns: int, begun_ns: int) -> None:
        """Note the begin of an operation."""
        self.longest_ns = max(self.longest_ns, time_ns - begun_ns)
        if begun_ns >= self.latest_begun and (not self.times or time_ns >= self.times[-1]):
            self.latest_begun = begun_ns
            return
        first, last = bisect_left(self.times, time_ns), bisect_right(self.times, time_ns)
        before, after = _view(self.begun, 0, first), _view(self.begun, last, len(self.begun))
        self.overtaken |= bool((before > begun_ns).any() or ((after != UNSAID) & (after < begun_ns)).any())
        self.latest_begun = max(self.latest_begun, begun_ns)

    def _place(self, time_ns: int, part: Completion) -> int:
        """Where a completion belongs; those of one instant stand alike in whatever order they came."""
        first, last = bisect_left(self.times, time_ns), bisect_right(self.times, time_ns)
        columns = (*self.columns, self.begun)
        there = [Completion(*(column[row] for column in columns)) for row in range(first, last)]
        return first + sum(_rank(other) <= _rank(part) for other in there)

    def knows(self, time_ns: int, part: Completion) -> bool:
        """Whether this very completion is kept already."""
        if not self.times or time_ns > self.times[-1]:
            return False
        columns = (*self.columns, self.begun)
        rows = range(bisect_left(self.times, time_ns), bisect_right(self.times, time_ns))
        return any(all(column[row] == value for column, value in zip(columns, part, strict=True)) for row in rows)

    def quantities(self, first: int, last: int) -> tuple[NDArray[np.float64], ...]:
        """Good, scrap and rework of some rows, with what was corrected later; never below 0."""
        if not self.corrections:
            return tuple(_view(column, first, last) for column in self.columns[:3])
        return tuple(column[first:last] for column in self._taken_back())

    def _taken_back(self) -> tuple[NDArray[np.float64], ...]:
        if self._corrected is None:
            amounts = np.array([list(column) for column in self.columns[:3]])
            result, self._over, self._reach = corrected(amounts, np.array(self.columns[5]))
            self._corrected = tuple(result)
        return self._corrected

    def uncorrected(self, t0_ns: int, t1_ns: int) -> bool:
        """Whether a correction in a window, or of what was made in it, takes away more than there is.

        Then nothing is taken back, and what was to be corrected is not known.
        """
        if not self.corrections:
            return False
        self._taken_back()
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        items = self.columns[5]
        return any(first <= row and (row < last or items[row] in items[first:last]) for row in self._over)

    def reaches(self, t0_ns: int, t1_ns: int) -> list[tuple[int, int]]:
        """Spans from what a correction takes from to its own instant, of those that may take from a window."""
        if not self.corrections:
            return []
        self._taken_back()
        spans = [(self.times[reached], self.times[row]) for row, reached in self._reach.items()]
        return [(first_ns, last_ns) for first_ns, last_ns in spans if first_ns < t1_ns and last_ns >= t0_ns]

    @property
    def uncorrectable(self) -> int:
        """Corrections of more than there is."""
        if self.corrections:
            self._taken_back()
        return len(self._over) if self.corrections else 0

    def ideals(self, first: int, last: int, ideal_s: float | None) -> NDArray[np.float64]:
        """Planned run time per item of some rows; the unit's own where a row has none, NaN where neither has."""
        said = _view(self.columns[3], first, last)
        return np.where(said > 0, said, np.nan if ideal_s is None else ideal_s)

    def planned_s(self, index: int, ideal_s: float | None) -> tuple[float, float]:
        """Planned time of what an operation produced, and of what of it was good, in s; 0 where it is not known."""
        good, scrap, rework = (float(column[0]) for column in self.quantities(index, index + 1))
        each_s = self.columns[3][index] or ideal_s or 0.0
        return each_s * (good + scrap + rework), each_s * good

    def start(self, index: int) -> int:
        """When an operation began; where that was not said, with the completion before its own instant."""
        if self.begun[index] != UNSAID:
            return min(self.begun[index], self.times[index])
        return self.done_before(self.times[index])

    def done_before(self, time_ns: int) -> int:
        """The last completion before a time; the begin of all time where there was none."""
        before = bisect_left(self.times, time_ns) - 1
        return self.times[before] if before >= 0 else -NEVER

    def crossing(self, t0_ns: int, t1_ns: int) -> list[int]:
        """Operations over a boundary of a window: that began before its begin, or go on after its end."""
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        found = [index for index in self._group(first) if index < last and self.start(index) < t0_ns]
        if self.longest_ns:
            begun = _view(self.begun, first, last)
            found = sorted({*found, *(first + np.flatnonzero((begun != UNSAID) & (begun < t0_ns))).tolist()})
        later = [index for index in self._group(last) if self.start(index) < t1_ns]
        until = bisect_left(self.times, t1_ns + self.longest_ns) if self.longest_ns else last
        if until > last:
            begun = _view(self.begun, last, until)
            later = sorted({*later, *(last + np.flatnonzero((begun != UNSAID) & (begun < t1_ns))).tolist()})
        return found + later

    def _group(self, index: int) -> range:
        """Operations completed at the instant of one."""
        return range(index, bisect_right(self.times, self.times[index])) if index < len(self.times) else range(0)

    def around(self, first_ns: int, last_ns: int) -> tuple[int, int]:
        """A span, widened to the operations that overlap it."""
        since_ns = min(self.done_before(first_ns + 1), first_ns - self.longest_ns)
        begin = max(since_ns, first_ns - LONGEST_OPERATION_NS)
        after = bisect_left(self.times, last_ns)
        return begin, max((*self.times[after : after + 1], last_ns + self.longest_ns))

    def open_at(self, time_ns: int, vouched_ns: int = NEVER) -> bool:
        """Whether an operation may be under way at a time of which it is not known what became of it.

        Where begins are said, operations end in the order in which they began, until one is seen that did not; where
        they are not, one comes after the other. What was completed later than all was heard says nothing of either:
        one that was completed before it may still come.

        Args:
            time_ns: The time.
            vouched_ns: Until when all was heard.
        """
        if self.times and self.times[-1] > vouched_ns:
            return self._open_of(time_ns, vouched_ns)
        if self.longest_ns:
            return self.overtaken or self.latest_begun < time_ns
        return not self.times or self.times[-1] < time_ns

    def _open_of(self, time_ns: int, vouched_ns: int) -> bool:
        """The same, of those that were completed until a time; and whether a later one had begun."""
        first, last = bisect_left(self.times, time_ns), bisect_right(self.times, vouched_ns)
        if not self.longest_ns:
            return first >= last
        later = _view(self.begun, last, len(self.begun))
        if self.overtaken or ((later != UNSAID) & (later < time_ns)).any():
            return True
        return not (_view(self.begun, first, last) >= time_ns).any()

    def counts(self, t0_ns: int, t1_ns: int, ideal_s: float | None = None) -> Completions:
        """Sums over the completions in the window; planned times are NaN where one is not known.

        Args:
            t0_ns: Begin of the window.
            t1_ns: Its end.
            ideal_s: Planned run time per item where a completion does not say it.
        """
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        if first >= last:
            return Completions()
        good, scrap, rework = self.quantities(first, last)
        at_first = _view(self.columns[4], first, last)
        ideal = self.ideals(first, last, ideal_s)
        produced = good + scrap + rework
        ideal = np.where(produced == 0, 0.0, ideal)
        return Completions(
            float(good.sum()),
            float(scrap.sum()),
            float(rework.sum()),
            float(produced @ at_first),
            float(good @ at_first),
            float(ideal @ produced),
            float(ideal @ good),
        )

    def good_of(self, item: int, t0_ns: int, t1_ns: int) -> float:
        """Good quantity of one item in the window."""
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        items = _view(self.columns[5], first, last)
        return float(self.quantities(first, last)[0][items == item].sum())

    def weighed(self, t0_ns: int, t1_ns: int, weights: Mapping[int, int]) -> tuple[float, float, float]:
        """Good, scrap and rework quantity in the window, each item with its weight.

        Args:
            t0_ns: Begin of the window.
            t1_ns: Its end.
            weights: Weight by number of the item, see :func:`twin.brain.completed.numbered`.
        """
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        if first >= last:
            return 0.0, 0.0, 0.0
        amounts = self.quantities(first, last)
        other = weights.get(UNNAMED, 1)
        each = np.array([weights.get(item, other) for item in _view(self.columns[5], first, last).tolist()])
        return tuple(float(amount @ each) for amount in amounts)  # type: ignore[return-value]

    def prune(self, before_ns: int) -> None:
        """Forget completions before a time, but for the last one: the next operation began with it."""
        cut = bisect_left(self.times, before_ns) - 1
        if cut > 0 and self.corrections:
            amounts = np.array([list(column) for column in self.columns[:3]])
            reach = corrected(amounts, np.array(self.columns[5]))[2]
            cut = min([cut, *(first for row, first in reach.items() if row >= cut)])
        if cut <= 0:
            return
        for column in (self.times, *self.columns, self.begun):
            del column[:cut]
        self._corrected = None
        self.corrections = sum(min(row) < 0 for row in zip(*self.columns[:3], strict=True)) if self.corrections else 0


class StepLog:
    """A quantity that changes in steps: a stock."""

    def __init__(self) -> None:
        self.times = array("q")
        self.levels = array("d")

    def add(self, time_ns: int, level: float) -> int:
        """Keep a new level; until when it holds."""
        index = len(self.times)
        if index and time_ns < self.times[-1]:
            index = bisect_right(self.times, time_ns)
        self.times.insert(index, time_ns)
        self.levels.insert(index, level)
        return self.times[index + 1] if index + 1 < len(self.times) else NEVER

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
        self.folded_ns = -NEVER
        """Until when changes are in the base."""

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
        self.folded_ns = before_ns
        cut = bisect_left(self.times, before_ns)
        self.base += float(np.sum(_view(self.changes, 0, cut)))
        del self.times[:cut], self.changes[:cut]
