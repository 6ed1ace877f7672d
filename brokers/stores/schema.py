"""What every store must know about the kinds of record: types of columns and keys of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from twin.errors import StoreError
from twin.records import COLUMNS, Frame, RecordKind

EVENTS = tuple(kind for kind in RecordKind if kind is not RecordKind.TELEMETRY)
"""All kinds but telemetry."""


class ColumnType(Enum):
    """Type of a column, the same in every store."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"


_INTEGERS = {"first_pass", "severity", "active", "sent", "dropped", "t0_ns"}
_FLOATS = {
    "good",
    "scrap",
    "rework",
    "ideal_s",
    "on_hand",
    "quantity",
    "lag_s",
    "value",
    "numerator",
    "denominator",
    "coverage",
}

ROW_KEY: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.PART: ("item",),
    RecordKind.STOCK: ("item",),
    RecordKind.SHIPMENT: ("shipment",),
    RecordKind.ALARM: ("code",),
    RecordKind.META: ("schema",),
    RecordKind.KPI: ("kpi", "window"),
}
"""Columns that make a row unique together with its path and source time."""

LAST_KEY: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.STOCK: ("item",),
    RecordKind.META: ("schema",),
    RecordKind.KPI: ("kpi", "window"),
}
"""Columns of which ``latest`` gives the last row each, together with the path."""


def column_type(name: str) -> ColumnType:
    """Type of a column of an event kind."""
    if name in _INTEGERS:
        return ColumnType.INTEGER
    return ColumnType.FLOAT if name in _FLOATS else ColumnType.TEXT


_READ: dict[ColumnType, Callable[[Any], str | int | float]] = {
    ColumnType.TEXT: str,
    ColumnType.INTEGER: int,
    ColumnType.FLOAT: float,
}


def cleaned(name: str, value: Any) -> str | int | float | None:
    """A value as stores keep it: of the column's type, unknown as None.

    Raises:
        StoreError: It cannot be of that type.

    >>> cleaned("value", float("nan")), cleaned("active", True), cleaned("item", "pack")
    (None, 1, 'pack')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return _READ[column_type(name)](value)
    except (TypeError, ValueError):
        raise StoreError(f"store: {name}: expected {column_type(name).value}, got {value!r}") from None


def merged(frames: Iterable[Frame]) -> list[Frame]:
    """Frames of the same kind and tags joined into one each, in order of arrival; empty ones left out."""
    groups: dict[tuple[RecordKind, tuple[str, ...]], list[Frame]] = {}
    for frame in frames:
        if len(frame):
            groups.setdefault((frame.kind, frame.tags), []).append(frame)
    return [group[0] if len(group) == 1 else _joined(group) for group in groups.values()]


def _joined(frames: Sequence[Frame]) -> Frame:
    first = frames[0]
    quality = None
    if any(frame.quality is not None for frame in frames):
        good = (np.zeros(frame.values.shape, np.uint8) if frame.quality is None else frame.quality for frame in frames)
        quality = np.concatenate(list(good))
    return Frame(
        first.kind,
        tuple(path for frame in frames for path in frame.paths),
        np.concatenate([frame.time_ns for frame in frames]),
        first.tags,
        np.concatenate([frame.values for frame in frames]),
        quality,
    )


def event_frame(kind: RecordKind, rows: Sequence[tuple[Any, ...]]) -> Frame:
    """A frame from rows of (path, time_ns, *columns)."""
    values = np.empty((len(rows), len(COLUMNS[kind])), dtype=object)
    for index, row in enumerate(rows):
        values[index] = row[2:]
    time_ns = np.fromiter((row[1] for row in rows), dtype=np.int64, count=len(rows))
    return Frame(kind, tuple(row[0] for row in rows), time_ns, COLUMNS[kind], values)


def checked_where(kind: RecordKind, where: Mapping[str, Any] | None) -> dict[str, Any]:
    """The conditions of a query.

    Raises:
        ValueError: A column that the kind does not have, or the kind is telemetry.
    """
    events_only(kind)
    for name in where or {}:
        if name not in COLUMNS[kind]:
            raise ValueError(f"{kind}: expected a column of {', '.join(COLUMNS[kind])}, got {name!r}")
    return {name: cleaned(name, value) for name, value in (where or {}).items()}


def events_only(kind: RecordKind) -> None:
    """Refuse telemetry, which is read by tag.

    Raises:
        ValueError: The kind is telemetry.
    """
    if kind is RecordKind.TELEMETRY:
        raise ValueError("telemetry: expected a kind with fixed columns, got telemetry (read it with series)")


def bucket_ns(t0_ns: int, t1_ns: int, max_points: int) -> int:
    """Width of the time buckets that thin ``[t0, t1)`` to at most ``max_points``; shared by all stores."""
    return max(1, -(-(t1_ns - t0_ns) // max(1, max_points)))
