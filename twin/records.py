"""What travels: frames of records, in columns.

A frame is a small table of one kind of record. Telemetry frames hold a float matrix (NaN means
unknown); the other kinds hold an object matrix of ``str | int | float | None``. Times are integer
nanoseconds since 1970 UTC everywhere, so sums of durations are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.equipment import EquipmentPath
from twin.states import UnitState

GOOD, UNCERTAIN, BAD = np.uint8(0), np.uint8(1), np.uint8(2)
"""Quality of a value, the three severities of OPC UA status codes."""


class RecordKind(StrEnum):
    """Kinds of record; the value is used in topics and table names."""

    TELEMETRY = "telemetry"
    STATE = "state"
    PART = "part"
    STOCK = "stock"
    SHIPMENT = "shipment"
    ORDER = "order"
    ALARM = "alarm"
    HEARTBEAT = "heartbeat"
    META = "meta"
    KPI = "kpi"


class ColumnType(Enum):
    """Type of a column, the same on every wire and in every store."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"


class Column(NamedTuple):
    """What may stand in a column of an event kind.

    Args:
        name: Name of the column; columns of one name have one type, whatever the kind.
        type: Type of its values; a FLOAT may be given as an integer and stays one.
        required: Must be known; the others may be None, which means unknown or not there.
        low: Lowest value, of numbers.
        high: Highest value, of numbers.
        longest: Most characters, of texts.
        blank: May be the empty text, which says nothing.
        words: Texts that are allowed; empty: any.
        document: The text is a JSON document, which wires that speak JSON carry as such.
        meaning: What it says, with its unit, for reference and schemas.
    """

    name: str
    type: ColumnType = ColumnType.TEXT
    required: bool = False
    low: float = -math.inf
    high: float = math.inf
    longest: int = 1_000
    blank: bool = False
    words: frozenset[str] = frozenset()
    document: bool = False
    meaning: str = ""


_INTEGER, _FLOAT = ColumnType.INTEGER, ColumnType.FLOAT
MOST_PIECES = 1e12
"""Largest quantity, in pieces or whatever an item is counted in; a larger one is no quantity, and sums with it lose
what the others made."""
LONGEST_S = 1e9
"""Longest planned run time of one item, 31 years."""


QUALITY_WORDS = ("good", "estimated", "partial", "bad")
"""What may be said of the quality of an indicator, the best first."""


def _flag(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, _INTEGER, required, 0, 1, meaning=meaning)


def _quantity(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, _FLOAT, required, -MOST_PIECES, MOST_PIECES, meaning=meaning)


ORDER_EVENTS = ("placed", "received", "shipped", "delivered", "cancelled", "released", "started", "completed")
"""Steps of an ORDER. All that its supplier does with an order stands at the path of the supplier."""
OPERATION_EVENTS = ("begun", "ended")
"""Steps of an order at each unit that works on it; said on request only, for process mining."""

MEANINGS: dict[RecordKind, str] = {
    RecordKind.TELEMETRY: "all tags of a device at one time",
    RecordKind.STATE: "a state entered at the time of the row",
    RecordKind.PART: "one completed operation: what became of its pieces. A quantity may be a fraction (29.5 t), and"
    " negative where it corrects an earlier one",
    RecordKind.STOCK: "quantity of an item on hand in a storing unit after a change",
    RecordKind.SHIPMENT: "a load that departed from or arrived at a unit; the path is where it happened",
    RecordKind.ORDER: "a step in the life of an order: placed (by who wants it), received (by who is to supply it),"
    " then shipped, delivered or cancelled in part or whole; of a job order released, started, completed, cancelled",
    RecordKind.ALARM: "an alarm came or went",
    RecordKind.HEARTBEAT: "the publisher has sent all that happened before the time of the row; its own counters",
    RecordKind.META: "master data of a path",
    RecordKind.KPI: "an indicator; the time of the row is the end of its window",
}
"""What a row of each kind says."""

SPECS: dict[RecordKind, tuple[Column, ...]] = {
    RecordKind.STATE: (
        Column("state", required=True, words=frozenset(state.name for state in UnitState), meaning="canonical state"),
        Column("order", blank=True, meaning="job order on the unit"),
        Column("cause", blank=True, meaning="why: id of a failure mode, a neighbour, a job, a disturbance"),
    ),
    RecordKind.PART: (
        Column("item", meaning="what was made"),
        _quantity("good", "good pieces", required=True),
        _quantity("scrap", "scrapped pieces", required=True),
        _quantity("rework", "pieces to be worked on again", required=True),
        Column("ideal_s", _FLOAT, low=0, high=LONGEST_S, meaning="planned run time of one piece (PRI), s"),
        _flag("first_pass", "1: first pass through the unit; 0: after rework"),
        Column(
            "begun_ns",
            _INTEGER,
            low=0,
            meaning="when the operation began, ns since 1970 UTC; null: with the completion before it",
        ),
        _flag("lacking", "1: more may have been made since begun_ns than is said, e.g. because a counter was reset"),
    ),
    RecordKind.STOCK: (
        Column("item", required=True, meaning="what is on hand"),
        _quantity("on_hand", "quantity on hand", required=True),
    ),
    RecordKind.SHIPMENT: (
        Column("shipment", required=True, meaning="id of the load"),
        Column("event", required=True, words=frozenset(("departed", "arrived")), meaning="what happened to it"),
        Column("item", meaning="what it carries"),
        _quantity("quantity", "how much of it"),
        Column("origin", blank=True, meaning="path where it comes from"),
        Column("destination", blank=True, meaning="path where it goes to"),
    ),
    RecordKind.ORDER: (
        Column("order", required=True, meaning="id of the order"),
        Column("event", required=True, words=frozenset((*ORDER_EVENTS, *OPERATION_EVENTS)), meaning="the step"),
        Column("item", meaning="what is ordered"),
        _quantity("quantity", "quantity of the step"),
        Column("due_ns", _INTEGER, low=0, meaning="when it is due, ns since 1970 UTC"),
        Column("origin", blank=True, meaning="path of who supplies or makes it"),
        Column("destination", blank=True, meaning="path of who wants it"),
    ),
    RecordKind.ALARM: (
        Column("code", required=True, meaning="which alarm"),
        Column("severity", _INTEGER, low=1, high=1000, meaning="1 to 1000, as in OPC UA"),
        _flag("active", "1: it came; 0: it went", required=True),
        Column("text", longest=10_000, blank=True, meaning="what people read"),
    ),
    RecordKind.HEARTBEAT: (
        Column("sent", _INTEGER, low=0, meaning="pieces that the publisher has sent"),
        Column("dropped", _INTEGER, low=0, meaning="pieces that it has dropped"),
        Column("lag_s", _FLOAT, meaning="how far it is behind the clock, s; negative: ahead of it"),
    ),
    # twin/master.py has the documents
    RecordKind.META: (
        Column("schema", required=True, meaning="name of the schema of the document"),
        Column("body", required=True, longest=4 * 1024 * 1024, document=True, meaning="the document"),
    ),
    RecordKind.KPI: (
        Column("kpi", required=True, meaning="id of the indicator"),
        Column("scope", meaning="what it is of: machine, line, site, enterprise, chain ..."),
        Column("window", required=True, meaning="kind of window: hour, shift, day ..."),
        Column("t0_ns", _INTEGER, required=True, low=0, meaning="begin of the window, ns since 1970 UTC"),
        Column("value", _FLOAT, meaning="the value; ratios from 0 to 1; null: not known"),
        Column("numerator", _FLOAT, meaning="numerator of the value, to be summed over units and windows"),
        Column("denominator", _FLOAT, meaning="denominator of the value, likewise"),
        Column("coverage", _FLOAT, low=0, high=1, meaning="share of the window of which is known what happened"),
        Column("quality", words=frozenset(QUALITY_WORDS), meaning="how far the value is to be trusted"),
        Column("rule_version", meaning="version of the rules that it was computed by"),
        Column("low", _FLOAT, meaning="lower bound that neighbouring readings prove; null: exact, or not known"),
        Column("high", _FLOAT, meaning="upper bound, likewise"),
        _flag("flag_gt1", "1: a ratio above 1 where 1 is the ceiling"),
        _flag("overtime", "1: production outside planned time took part"),
        Column(
            "revision",
            _INTEGER,
            low=0,
            meaning="0, then one more whenever the record is computed again to something else",
        ),
    ),
}
"""Columns of every kind but telemetry, whose columns are the tags of the device. New ones go to the end of a
kind and are not required, so that records from before them stay whole."""

COLUMNS: dict[RecordKind, tuple[str, ...]] = {kind: tuple(column.name for column in SPECS[kind]) for kind in SPECS}
"""Names of the columns."""


class Refused(NamedTuple):
    """A row that somebody said and that was not taken, so that what it bears on is known to be incomplete.

    Args:
        path: Whose it was.
        kind: Its kind.
        time_ns: Its time, where that could be read and can be; -1: it is not known.
    """

    path: EquipmentPath
    kind: RecordKind
    time_ns: int = -1


FIGURED = frozenset(kind for kind in RecordKind if kind not in ("telemetry", "alarm", "heartbeat", "kpi"))
"""Kinds of which every row counts in figures: a reading is made up for by the next, the others are in none."""


class Sample(NamedTuple):
    """One value: the one-row view of a frame."""

    path: EquipmentPath
    tag: str
    value: Any
    source_time_ns: int
    quality: int
    seq: int


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A table of records that travels as one.

    Args:
        kind: Kind of all rows.
        paths: Equipment of each row.
        time_ns: Source time of each row, int64[rows]; not decreasing.
        tags: Names of the columns; for kinds other than telemetry ``COLUMNS[kind]``.
        values: float64[rows, tags] for telemetry, object[rows, tags] otherwise.
        quality: uint8[rows, tags], or None when all are good.
        publisher: Id of the publisher that numbers the frames, empty until the outbox stamps it.
        run: Id of one life of that publisher; ``seq`` counts from 0 within it.
        seq: Number of the frame, -1 until stamped.
        historical: Sent again or late, not live.
        sent_ns: When its publisher says that it was sent, 0 where that is not said; not stored.
        refused: Rows that came with these and were not taken; not stored.
    """

    kind: RecordKind
    paths: tuple[EquipmentPath, ...]
    time_ns: NDArray[np.int64]
    tags: tuple[str, ...]
    values: NDArray[Any]
    quality: NDArray[np.uint8] | None = None
    publisher: str = ""
    run: str = ""
    seq: int = -1
    historical: bool = False
    sent_ns: int = 0
    refused: tuple[Refused, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.values.size)

    def column(self, tag: str) -> NDArray[Any]:
        """The values of one tag, [rows]."""
        column: NDArray[Any] = self.values[:, self.tags.index(tag)]
        return column

    def samples(self) -> Iterator[Sample]:
        """The frame value by value; for tests and slow consumers."""
        for row, path in enumerate(self.paths):
            for column, tag in enumerate(self.tags):
                quality = 0 if self.quality is None else int(self.quality[row, column])
                yield Sample(path, tag, self.values[row, column], int(self.time_ns[row]), quality, self.seq)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as a dictionary with ``path`` and ``time_ns``; for tests and slow consumers."""
        for row, path in enumerate(self.paths):
            yield {
                "path": path,
                "time_ns": int(self.time_ns[row]),
                **dict(zip(self.tags, self.values[row], strict=True)),
            }

    def stamped(self, publisher: str, run: str, seq: int) -> Frame:
        """The same frame with its publisher's number."""
        return replace(self, publisher=publisher, run=run, seq=seq)

    def without(self, refused: Iterable[Refused]) -> Frame:
        """The same frame with rows that came with it and were not taken, as far as they count in figures."""
        known = tuple(dict.fromkeys(row for row in refused if row.kind in FIGURED))
        return replace(self, refused=self.refused + known) if known else self

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> Frame:
        """A frame of some of the rows."""
        index = np.asarray(rows, dtype=np.intp)
        quality = None if self.quality is None else self.quality[index]
        paths = tuple(self.paths[i] for i in index)
        return replace(self, paths=paths, time_ns=self.time_ns[index], values=self.values[index], quality=quality)


def nothing_of(kind: RecordKind, refused: Iterable[Refused] = ()) -> Frame:
    """A frame without rows, which says only that some were refused."""
    tags = COLUMNS.get(kind, ())
    return Frame(kind, (), np.empty(0, np.int64), tags, np.empty((0, len(tags)), dtype=object)).without(refused)


def records(kind: RecordKind, rows: Sequence[tuple[EquipmentPath, int, tuple[Any, ...]]]) -> Frame:
    """Build a frame of events from (path, time_ns, values) rows; columns that a row leaves out at its end are unknown.

    >>> path = EquipmentPath("a/b/c/d/e")
    >>> frame = records(RecordKind.STATE, [(path, 0, ("PRODUCING", None, None))])
    >>> frame.column("state").tolist()
    ['PRODUCING']
    """
    tags = COLUMNS[kind]
    values = np.empty((len(rows), len(tags)), dtype=object)
    for index, (_, _, row) in enumerate(rows):
        values[index, : len(row)] = row
    time_ns = np.fromiter((row[1] for row in rows), dtype=np.int64, count=len(rows))
    return Frame(kind, tuple(row[0] for row in rows), time_ns, tags, values)


def joined(frames: Sequence[Frame]) -> Frame:
    """Frames of one kind and the same columns as one, rows in their order; a single one stays as it is.

    >>> path = EquipmentPath("a/b/c/d/e")
    >>> joined([telemetry(path, time_ns, {"kw": 5.0}) for time_ns in (0, 1)]).time_ns.tolist()
    [0, 1]
    """
    first = frames[0]
    if len(frames) == 1:
        return first
    quality = None
    if any(frame.quality is not None for frame in frames):
        marks = (np.full(one.values.shape, GOOD) if one.quality is None else one.quality for one in frames)
        quality = np.concatenate(list(marks))
    return Frame(
        first.kind,
        tuple(path for frame in frames for path in frame.paths),
        np.concatenate([frame.time_ns for frame in frames]),
        first.tags,
        np.concatenate([frame.values for frame in frames]),
        quality,
    )


def telemetry(path: EquipmentPath, time_ns: int, values: Mapping[str, float]) -> Frame:
    """A frame with some tags of one unit at one time.

    >>> telemetry(EquipmentPath("a/b/c/d/e"), 0, {"power_kw": 5.0}).column("power_kw").tolist()
    [5.0]
    """
    row = np.array([[float(value) for value in values.values()]])
    return Frame(RecordKind.TELEMETRY, (path,), np.array([time_ns], dtype=np.int64), tuple(values), row)
