"""The tables of a DuckDB file: the synchronous, writing side of the embedded store.

Rows newer than the last row of their unit are appended; only others are compared with what is there.
"""

# mypy: disable-error-code="attr-defined, name-defined"
# pyarrow has no exported names that mypy could see

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from brokers.columns import ColumnType, cleaned, column_type
from brokers.stores._duckdb_catalog import LONG, SETS, WIDE, prepared, quoted, tables_of
from brokers.stores._duckdb_damage import Written
from brokers.stores.schema import ROW_KEY, coalesced, known_tags, merged
from twin.records import Frame, RecordKind

_ARROW_TYPE = {ColumnType.TEXT: pa.string(), ColumnType.INTEGER: pa.int64(), ColumnType.FLOAT: pa.float64()}
_FIXED = ("unit", "time_ns", "quality")
_LONGEST_NAME = 64


class Tables:
    """Writes frames into the tables; used by one thread.

    ``catalog`` is what readers may rely on; while a transaction runs, the writer works on a draft.

    Args:
        connection: A connection of its own.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._sql = connection
        self.catalog = self._draft = prepared(connection)
        self.written = Written(*(connection.execute("SELECT writes, rows, at_ns FROM written").fetchone() or ()))
        """How much has been written into the file."""

    def write(self, frames: Iterable[Frame], *, again: bool = False) -> None:
        """Write all or nothing; durable when it returns.

        Args:
            frames: What is to be written.
            again: It has been counted when it was written for the first time.
        """
        self._draft = self.catalog.draft()
        self._sql.begin()
        rows = 0
        try:
            for frame in merged(frames):
                rows += len(frame)
                self._write(frame)
            new = Written() if again else Written(1, rows)
            written = Written(self.written.writes + new.writes, self.written.rows + new.rows, time.time_ns())
            self._sql.execute("UPDATE written SET writes = ?, rows = ?, at_ns = ?", [*astuple(written)])
            self._sql.commit()
        except BaseException:
            with suppress(duckdb.Error):  # a full disk has ended the transaction already
                self._sql.rollback()
            raise
        self.catalog, self.written = self._draft.settled(), written

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
            numbers = range(len(known), len(known) + len(new))
            self._insert("equipment", {"unit": list(numbers), "path": [str(path) for path in new]})
            known.update(zip(new, numbers, strict=True))
        return np.fromiter((known[path] for path in paths), dtype=np.int32, count=len(paths))

    # telemetry

    def _write_telemetry(self, frame: Frame, units: NDArray[np.int32]) -> None:
        frame, units = coalesced(known_tags(frame), units)
        homes = self._homes(frame.tags, units)
        fresh = frame.time_ns > self._draft.newest(frame.kind)[units]
        values = np.asarray(frame.values, dtype=np.float64)
        for number in np.unique(homes).tolist():
            here = np.flatnonzero(homes == number)
            wide = self._fitting_columns(number, frame.tags)
            if wide:
                batch = _telemetry_batch(frame, values, units, wide)
                self._append(f"telemetry_{number}", batch, here[fresh[here]])
                self._merge(f"telemetry_{number}", batch, here[~fresh[here]], ("unit", "time_ns"))
            if len(wide) < len(frame.tags):
                rest = [index for index in range(len(frame.tags)) if index not in wide]
                for rows, is_new in ((here[fresh[here]], True), (here[~fresh[here]], False)):
                    self._write_long(frame, values, (units, rows, rest), is_new=is_new)

    def _write_long(
        self,
        frame: Frame,
        values: NDArray[np.float64],
        where: tuple[NDArray[np.int32], NDArray[np.intp], Sequence[int]],
        *,
        is_new: bool,
    ) -> None:
        """The known values of some rows and tags, a row each."""
        units, rows, columns = where
        part = values[rows][:, columns]
        row, column = np.nonzero(~np.isnan(part))
        if not row.size:
            return
        row, tag = rows[row], self._long_tags([frame.tags[index] for index in columns])[column]
        batch = pa.table(
            {"unit": units[row], "tag": tag, "time_ns": frame.time_ns[row], "value": part[~np.isnan(part)]}
        )
        if frame.quality is not None:
            batch = batch.append_column("quality", pa.array(frame.quality[row, np.asarray(columns)[column]]))
        every = np.arange(batch.num_rows)
        if is_new:
            self._append("telemetry_long", batch, every)
        else:
            self._merge("telemetry_long", batch, every, ("unit", "time_ns", "tag"))

    def _long_tags(self, tags: Sequence[str]) -> NDArray[np.int32]:
        known = self._draft.tags
        new = [tag for tag in dict.fromkeys(tags) if tag not in known]
        if new:
            numbers = range(len(known), len(known) + len(new))
            self._insert("telemetry_tags", {"tag": list(numbers), "name": new})
            known.update(zip(new, numbers, strict=True))
        return np.fromiter((known[tag] for tag in tags), dtype=np.int32, count=len(tags))

    def _homes(self, tags: tuple[str, ...], units: NDArray[np.int32]) -> NDArray[np.int32]:
        home = self._draft.home
        new = [unit for unit in dict.fromkeys(units.tolist()) if unit not in home]
        if new:
            number = self._table_for(tags)
            self._insert("telemetry_units", {"unit": new, "number": [number] * len(new)})
            home.update(dict.fromkeys(new, number))
        return np.fromiter((home[unit] for unit in units.tolist()), dtype=np.int32, count=len(units))

    def _table_for(self, tags: tuple[str, ...]) -> int:
        number = self._draft.first.get(frozenset(tags))
        if number is None and (len(tags) > WIDE or len(self._draft.first) >= SETS):
            return LONG
        if number is None:
            number = len(self._draft.first)
            names = _column_names(tags, {})
            columns = ", ".join(["unit INTEGER, time_ns BIGINT, quality UTINYINT", *map(_double, names.values())])
            self._sql.execute(f"CREATE TABLE telemetry_{number} ({columns})")
            self._draft.first[frozenset(tags)] = number
            self._tell_columns(number, names, first=True)
        return number

    def _fitting_columns(self, number: int, tags: tuple[str, ...]) -> dict[int, str]:
        """Column by index of the tags that the wide table has, or gets because it has room."""
        if number == LONG:
            return {}
        columns = self._draft.columns[number]
        missing = [tag for tag in tags if tag not in columns][: max(0, WIDE - len(columns))]
        if missing:
            names = _column_names(missing, columns)
            for name in names.values():
                self._sql.execute(f"ALTER TABLE telemetry_{number} ADD COLUMN {_double(name)}")
            self._tell_columns(number, names, first=False)
            columns = self._draft.columns[number]
        return {index: columns[tag] for index, tag in enumerate(tags) if tag in columns}

    def _tell_columns(self, number: int, names: Mapping[str, str], *, first: bool) -> None:
        fixed: dict[str, Sequence[Any]] = {"number": [number] * len(names), "first": [first] * len(names)}
        self._insert("telemetry_columns", {"tag": list(names), "name": list(names.values()), **fixed})
        self._draft.columns[number] = {**self._draft.columns.get(number, {}), **names}

    # events

    def _write_events(self, frame: Frame, units: NDArray[np.int32]) -> None:
        key = ROW_KEY.get(frame.kind, ())
        batch = _event_batch(frame, units)
        rows = _last_of_each(batch, units, frame.time_ns, key)
        fresh = frame.time_ns > self._draft.newest(frame.kind)[units]
        table = quoted(frame.kind)
        self._append(table, batch, rows[fresh[rows]])
        self._merge(table, batch, rows[~fresh[rows]], ("unit", "time_ns", *key))

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
        value = "coalesce(batch.{0}, {1}.{0})" if table.startswith("telemetry_") else "batch.{0}"
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

    def _insert(self, table: str, columns: Mapping[str, Sequence[Any]]) -> None:
        batch = pa.table(dict(columns))
        self._append(table, batch, np.arange(batch.num_rows))

    def _stage(self, batch: pa.Table, rows: NDArray[np.intp]) -> None:
        whole = rows.size == batch.num_rows
        self._sql.register("batch", batch if whole else batch.take(pa.array(rows)))

    # retention

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
        return int(self._sql.execute(statement, [before_ns]).fetchall()[0][0])


def _column_names(tags: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """A column for each tag. SQL compares names without regard to case, tags do not."""
    lowered = {name.lower() for name in (*_FIXED, *known.values())}
    names = {}
    for tag in tags:
        plain = tag if tag.isascii() and tag.isprintable() and len(tag) <= _LONGEST_NAME else "tag"
        name, number = plain, 2
        while name.lower() in lowered:
            name, number = f"{plain}_{number}", number + 1
        lowered.add(name.lower())
        names[tag] = name
    return names


def _double(name: str) -> str:
    return f"{quoted(name)} DOUBLE"


def _names(batch: pa.Table, prefix: str = "") -> str:
    return ", ".join(prefix + quoted(name) for name in batch.column_names)


def _span(batch: pa.Table, rows: NDArray[np.intp]) -> tuple[int, int]:
    times = batch.column("time_ns").to_numpy()[rows]
    return int(times.min()), int(times.max())


def _last_of_each(
    batch: pa.Table, units: NDArray[np.int32], time_ns: NDArray[np.int64], key: Sequence[str]
) -> NDArray[np.intp]:
    """The last row of each key, in order; mostly no two rows of a unit have one time."""
    order = np.lexsort((time_ns, units))
    if not ((np.diff(units[order]) == 0) & (np.diff(time_ns[order]) == 0)).any():
        return np.arange(len(units))
    columns = (units.tolist(), time_ns.tolist(), *(batch.column(name).to_pylist() for name in key))
    last = {each: row for row, each in enumerate(zip(*columns, strict=True))}
    return np.sort(np.fromiter(last.values(), dtype=np.intp, count=len(last)))


def _telemetry_batch(
    frame: Frame, values: NDArray[np.float64], units: NDArray[np.int32], names: Mapping[int, str]
) -> pa.Table:
    columns = {"unit": pa.array(units), "time_ns": pa.array(frame.time_ns)}
    if frame.quality is not None:
        columns["quality"] = pa.array(frame.quality[:, list(names)].max(axis=1))
    for index, name in names.items():
        columns[name] = pa.array(np.ascontiguousarray(values[:, index]), from_pandas=True)
    return pa.table(columns)


def _event_batch(frame: Frame, units: NDArray[np.int32]) -> pa.Table:
    columns = {"unit": pa.array(units), "time_ns": pa.array(frame.time_ns)}
    for index, name in enumerate(frame.tags):
        values = [cleaned(name, value) for value in frame.values[:, index]]
        columns[name] = pa.array(values, _ARROW_TYPE[column_type(name)])
    return pa.table(columns)
