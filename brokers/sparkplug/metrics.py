"""Which metric stands for what: our own design on top of Sparkplug B.

Telemetry tags are metrics of the same name. The columns of the other kinds are metrics in a folder,
``State/state``, ``State/order``, ``Part/good``; a record is all the metrics of its folder with one
timestamp. ``Frame/Sequence`` is the number of the piece (Sparkplug's own ``seq`` is too short for an
end-to-end acknowledgement), ``Frame/Time`` the exact time in ns where it is not a whole ms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from brokers import columns
from twin.records import COLUMNS, RecordKind
from twin.sparkplug.protobuf import DataType
from twin.tags import TagSpec

SEQUENCE, TIME, RUN, PUBLISHER = "Frame/Sequence", "Frame/Time", "Frame/Run", "Frame/Publisher"
REBIRTH, BDSEQ = "Node Control/Rebirth", "bdSeq"
COMMAND = "Command/"
"""Folder of what can be written to a unit or site."""
QUALITY = "Quality"
QUALITY_CODES = {0: 192, 1: 500, 2: 0}
"""Ours (good, uncertain, bad) to Sparkplug's (good, stale, bad)."""
QUALITIES = {code: quality for quality, code in QUALITY_CODES.items()}

_TYPES = {
    columns.ColumnType.TEXT: DataType.STRING,
    columns.ColumnType.INTEGER: DataType.INT64,
    columns.ColumnType.FLOAT: DataType.DOUBLE,
}


def folder(kind: RecordKind) -> str:
    """Folder of a kind's metrics; empty for telemetry.

    >>> folder(RecordKind.STATE), folder(RecordKind.TELEMETRY)
    ('State/', '')
    """
    return "" if kind is RecordKind.TELEMETRY else f"{kind.value.capitalize()}/"


FOLDERS = {folder(kind): kind for kind in RecordKind if kind is not RecordKind.TELEMETRY}


def column_type(column: str) -> DataType:
    """Data type of a column of records."""
    return _TYPES[columns.column_type(column)]


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric as a birth defines it.

    Args:
        name: Name with its folders.
        datatype: Sparkplug data type.
        kind: Kind of record it belongs to; None for ``Frame/...`` and node control.
        column: Tag or column.
        spec: What is known of the tag.
    """

    name: str
    datatype: int
    kind: RecordKind | None = None
    column: str = ""
    spec: TagSpec | None = None


def specs_of(kind: RecordKind, tags: tuple[str, ...] = ()) -> list[MetricSpec]:
    """Metrics of a kind; for telemetry those of the tags."""
    if kind is RecordKind.TELEMETRY:
        return [MetricSpec(tag, DataType.DOUBLE, kind, tag) for tag in tags]
    return [MetricSpec(folder(kind) + column, column_type(column), kind, column) for column in COLUMNS[kind]]


def spec_for(name: str, datatype: int) -> MetricSpec:
    """What a metric of one of our own nodes stands for, from its name.

    >>> spec_for("Stock/on_hand", 10).column
    'on_hand'
    """
    head, slash, column = name.partition("/")
    kind = FOLDERS.get(head + slash)
    if kind is not None:
        return MetricSpec(name, datatype, kind, column)
    if head in ("Frame", "Node Control", "Command") or name == BDSEQ:
        return MetricSpec(name, datatype)
    return MetricSpec(name, datatype, RecordKind.TELEMETRY, name)


def plain(value: Any) -> Any:
    """A value as both transports say it: what is not finite in records is unknown, as None."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
