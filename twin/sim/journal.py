"""What happened, in order: from the stations' raw log to rows without repeats."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from twin.records import RecordKind

Rows = tuple[list[float], list["Event"]]
"""Times and what happened at them: two lists, because a year has millions of rows."""
CHUNK = 2048
_digest_of = attrgetter("digest")


class TraceRow(NamedTuple):
    """One event.

    Args:
        sim_s: Exact simulated time in s.
        unit: Number of the unit, index into ``Plant.units``.
        kind: Kind of record.
        values: Values of ``records.COLUMNS[kind]``.
    """

    sim_s: float
    unit: int
    kind: RecordKind
    values: tuple[Any, ...]


class Series:
    """Events of which only the last of an instant counts: the states of a unit, the levels of a stock.

    ``last`` is what was said last, ``before`` what was said before this instant, ``index`` the row of
    this instant (-1: none).
    """

    __slots__ = ("before", "index", "last", "time")

    def __init__(self) -> None:
        self.last: Event | None = None
        self.before: Event | None = None
        self.time = -1.0
        self.index = -1

    def says_nothing(self, event: Event) -> bool:
        """Whether an event says what was said before this instant."""
        before = self.before
        return before is not None and before.values == event.values


class Event:
    """Something that can happen at a unit; made once, logged many times.

    Args:
        unit: Number of the unit.
        kind: Kind of record.
        values: Values of its columns.
        series: Events of one series at the same instant become one row: the last state or level, or
            for PART the sum of quantities. None: each is a row.
        digest: Part of the fingerprint, states only; else 0.
        code: Of states: number of the state, plus 16 with an order.
    """

    __slots__ = ("code", "digest", "kind", "series", "unit", "values")

    def __init__(self, unit: int, kind: RecordKind, values: tuple[Any, ...], series: Series | None = None):
        self.unit, self.kind, self.values, self.series = unit, kind, values, series
        self.digest = 0
        self.code = 0


def state_event(unit: int, path: str, code: int, values: tuple[Any, ...], series: Series) -> Event:
    """The event of entering a state."""
    event = Event(unit, RecordKind.STATE, values, series)
    text = f"{path}|{values!r}".encode()
    event.digest = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") | 1
    event.code = code
    return event


class Fingerprint:
    """Hash over time, unit and state of every state change, independent of how the run was cut."""

    def __init__(self) -> None:
        self._hash = b""
        self._times = array("d")
        self._digests = array("Q")

    def add(self, times: Iterable[float], digests: Iterable[int]) -> None:
        """Take state changes in order."""
        self._times.extend(times)
        self._digests.extend(digests)
        while len(self._times) >= CHUNK:
            self._hash = self._fold(CHUNK)
            del self._times[:CHUNK], self._digests[:CHUNK]

    def _fold(self, size: int) -> bytes:
        body = self._times[:size].tobytes() + self._digests[:size].tobytes()
        return hashlib.blake2b(self._hash + body, digest_size=16).digest()

    def value(self, tail: str) -> str:
        """The fingerprint so far with ``tail`` hashed in."""
        return hashlib.blake2b(self._fold(len(self._times)) + tail.encode(), digest_size=16).hexdigest()


class Journal:
    """Collects the raw log of all stations.

    ``log`` alternates simulated time and :class:`Event`. States are always logged, everything else
    only when ``recording``.

    Args:
        trace: Keep rows for :meth:`drain`.
        intervals: Hand rows to a reader as well, see ``settle``.
    """

    def __init__(self, trace: bool, intervals: bool):
        self.trace, self.intervals = trace, intervals
        self.recording = trace or intervals
        self.log: list[Any] = []
        self.fingerprint = Fingerprint()
        self._rows: Rows = ([], [])

    def settle(self, before: float) -> Rows:
        """Turn the raw log before a time into rows; what is logged at it may go on changing.

        Returns:
            The new rows in order of time; empty when nothing is recorded.
        """
        log = self.log
        end = len(log)
        while end and log[end - 2] >= before:
            end -= 2
        if not end:
            return [], []
        times, events = log[0:end:2], log[1:end:2]
        del log[:end]
        self._hash(times, events)
        if not self.recording:
            return [], []
        rows = _collapsed(times, events)
        if self.trace:
            self._rows[0].extend(rows[0])
            self._rows[1].extend(rows[1])
        return rows

    def _hash(self, times: list[float], events: list[Event]) -> None:
        digests = list(map(_digest_of, events))
        if self.recording:
            states = np.flatnonzero(np.array(digests, dtype=np.uint64)).tolist()
            times, digests = [times[i] for i in states], [digests[i] for i in states]
        self.fingerprint.add(times, digests)

    def drain(self) -> list[TraceRow]:
        """Rows since the last call."""
        rows, self._rows = self._rows, ([], [])
        new, row = tuple.__new__, TraceRow
        return [new(row, (time, e.unit, e.kind, e.values)) for time, e in zip(*rows, strict=True)]


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
