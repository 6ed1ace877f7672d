"""The last row of every key, in memory, because asking a store for it is slow everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from brokers.columns import cleaned
from brokers.stores.schema import LAST_KEY, event_frame
from twin.equipment import EquipmentPath
from twin.records import COLUMNS, Frame, RecordKind

Row = tuple[Any, ...]
"""(path, time_ns, *columns)"""


class Latest:
    """Last rows by kind and key; rows may come in any order, the newest source time wins."""

    def __init__(self) -> None:
        self._rows: dict[RecordKind, dict[Row, Row]] = {}

    def note(self, frames: Iterable[Frame]) -> None:
        """Take what has been written."""
        for frame in frames:
            if frame.kind is not RecordKind.TELEMETRY:
                self.merge(frame)

    def merge(self, frame: Frame) -> None:
        """Take the rows of one frame of events."""
        known = self._rows.setdefault(frame.kind, {})
        key = [(name, frame.tags.index(name)) for name in LAST_KEY.get(frame.kind, ())]
        for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
            name = (path, *(cleaned(column, values[index]) for column, index in key))
            before = known.get(name)
            if before is None or before[1] <= time_ns:
                known[name] = (path, time_ns, *values)

    def frame(self, kind: RecordKind, under: str) -> Frame:
        """The last row of each key at or below a path, ordered by time and path."""
        rows = list(self._rows.get(kind, {}).values())
        if under:
            rows = [row for row in rows if EquipmentPath(row[0]).is_under(under)]
        rows.sort(key=lambda row: (row[1], row[0]))
        return event_frame(kind, [_kept(kind, row) for row in rows])


def _kept(kind: RecordKind, row: Row) -> Row:
    """The row as stores keep it."""
    path, time_ns, *values = row
    return (path, time_ns, *(cleaned(tag, value) for tag, value in zip(COLUMNS[kind], values, strict=True)))
