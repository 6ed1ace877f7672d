"""From the stations' raw log to rows in order of time, without repeats."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import compress
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.engine.events import Event, Rows, Series, Trace
from twin.engine.fingerprint import Fingerprint
from twin.records import RecordKind

MANY = 512
"""From so many rows on, working on whole columns is faster than row by row."""
LONG = 16_384
"""Length from which on a log that nobody reads goes into the fingerprint; until then it waits."""
ROOM = 1_024
"""Rows for which a catalogue has room at first."""
KNOWN = 1 << 17
"""Rows that a catalogue may have before it is emptied."""
_number_of = attrgetter("number")


class Catalogue:
    """Numbers of all that was said so far, so that many rows can be treated at once.

    Equal values of a series have the same number, an event without a series has 0. Not saved: after a
    restore it fills again. When it knows :data:`KNOWN` it is emptied, so that what is never said again, such as
    what names finished lots and orders, does not stay.
    """

    def __init__(self) -> None:
        self._begun = self._series_begun = 0
        self._empty()

    def _empty(self) -> None:
        self._series: list[Series | None] = [None]
        self._numbers: dict[tuple[int, tuple[Any, ...]], int] = {}
        self.known = 1
        self.series_of: NDArray[Any] = np.zeros(ROOM, dtype=np.uint16)  # which sorts twice as fast as wider ones
        self.digests = np.zeros(ROOM, dtype=np.uint64)
        self.is_part = np.zeros(ROOM, dtype=bool)

    def _forget(self) -> None:
        """Know nothing any more: numbers given so far count as none."""
        self._begun += self.known
        self._series_begun += len(self._series)
        self._empty()

    def _learn(self, series: int, event: Event) -> int:
        number = self.known
        if number == len(self.digests):
            self.series_of, self.digests, self.is_part = (
                np.concatenate([column, np.zeros_like(column)])
                for column in (self.series_of, self.digests, self.is_part)
            )
        if series == 1 << 16:
            self.series_of = self.series_of.astype(np.uint32)
        self.series_of[number], self.digests[number] = series, event.digest
        self.is_part[number] = event.kind is RecordKind.PART
        self.known = number + 1
        return number

    def numbers(self, events: list[Event]) -> NDArray[np.int64]:
        """Number of each event."""
        if self.known > KNOWN:
            self._forget()
        numbers = np.fromiter(map(_number_of, events), np.int64, len(events))
        old = (numbers < 0) | ((numbers > 0) & (numbers <= self._begun))
        numbers[numbers > 0] -= self._begun
        if old.any():
            for index in np.flatnonzero(old).tolist():
                numbers[index] = self._number(events[index])
        return numbers

    def digests_of(self, events: list[Event]) -> NDArray[np.uint64]:
        """Part of each event in the fingerprint."""
        numbers = self.numbers(events)
        digests: NDArray[np.uint64] = self.digests[numbers]
        return digests

    def _number(self, event: Event) -> int:
        series = event.series
        if series is None:
            event.number = 0
            return 0
        if event.number > self._begun:
            return event.number - self._begun
        if series.number <= self._series_begun:
            series.number = self._series_begun + len(self._series)
            self._series.append(series)
        key = (series.number, event.values)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._learn(series.number - self._series_begun, event)
        event.number = self._begun + number
        return number

    def collapsed(self, times: list[float], events: list[Event]) -> Rows:
        """The same as :func:`_collapsed`, for many rows."""
        numbers = self.numbers(events)
        if not len(numbers):
            return times, events
        series = self.series_of[numbers]
        order = np.argsort(series, kind="stable")
        series, numbers, instants = series[order], numbers[order], np.array(times)[order]
        last = series == 0
        last[:-1] |= (series[1:] != series[:-1]) | (instants[1:] != instants[:-1])
        last[-1] = True
        ends = np.flatnonzero(last)
        for begin, end in _spans(ends, self.is_part[numbers]):
            row = None
            for index in order[begin : end + 1].tolist():
                row = _sum(row, events[index])
            assert row is not None  # noqa: S101 - a span is not empty
            events[order[end]] = row
        kept = np.zeros(len(times), dtype=bool)
        kept[order[ends[self._news(events, order[ends], series[ends], numbers[ends])]]] = True
        if kept.all():
            return times, events
        chosen = kept.tolist()
        return list(compress(times, chosen)), list(compress(events, chosen))

    def _news(
        self, events: list[Event], rows: NDArray[np.intp], series: NDArray[Any], numbers: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Whether a row says something that was not said last; keeps what is said last."""
        before = np.empty_like(numbers)
        before[1:] = numbers[:-1]
        firsts = np.flatnonzero(np.append(True, series[1:] != series[:-1]))
        for first, final in zip(firsts.tolist(), [*(firsts[1:] - 1).tolist(), len(rows) - 1], strict=True):
            one = self._series[series[first]]
            before[first] = -1
            if one is not None and not self.is_part[numbers[first]]:
                before[first] = -1 if one.last is None else self._number(one.last)
                one.last = events[rows[final]]
        news: NDArray[np.bool_] = (numbers != before) | self.is_part[numbers] | (series == 0)
        return news


def _spans(ends: NDArray[np.intp], is_part: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Begin and end of the instants at which a series completed more than one operation."""
    begins = np.append(0, ends[:-1] + 1)
    several = np.flatnonzero((ends > begins) & is_part[ends])
    return zip(begins[several].tolist(), ends[several].tolist(), strict=True)


class Journal:
    """Collects the raw log of all stations.

    ``log`` alternates simulated time and what happened at it: an :class:`Event` when ``recording``. Otherwise
    nobody reads it: then only states are logged, each as its number, see :meth:`word`.

    Args:
        trace: Keep rows for :meth:`drain`.
        intervals: Hand rows to a reader as well, see ``settle``.
        operations: Log the begin and end of every operation on a lot too.
    """

    def __init__(self, trace: bool, intervals: bool, operations: bool = False):
        self.trace, self.intervals = trace, intervals
        self.recording = trace or intervals
        self.operations = operations and self.recording
        self.log: Any = [] if self.recording else array("d")
        self._digests: list[int] = []
        self._fingerprint = Fingerprint()
        self._rows: Rows = ([], [])
        self._catalogue = Catalogue()

    @property
    def fingerprint(self) -> Fingerprint:
        """That of all states that were settled; without ``recording`` of all."""
        if not self.recording:
            self._hash_words()
        return self._fingerprint

    def __getstate__(self) -> dict[str, Any]:
        if not self.recording:
            self._hash_words()
        return {name: value for name, value in self.__dict__.items() if name != "_catalogue"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._catalogue = Catalogue()

    def word(self, state: Event) -> Event | float:
        """What to log when a unit enters a state."""
        if self.recording:
            return state
        self._digests.append(state.digest)
        return float(len(self._digests) - 1)

    def settle(self, before: float) -> Rows:
        """Turn the raw log before a time into rows; what is logged at it may go on changing.

        Returns:
            The new rows in order of time; empty when nothing is recorded.
        """
        if not self.recording:
            if len(self.log) > LONG:
                self._hash_words()
            return [], []
        log = self.log
        end = len(log)
        while end and log[end - 2] >= before:
            end -= 2
        if not end:
            return [], []
        times, events = log[0:end:2], log[1:end:2]
        del log[:end]
        many = len(times) >= MANY
        self._hash(times, events, many)
        rows = self._catalogue.collapsed(times, events) if many else _collapsed(times, events)
        if self.trace:
            self._rows[0].extend(rows[0])
            self._rows[1].extend(rows[1])
        return rows

    def _hash(self, times: list[float], events: list[Event], many: bool) -> None:
        if not many:
            for time, event in zip(times, events, strict=True):
                if event.digest:
                    self._fingerprint.add_one(time, event.digest)
            return
        digests = self._catalogue.digests_of(events)
        states = np.flatnonzero(digests)
        self._fingerprint.add(np.array(times)[states], digests[states])

    def _hash_words(self) -> None:
        log = np.array(self.log)
        del self.log[:]
        self._fingerprint.add(log[::2], np.array(self._digests, dtype=np.uint64)[log[1::2].astype(np.intp)])

    def drain(self) -> Trace:
        """Rows since the last call."""
        rows, self._rows = self._rows, ([], [])
        return Trace(*rows)


def _collapsed(times: list[float], events: list[Event]) -> Rows:
    """One row per series and instant, none that says what was said before."""
    said: list[float] = []
    rows: list[Event | None] = []
    part = RecordKind.PART
    for time, event in zip(times, events, strict=True):
        series = event.series
        if series is None:
            row: Event | None = event
        elif series.time == time:
            row = _again(rows, series, event)
            if row is None:
                continue
        else:
            series.time, row = time, event
            if event.kind is not part:
                series.before = series.last
                series.last = event
                if series.says_nothing(event):
                    series.index = -1
                    continue
            series.index = len(rows)
        said.append(time)
        rows.append(row)
    real = [row for row in rows if row is not None]
    if len(real) < len(rows):
        said = [time for time, row in zip(said, rows, strict=True) if row is not None]
    return said, real


def _again(rows: list[Event | None], series: Series, event: Event) -> Event | None:
    """One more event of a series at the same instant: takes out the row of the first and gives the one in its place."""
    first = rows[series.index] if series.index >= 0 else None
    if first is not None:
        rows[series.index] = None
    if event.kind is RecordKind.PART:
        event = _sum(first, event)
    else:
        series.last = event
        if series.says_nothing(event):
            series.index = -1
            return None
    series.index = len(rows)
    return event


def _sum(row: Event | None, event: Event) -> Event:
    if row is None:
        return event
    (item, *first), (_, *second) = row.values, event.values
    quantities = [a + b for a, b in zip(first[:3], second[:3], strict=True)]
    return Event(event.unit, event.kind, (item, *quantities, *second[3:]), event.series)
