"""Recordings of what flows: frames of any kind in one Parquet file, a row for each value, exactly as they were.

Columns: ``frame`` and ``row`` (which values belong together), ``arrived_ns`` (when it was heard), ``kind``,
``publisher``, ``run``, ``seq``, ``historical``, ``path``, ``time_ns`` (its own stamp), ``tag``, one of ``number``,
``whole`` and ``text`` (none: not known) and ``quality`` (none: all of the frame are good). Times are ns since 1970 UTC.
"""

# pyarrow has no exported names that mypy could see
# mypy: disable-error-code="attr-defined, no-untyped-call"

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError
from twin.records import COLUMNS, Frame, RecordKind

VALUES = 50_000
"""Values that are written together, and that are held meanwhile."""
SCHEMA = pa.schema(
    [
        ("frame", pa.int64()),
        ("row", pa.int32()),
        ("arrived_ns", pa.int64()),
        ("kind", pa.string()),
        ("publisher", pa.string()),
        ("run", pa.string()),
        ("seq", pa.int64()),
        ("historical", pa.bool_()),
        ("path", pa.string()),
        ("time_ns", pa.int64()),
        ("tag", pa.string()),
        ("number", pa.float64()),
        ("whole", pa.int64()),
        ("text", pa.string()),
        ("quality", pa.uint8()),
    ]
)


class RecordedFrame(NamedTuple):
    """A frame, and when it was heard, ns since 1970 UTC."""

    arrived_ns: int
    frame: Frame


class FlowWriter:
    """Writes frames into a file, which has its name when it is whole.

    Args:
        file: The file; one that is there is taken over by it.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._draft = file, file.with_name(file.name + ".part")
        self._rows: list[tuple[Any, ...]] = []
        self._out: Any = None
        self.frames = self.values = 0

    def __enter__(self) -> Self:
        self._out = pq.ParquetWriter(self._draft, SCHEMA, compression="zstd")
        return self

    def add(self, arrived_ns: int, frame: Frame) -> None:
        """Take a frame."""
        head = (arrived_ns, frame.kind.value, frame.publisher, frame.run, frame.seq, frame.historical)
        for row, path in enumerate(frame.paths):
            time_ns = int(frame.time_ns[row])
            for column, tag in enumerate(frame.tags):
                quality = None if frame.quality is None else int(frame.quality[row, column])
                value = _split(frame.values[row, column])
                self._rows.append((self.frames, row, *head, str(path), time_ns, tag, *value, quality))
        self.frames += 1
        self.values += frame.size
        if len(self._rows) >= VALUES:
            self._flush()

    def _flush(self) -> None:
        columns: list[Sequence[Any]] = list(zip(*self._rows, strict=True)) if self._rows else [()] * len(SCHEMA)
        table = pa.table([pa.array(one, field.type) for one, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
        self._out.write_table(table)
        self._rows.clear()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Finish the file, whatever ended the recording."""
        self._flush()
        self._out.close()
        self._draft.replace(self._file)


def _split(value: Any) -> tuple[float | None, int | None, str | None]:
    """A value as number, whole number or text."""
    if isinstance(value, str):
        return None, None, value
    if isinstance(value, int | np.integer):
        return None, int(value), None
    return (None if value is None else float(value)), None, None


def recorded(file: Path) -> Iterator[RecordedFrame]:
    """The frames of a recording, in the order in which they were heard.

    Raises:
        ScenarioError: It is no recording.
    """
    try:
        source = pq.ParquetFile(file)
        if source.schema_arrow.names != SCHEMA.names:
            raise ValueError(f"the columns {', '.join(source.schema_arrow.names)[:200]}")
        held: list[dict[str, Any]] = []
        for batch in source.iter_batches(VALUES):
            for row in batch.to_pylist():
                if held and row["frame"] != held[0]["frame"]:
                    yield _heard(held)
                    held = []
                held.append(row)
        if held:
            yield _heard(held)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        hint = "factory record makes one"
        raise ScenarioError([Problem(str(file), "a recording of what flows", str(error)[:300], hint)]) from None


def _heard(rows: list[dict[str, Any]]) -> RecordedFrame:
    """One frame from its values."""
    first = rows[0]
    kind = RecordKind(first["kind"])
    width = next((at for at, row in enumerate(rows) if row["row"] != first["row"]), len(rows))
    tags = tuple(row["tag"] for row in rows[:width])
    if len(rows) % width or (kind in COLUMNS and tags != COLUMNS[kind][: len(tags)]):
        raise ValueError(f"frame {first['frame']}: columns that are none of {kind.value}")
    values = np.empty((len(rows) // width, width), np.float64 if kind is RecordKind.TELEMETRY else object)
    values.reshape(-1)[:] = [_joined(row) for row in rows]
    lines = rows[::width]
    quality = None
    if first["quality"] is not None:
        quality = np.array([row["quality"] for row in rows], np.uint8).reshape(values.shape)
    paths = tuple(EquipmentPath(row["path"]) for row in lines)
    time_ns = np.array([row["time_ns"] for row in lines], np.int64)
    place = (first["publisher"], first["run"], first["seq"], first["historical"])
    return RecordedFrame(first["arrived_ns"], Frame(kind, paths, time_ns, tags, values, quality, *place))


def _joined(row: dict[str, Any]) -> Any:
    return next((row[name] for name in ("text", "whole", "number") if row[name] is not None), None)
