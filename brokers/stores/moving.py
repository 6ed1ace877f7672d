"""A store as a whole: copied into another of any kind, or made smaller."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from brokers.stores import Store
from brokers.stores._duckdb_catalog import quoted
from brokers.stores.duckdb import DuckDbStore, explained
from brokers.stores.line_protocol import LineStore
from brokers.stores.schema import EVENTS
from twin.equipment import EquipmentPath
from twin.errors import Problem, ProblemsError, StoreError
from twin.records import Frame, RecordKind

BATCH_ROWS = 50_000
MOST_ROWS = 1 << 40
EVER = (-(2**63) + 1, 2**63 - 1)


async def copied(source: Store, target: Store) -> Counter[RecordKind]:
    """Write everything that a store holds into another; again changes nothing.

    Args:
        source: An open store in a file or folder.
        target: Any other open store.

    Returns:
        Rows by kind.

    Raises:
        ProblemsError: The source is on a server, which has its own tools for that.
    """
    if isinstance(source, LineStore):
        source = await source.index()
    if not isinstance(source, DuckDbStore):
        raise ProblemsError([Problem("store", "a duckdb:// or lines:// store to read from", type(source).__name__)])
    rows: Counter[RecordKind] = Counter()
    for kind in EVENTS:
        frame = await source.rows(kind, "", *EVER, limit=MOST_ROWS)
        for start in range(0, len(frame), BATCH_ROWS):
            await target.write([frame.take(range(start, min(len(frame), start + BATCH_ROWS)))])
        rows[kind] += len(frame)
    for frame in telemetry_of(source):
        await target.write([frame])
        rows[RecordKind.TELEMETRY] += len(frame)
    return rows


def telemetry_of(store: DuckDbStore) -> Iterator[Frame]:
    """All telemetry of an embedded store, table by table in order of time."""
    catalog = store.catalog
    paths = {unit: EquipmentPath(path) for path, unit in catalog.units.items()}
    for number, columns in sorted(catalog.columns.items()):
        names = [quoted(name) for name in columns.values()]
        yield from _frames(store, f"telemetry_{number}", tuple(columns), names, paths)
    for tag, number in catalog.tags.items():
        yield from _frames(store, f"telemetry_long WHERE tag = {number}", (tag,), ["value"], paths)


def _frames(
    store: DuckDbStore, table: str, tags: tuple[str, ...], names: list[str], paths: dict[int, EquipmentPath]
) -> Iterator[Frame]:
    wanted = ", ".join(["unit", "time_ns", "quality", *names])
    found = store.query(f"SELECT {wanted} FROM {table} ORDER BY time_ns")  # noqa: S608 - our names
    while rows := found.fetchmany(BATCH_ROWS):
        marks = np.array([[row[2] or 0] for row in rows], dtype=np.uint8)
        values = np.array([row[3:] for row in rows], dtype=np.float64)
        quality = np.broadcast_to(marks, values.shape).copy() if marks.any() else None
        stamps = np.array([row[1] for row in rows], dtype=np.int64)
        yield Frame(RecordKind.TELEMETRY, tuple(paths[row[0]] for row in rows), stamps, tags, values, quality)


def compact(path: Path) -> tuple[int, int]:
    """Write a DuckDB file anew without the room that deleted rows have left, and put it in the old one's place.

    Returns:
        Bytes before and after.

    Raises:
        StoreError: It is no such file, or somebody has it open.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with duckdb.connect(str(path)) as file:
            file.execute("CHECKPOINT")
            before = path.stat().st_size
            file.execute(f"ATTACH '{str(beside).replace(chr(39), chr(39) * 2)}' AS smaller")
            row = file.execute("SELECT current_database()").fetchone() or ("",)
            file.execute(f"COPY FROM DATABASE {quoted(row[0])} TO smaller")
            file.execute("DETACH smaller")
            beside.replace(path)
    except (duckdb.Error, OSError) as error:
        beside.unlink(missing_ok=True)
        raise StoreError(explained(str(path), f"expected a DuckDB file, got: {error}")) from error
    return before, path.stat().st_size
