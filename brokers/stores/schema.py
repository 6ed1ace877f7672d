"""What every store must know about the kinds of record: keys of rows and how frames are joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brokers.columns import cleaned
from twin.errors import RefusedRowsError
from twin.records import COLUMNS, Frame, RecordKind, joined

RECORDS = "run"
"""Top of the paths at which the records of runs stand, with the name of the scenario below."""
RECORD_SCHEMA = "run/v1"
"""Schema of such a record among the master data."""

EVENTS = tuple(kind for kind in RecordKind if kind is not RecordKind.TELEMETRY)
"""All kinds but telemetry."""

APART = (RecordKind.PART, RecordKind.SHIPMENT, RecordKind.ORDER, RecordKind.ALARM)
"""Kinds that say what happened: rows that differ in any column are different events, equal ones are one."""

ROW_KEY: dict[RecordKind, tuple[str, ...]] = {
    **{kind: COLUMNS[kind] for kind in APART},
    RecordKind.STOCK: ("item",),
    RecordKind.META: ("schema",),
    RecordKind.KPI: ("kpi", "window"),
}
"""Columns that make a row unique together with its path and source time: of what happens all, of what holds from
then on (a state, a stock, an indicator) those that say of what."""

LAST_KEY: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.STOCK: ("item",),
    RecordKind.META: ("schema",),
    RecordKind.KPI: ("kpi", "window"),
}
"""Columns of which ``latest`` gives the last row each, together with the path."""


def merged(frames: Iterable[Frame]) -> list[Frame]:
    """Frames of the same kind and tags joined into one each, in order of arrival; empty ones left out."""
    groups: dict[tuple[RecordKind, tuple[str, ...]], list[Frame]] = {}
    for frame in frames:
        if len(frame):
            groups.setdefault((frame.kind, frame.tags), []).append(frame)
    return [joined(group) for group in groups.values()]


def known_tags(frame: Frame) -> Frame:
    """The frame itself, when every tag can be kept.

    Raises:
        RefusedRowsError: A tag is empty or holds a null character, or two are the same.
    """
    for tag in frame.tags:
        if not tag or "\0" in tag:
            raise RefusedRowsError(f"store: expected a tag with a name, got {tag!r:.100}")
    if len(set(frame.tags)) < len(frame.tags):
        raise RefusedRowsError("store: expected each tag once, got one twice in a row")
    return frame


def coalesced(frame: Frame, units: NDArray[np.int32]) -> tuple[Frame, NDArray[np.int32]]:
    """Telemetry with one row per unit and time: a later value replaces an earlier one, an unknown value none.

    Args:
        frame: Telemetry.
        units: Number of the unit of each row.
    """
    order = np.lexsort((frame.time_ns, units))
    same = (np.diff(units[order]) == 0) & (np.diff(frame.time_ns[order]) == 0)
    if not same.any():
        return frame, units
    values = np.array(frame.values, dtype=np.float64)
    quality = None if frame.quality is None else frame.quality.copy()
    for before, after in zip(order[:-1][same], order[1:][same], strict=True):
        unknown = np.isnan(values[after])
        values[after, unknown] = values[before, unknown]
        if quality is not None:
            quality[after, unknown] = quality[before, unknown]
    rows = np.sort(order[np.append(~same, True)])
    return replace(frame, values=values, quality=quality).take(rows), units[rows]


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
