"""Results as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.experiments.document import Values
from scenarios.experiments.quantities import label, number

Row = dict[str, Any]


def factor_columns(points: Sequence[Values]) -> list[Row]:
    """Factors as columns: numbers where all values of the factor are, without their unit; else text."""
    rows: list[Row] = [{} for _ in points]
    for name in points[0] if points else ():
        numbers = [number(values[name]) for values in points]
        words = None in numbers
        for row, values, amount in zip(rows, points, numbers, strict=True):
            row[f"factor_{name}"] = label(values[name]) if words else amount
    return rows


def write_parquet(rows: Sequence[Row], notes: dict[str, str], path: Path) -> None:
    """A table with notes in its metadata."""
    table = pa.Table.from_pylist(list(rows)).replace_schema_metadata(notes)  # type: ignore[attr-defined]
    pq.write_table(table, path)  # type: ignore[no-untyped-call]


def write_json(document: Row, path: Path) -> None:
    """An object; figures that are not known are null."""
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
