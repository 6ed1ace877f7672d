"""What can happen at a unit, and what did: events, and traces of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

from twin.records import RecordKind

Rows = tuple[list[float], list["Event"]]
"""Times and what happened at them: two lists, because a year has millions of rows."""


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


class Trace(Sequence[TraceRow]):
    """Events in order of time, kept as columns; a row is made when it is looked at.

    Args:
        times: Exact simulated times in s.
        events: What happened at them.
    """

    __slots__ = ("events", "times")

    def __init__(self, times: list[float], events: list[Event]):
        self.times, self.events = times, events

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[TraceRow]:
        new, row = tuple.__new__, TraceRow
        for time, event in zip(self.times, self.events, strict=True):
            yield new(row, (time, event.unit, event.kind, event.values))

    @overload
    def __getitem__(self, index: int) -> TraceRow: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> TraceRow | Trace:
        if isinstance(index, slice):
            return Trace(self.times[index], self.events[index])
        event = self.events[index]
        return TraceRow(self.times[index], event.unit, event.kind, event.values)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Trace | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Trace({list(self)!r})"


class Series:
    """Events of which only the last of an instant counts: the states of a unit, the levels of a stock.

    ``last`` is what was said last, ``before`` what was said before this instant, ``index`` the row of
    this instant (-1: none), ``number`` that in the catalogue (-1: not yet in it).
    """

    __slots__ = ("before", "index", "last", "number", "time")

    def __init__(self) -> None:
        self.last: Event | None = None
        self.before: Event | None = None
        self.time = -1.0
        self.index = self.number = -1

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.last,)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        (self.last,) = state
        self.before, self.time, self.index, self.number = None, -1.0, -1, -1

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
        number: That in the catalogue; -1: not yet in it.
    """

    __slots__ = ("code", "digest", "kind", "number", "series", "unit", "values")

    def __init__(self, unit: int, kind: RecordKind, values: tuple[Any, ...], series: Series | None = None):
        self.unit, self.kind, self.values, self.series = unit, kind, values, series
        self.digest = 0
        self.code = 0
        self.number = -1

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.unit, self.kind, self.values, self.series, self.digest, self.code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.unit, self.kind, self.values, self.series, self.digest, self.code = state
        self.number = -1


def state_event(unit: int, path: str, code: int, values: tuple[Any, ...], series: Series) -> Event:
    """The event of entering a state."""
    event = Event(unit, RecordKind.STATE, values, series)
    text = f"{path}|{values!r}".encode()
    event.digest = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") | 1
    event.code = code
    return event
