"""Parquet: a folder of tables, one per kind of record, and the intervals of a Gantt chart."""

# mypy: disable-error-code="attr-defined, name-defined, no-untyped-call"
# pyarrow has no exported names that mypy could see

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from brokers.columns import ColumnType, cleaned, column_type
from scenarios.exporters import NoOptions, Subject, register
from scenarios.exporters._intervals import Intervals, StateInterval
from twin.records import COLUMNS, Frame, RecordKind

ROWS = 50_000
"""Rows that are gathered before they are written."""
_TYPE = {ColumnType.TEXT: pa.string(), ColumnType.INTEGER: pa.int64(), ColumnType.FLOAT: pa.float64()}
_HEAD = [("path", pa.string()), ("time", pa.timestamp("ns", tz="UTC"))]
TELEMETRY = pa.schema([*_HEAD, ("tag", pa.string()), ("value", pa.float64()), ("quality", pa.uint8())])
INTERVALS = pa.schema(
    [
        ("path", pa.string()),
        ("state", pa.string()),
        ("begin", pa.timestamp("ns", tz="UTC")),
        ("end", pa.timestamp("ns", tz="UTC")),
        ("order", pa.string()),
        ("cause", pa.string()),
    ]
)


class GrowingFile:
    """One growing file, zstd compressed.

    Args:
        path: The file.
        schema: Its columns.
    """

    def __init__(self, path: Path, schema: Any):
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows, as long as the schema."""
        self._rows.extend(rows)
        if len(self._rows) >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what has been gathered."""
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self._schema)
        arrays = [pa.array(list(column), field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows = []

    def close(self) -> None:
        """Write the rest and end the file."""
        if self._rows:
            self.flush()
        self._writer.close()


@register("parquet")
class ParquetFolder:
    """Folder with one Parquet table per kind of record, ``intervals`` of states, and ``manifest.json``.

    Event tables have the columns of the record kind after ``path`` and ``time``; ``telemetry`` is long:
    path, time, tag, value (null: unknown), quality (0 good, 1 uncertain, 2 bad).
    """

    Options = NoOptions
    operations = True

    def __init__(self, out: Path, subject: Subject, options: NoOptions):  # noqa: ARG002 - there are none
        out.mkdir(parents=True, exist_ok=True)
        self._out, self._subject = out, subject
        self._tables: dict[str, GrowingFile] = {"intervals": GrowingFile(out / "intervals.parquet", INTERVALS)}
        self._intervals = Intervals()
        (out / "manifest.json").write_text(json.dumps(subject.manifest, indent=1, ensure_ascii=False) + "\n")

    def take(self, frame: Frame) -> None:
        """Add the rows of a frame."""
        self._tables["intervals"].add(_row(interval) for interval in self._intervals.take(frame))
        if frame.kind is RecordKind.TELEMETRY:
            self._table(frame.kind.value, TELEMETRY).add(_telemetry(frame))
        else:
            names = COLUMNS[frame.kind]
            schema = pa.schema([*_HEAD, *((name, _TYPE[column_type(name)]) for name in names)])
            self._table(frame.kind.value, schema).add(
                (str(path), time_ns, *(cleaned(name, value) for name, value in zip(names, values, strict=True)))
                for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True)
            )

    def _table(self, name: str, schema: Any) -> GrowingFile:
        if name not in self._tables:
            self._tables[name] = GrowingFile(self._out / f"{name}.parquet", schema)
        return self._tables[name]

    def close(self) -> None:
        """End all intervals and files."""
        self._tables["intervals"].add(_row(interval) for interval in self._intervals.close(self._subject.end_ns))
        for table in self._tables.values():
            table.close()


def _row(interval: StateInterval) -> tuple[Any, ...]:
    path, state, begin_ns, end_ns, order, cause = interval
    return (path, state, begin_ns, end_ns, order, cause)


def _telemetry(frame: Frame) -> Iterable[tuple[Any, ...]]:
    quality = np.zeros(frame.values.shape, np.uint8) if frame.quality is None else frame.quality
    for path, time_ns, values, marks in zip(
        frame.paths, frame.time_ns.tolist(), frame.values.tolist(), quality.tolist(), strict=True
    ):
        for tag, value, mark in zip(frame.tags, values, marks, strict=True):
            yield str(path), time_ns, tag, cleaned("value", value), mark
