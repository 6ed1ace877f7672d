"""The tables of a DuckDB file: the synchronous side of the embedded store.

Telemetry lives in wide tables, one per set of tags, a column per tag; a unit stays in the table of
the first set it sent, which gets a column when the unit sends a tag it did not have. Rows newer than
the last row of their unit are appended; only others are compared with what is there.
"""

# mypy: disable-error-code="attr-defined, name-defined"
# pyarrow has no exported names that mypy could see

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from brokers.columns import ColumnType, cleaned, column_type
from brokers.stores.schema import EVENTS, ROW_KEY, merged
from twin.errors import RefusedRowsError
from twin.records import COLUMNS, Frame, RecordKind

_SQL_TYPE = {ColumnType.TEXT: "VARCHAR", ColumnType.INTEGER: "BIGINT", ColumnType.FLOAT: "DOUBLE"}
_ARROW_TYPE = {ColumnType.TEXT: pa.string(), ColumnType.INTEGER: pa.int64(), ColumnType.FLOAT: pa.float64()}
_FIXED = ("unit", "time_ns", "quality")
_NEVER = np.iinfo(np.int64).min

SCHEMA = [
    "CREATE TABLE IF NOT EXISTS equipment (unit INTEGER, path VARCHAR)",
    "CREATE TABLE IF NOT EXISTS telemetry_columns (number INTEGER, tag VARCHAR, name VARCHAR, first BOOLEAN)",
    "CREATE TABLE IF NOT EXISTS telemetry_units (unit INTEGER, number INTEGER)",
    *(
        f'CREATE TABLE IF NOT EXISTS "{kind}" (unit INTEGER, time_ns BIGINT, '
        + ", ".join(f'"{name}" {_SQL_TYPE[column_type(name)]}' for name in COLUMNS[kind])
        + ")"
        for kind in EVENTS
    ),
]
"""Statements that make an empty file ours."""


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


@dataclass
class Catalog:
    """What is known of the file; replaced as a whole when a transaction has been committed.

    Args:
        units: Number of each path.
        columns: Column name by tag, for each telemetry table.
        first: Number of the telemetry table by the set of tags it was made for.
        home: Number of the telemetry table of each unit.
        high: Time of the newest row by unit number, for each kind.
    """

    units: dict[str, int] = field(default_factory=dict)
    columns: dict[int, dict[str, str]] = field(default_factory=dict)
    first: dict[frozenset[str], int] = field(default_factory=dict)
    home: dict[int, int] = field(default_factory=dict)
    high: dict[RecordKind, NDArray[np.int64]] = field(default_factory=dict)

    def draft(self) -> Catalog:
        """A copy to work on."""
        columns = {number: dict(names) for number, names in self.columns.items()}
        return Catalog(dict(self.units), columns, dict(self.first), dict(self.home), copy.deepcopy(self.high))

    def newest(self, kind: RecordKind) -> NDArray[np.int64]:
        """Time of the newest row by unit number, as long as there are units."""
        high = self.high.get(kind, np.empty(0, np.int64))
        if high.size < len(self.units):
            high = np.concatenate([high, np.full(len(self.units) - high.size, _NEVER)])
            self.high[kind] = high
        return high


class Tables:
    """Writes frames into the tables; used by one thread.

    ``catalog`` is what readers may rely on; while a transaction runs, the writer works on a draft.

    Args:
        connection: A connection of its own.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._sql = connection
        for statement in SCHEMA:
            self._sql.execute(statement)
        self.catalog = self._draft = self._read_catalog()

    def write(self, frames: Iterable[Frame]) -> None:
        """Write all or nothing; durable when it returns."""
        self._draft = self.catalog.draft()
        self._sql.begin()
        try:
            for frame in merged(frames):
                self._write(frame)
            self._sql.commit()
        except BaseException:
            self._sql.rollback()
            raise
        self.catalog = self._draft

    def _write(self, frame: Frame) -> None:
        units = self._units(frame.paths)
        if frame.kind is RecordKind.TELEMETRY:
            self._write_telemetry(frame, units)
        else:
            self._write_events(frame, units)
        np.maximum.at(self._draft.newest(frame.kind), units, frame.time_ns)

    def _units(self, paths: Sequence[str]) -> NDArray[np.int32]:
        known = self._draft.units
        new = [path for path in dict.fromkeys(paths) if path not in known]
        if new:
            rows = [(len(known) + offset, str(path)) for offset, path in enumerate(new)]
            self._sql.executemany("INSERT INTO equipment VALUES (?, ?)", rows)
            known.update((path, number) for number, path in rows)
        return np.fromiter((known[path] for path in paths), dtype=np.int32, count=len(paths))

    # telemetry

    def _write_telemetry(self, frame: Frame, units: NDArray[np.int32]) -> None:
        homes = self._homes(frame.tags, units)
        rows = _last_of_each(units, frame.time_ns)
        fresh = frame.time_ns > self._draft.newest(frame.kind)[units]
        for number in np.unique(homes).tolist():
            names = self._fitting_columns(number, frame.tags)
            here = rows[homes[rows] == number]
            batch = _telemetry_batch(frame, units, names)
            self._append(f"telemetry_{number}", batch, here[fresh[here]])
            self._merge(f"telemetry_{number}", batch, here[~fresh[here]], ("unit", "time_ns"))

    def _homes(self, tags: tuple[str, ...], units: NDArray[np.int32]) -> NDArray[np.int32]:
        home = self._draft.home
        new = [unit for unit in dict.fromkeys(units.tolist()) if unit not in home]
        if new:
            number = self._table_for(tags)
            self._sql.executemany("INSERT INTO telemetry_units VALUES (?, ?)", [(unit, number) for unit in new])
            home.update(dict.fromkeys(new, number))
        return np.fromiter((home[unit] for unit in units.tolist()), dtype=np.int32, count=len(units))

    def _table_for(self, tags: tuple[str, ...]) -> int:
        number = self._draft.first.get(frozenset(tags))
        if number is None:
            number = len(self._draft.first)
            self._sql.execute(f"CREATE TABLE telemetry_{number} (unit INTEGER, time_ns BIGINT, quality UTINYINT)")
            self._draft.first[frozenset(tags)] = number
            self._draft.columns[number] = {}
            self._add_columns(number, tags, first=True)
        return number

    def _fitting_columns(self, number: int, tags: tuple[str, ...]) -> list[str]:
        missing = [tag for tag in tags if tag not in self._draft.columns[number]]
        self._add_columns(number, missing, first=False)
        return [self._draft.columns[number][tag] for tag in tags]

    def _add_columns(self, number: int, tags: Iterable[str], *, first: bool) -> None:
        columns = self._draft.columns[number]
        for tag in tags:
            name = _column_name(tag, {*_FIXED, *columns.values()})
            self._sql.execute(f"ALTER TABLE telemetry_{number} ADD COLUMN {quoted(name)} DOUBLE")
            self._sql.execute("INSERT INTO telemetry_columns VALUES (?, ?, ?, ?)", [number, tag, name, first])
            columns[tag] = name

    # events

    def _write_events(self, frame: Frame, units: NDArray[np.int32]) -> None:
        key = [frame.tags.index(name) for name in ROW_KEY.get(frame.kind, ())]
        last: dict[tuple[Any, ...], int] = {}
        for row, (unit, time_ns, values) in enumerate(
            zip(units.tolist(), frame.time_ns.tolist(), frame.values, strict=True)
        ):
            last[(unit, time_ns, *(values[index] for index in key))] = row
        rows = np.sort(np.fromiter(last.values(), dtype=np.intp, count=len(last)))
        fresh = frame.time_ns > self._draft.newest(frame.kind)[units]
        batch = _event_batch(frame, units)
        table = quoted(frame.kind)
        self._append(table, batch, rows[fresh[rows]])
        self._merge(table, batch, rows[~fresh[rows]], ("unit", "time_ns", *ROW_KEY.get(frame.kind, ())))

    # both

    def _append(self, table: str, batch: pa.Table, rows: NDArray[np.intp]) -> None:
        if rows.size:
            self._stage(batch, rows)
            self._sql.execute(f"INSERT INTO {table} ({_names(batch)}) SELECT * FROM batch")  # noqa: S608 - our names

    def _merge(self, table: str, batch: pa.Table, rows: NDArray[np.intp], key: Sequence[str]) -> None:
        """Rows that may be there already: later values replace earlier ones, unknown telemetry replaces nothing."""
        if not rows.size:
            return
        self._stage(batch, rows)
        value = "coalesce(batch.{0}, {1}.{0})" if table.startswith("telemetry") else "batch.{0}"
        others = [quoted(name) for name in batch.column_names if name not in key]
        update = ", ".join(f"{name} = {value.format(name, table)}" for name in others)
        match = " AND ".join(f"{table}.{quoted(name)} IS NOT DISTINCT FROM batch.{quoted(name)}" for name in key[2:])
        low, high = _span(batch, rows)
        parts = [
            f"MERGE INTO {table} USING batch ON {table}.unit = batch.unit AND {table}.time_ns = batch.time_ns",
            f"AND {table}.time_ns BETWEEN {low} AND {high}",
            f"AND {match}" if match else "",
            f"WHEN MATCHED THEN UPDATE SET {update}" if update else "",
            f"WHEN NOT MATCHED THEN INSERT ({_names(batch)}) VALUES ({_names(batch, 'batch.')})",  # noqa: S608
        ]
        self._sql.execute(" ".join(parts))

    def _stage(self, batch: pa.Table, rows: NDArray[np.intp]) -> None:
        whole = rows.size == batch.num_rows
        self._sql.register("batch", batch if whole else batch.take(pa.array(rows)))

    # opening and retention

    def _read_catalog(self) -> Catalog:
        catalog = Catalog()
        catalog.units = dict(self._rows("SELECT path, unit FROM equipment"))
        catalog.home = dict(self._rows("SELECT unit, number FROM telemetry_units"))
        firsts: dict[int, set[str]] = {}
        for number, tag, name, first in self._rows("SELECT number, tag, name, first FROM telemetry_columns"):
            catalog.columns.setdefault(number, {})[tag] = name
            firsts.setdefault(number, set()).update([tag] if first else [])
        catalog.first = {frozenset(tags): number for number, tags in firsts.items()}
        for kind in RecordKind:
            for table in tables_of(kind, catalog):
                self._read_high(kind, table, catalog)
        return catalog

    def _read_high(self, kind: RecordKind, table: str, catalog: Catalog) -> None:
        high = catalog.newest(kind)
        for unit, time_ns in self._rows(f"SELECT unit, max(time_ns) FROM {table} GROUP BY unit"):  # noqa: S608
            high[unit] = time_ns

    def forget(self, before_ns: int) -> dict[RecordKind, int]:
        """Delete rows older than a time.

        Master data stays, and the last row of each unit, so that nothing becomes unknown.

        Returns:
            Rows deleted by kind.
        """
        counts: dict[RecordKind, int] = {}
        for kind in RecordKind:
            if kind is not RecordKind.META:
                counts[kind] = sum(self._forget(table, before_ns) for table in tables_of(kind, self.catalog))
        self._sql.execute("CHECKPOINT")
        return counts

    def _forget(self, table: str, before_ns: int) -> int:
        newest = f"SELECT unit, max(time_ns) FROM {table} GROUP BY unit"  # noqa: S608 - our names
        statement = f"DELETE FROM {table} WHERE time_ns < ? AND (unit, time_ns) NOT IN ({newest})"  # noqa: S608
        return int(self._rows(statement, [before_ns])[0][0])

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._sql.execute(statement, list(values)).fetchall()


def tables_of(kind: RecordKind, catalog: Catalog) -> list[str]:
    """Names of the tables that hold a kind, as SQL writes them."""
    if kind is RecordKind.TELEMETRY:
        return [f"telemetry_{number}" for number in list(catalog.columns)]
    return [quoted(kind)]


def _column_name(tag: str, taken: set[str]) -> str:
    """SQL compares names without regard to case, tags do not."""
    if not tag or "\0" in tag:
        raise RefusedRowsError(f"store: expected a tag that can name a column, got {tag!r:.100}")
    lowered = {name.lower() for name in taken}
    name, number = tag, 2
    while name.lower() in lowered:
        name, number = f"{tag}_{number}", number + 1
    return name


def _names(batch: pa.Table, prefix: str = "") -> str:
    return ", ".join(prefix + quoted(name) for name in batch.column_names)


def _span(batch: pa.Table, rows: NDArray[np.intp]) -> tuple[int, int]:
    times = batch.column("time_ns").to_numpy()[rows]
    return int(times.min()), int(times.max())


def _last_of_each(units: NDArray[np.int32], time_ns: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows to keep, in order: the last of those with equal unit and time."""
    order = np.lexsort((time_ns, units))
    same = (np.diff(units[order]) == 0) & (np.diff(time_ns[order]) == 0)
    return np.sort(order[np.append(~same, True)])


def _telemetry_batch(frame: Frame, units: NDArray[np.int32], names: Sequence[str]) -> pa.Table:
    columns = {"unit": pa.array(units), "time_ns": pa.array(frame.time_ns)}
    if frame.quality is not None:
        columns["quality"] = pa.array(frame.quality.max(axis=1))
    values = np.asarray(frame.values, dtype=np.float64)
    for index, name in enumerate(names):
        columns[name] = pa.array(np.ascontiguousarray(values[:, index]), from_pandas=True)
    return pa.table(columns)


def _event_batch(frame: Frame, units: NDArray[np.int32]) -> pa.Table:
    columns = {"unit": pa.array(units), "time_ns": pa.array(frame.time_ns)}
    for index, name in enumerate(frame.tags):
        values = [cleaned(name, value) for value in frame.values[:, index]]
        columns[name] = pa.array(values, _ARROW_TYPE[column_type(name)])
    return pa.table(columns)
