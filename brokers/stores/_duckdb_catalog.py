"""What a DuckDB file of ours holds: its tables, and what the writer and the readers know of them.

Telemetry of up to ``WIDE`` tags lives in wide tables, one per set of tags, a column per tag; a unit stays
in the table of the first set it sent, which gets a column when the unit sends a tag it did not have. What
does not fit, tags of a stranger beyond ``WIDE`` or sets beyond ``SETS``, lives in one long table, a row
per value, so that the cost of a message grows with its values and nothing else.
"""

from __future__ import annotations

import copy
from collections import ChainMap
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from brokers.columns import ColumnType, column_type
from brokers.stores.schema import EVENTS
from twin.records import COLUMNS, RecordKind

WIDE = 128
"""Most columns of a wide table."""
SETS = 256
"""Most wide tables."""
LONG = -1
"""Number of the long table where a wide table has its own."""

SQL_TYPE = {ColumnType.TEXT: "VARCHAR", ColumnType.INTEGER: "BIGINT", ColumnType.FLOAT: "DOUBLE"}
NEVER = np.iinfo(np.int64).min


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


SCHEMA = [
    "CREATE TABLE IF NOT EXISTS equipment (unit INTEGER, path VARCHAR)",
    "CREATE TABLE IF NOT EXISTS telemetry_columns (number INTEGER, tag VARCHAR, name VARCHAR, first BOOLEAN)",
    "CREATE TABLE IF NOT EXISTS telemetry_units (unit INTEGER, number INTEGER)",
    "CREATE TABLE IF NOT EXISTS telemetry_tags (tag INTEGER, name VARCHAR)",
    "CREATE TABLE IF NOT EXISTS written (writes BIGINT, rows BIGINT, at_ns BIGINT)",
    "INSERT INTO written SELECT 0, 0, 0 WHERE (SELECT count(*) FROM written) = 0",
    "CREATE TABLE IF NOT EXISTS telemetry_long "
    "(unit INTEGER, tag INTEGER, time_ns BIGINT, value DOUBLE, quality UTINYINT)",
    *(
        f'CREATE TABLE IF NOT EXISTS "{kind}" (unit INTEGER, time_ns BIGINT, '
        + ", ".join(f'"{name}" {SQL_TYPE[column_type(name)]}' for name in COLUMNS[kind])
        + ")"
        for kind in EVENTS
    ),
]
"""Statements that make an empty file ours."""


@dataclass
class Catalog:
    """What is known of the file; replaced as a whole when a transaction has been committed.

    Args:
        units: Number of each path.
        columns: Column name by tag, for each wide table.
        first: Number of the wide table by the set of tags it was made for.
        home: Number of the wide table of each unit, ``LONG`` where it has none.
        tags: Number of each tag in the long table.
        high: Time of the newest row by unit number, for each kind.
    """

    units: dict[str, int] = field(default_factory=dict)
    columns: dict[int, dict[str, str]] = field(default_factory=dict)
    first: dict[frozenset[str], int] = field(default_factory=dict)
    home: dict[int, int] = field(default_factory=dict)
    tags: MutableMapping[str, int] = field(default_factory=dict)
    high: dict[RecordKind, NDArray[np.int64]] = field(default_factory=dict)

    def draft(self) -> Catalog:
        """A copy to work on; the columns of a table are replaced, never changed."""
        return Catalog(
            dict(self.units),
            dict(self.columns),
            dict(self.first),
            dict(self.home),
            ChainMap({}, self.tags),
            copy.deepcopy(self.high),
        )

    def settled(self) -> Catalog:
        """The draft as it holds after its transaction; new tags join the old ones."""
        if isinstance(self.tags, ChainMap):
            new, old = self.tags.maps
            old.update(new)
            self.tags = old
        return self

    def newest(self, kind: RecordKind) -> NDArray[np.int64]:
        """Time of the newest row by unit number, as long as there are units."""
        high = self.high.get(kind, np.empty(0, np.int64))
        if high.size < len(self.units):
            high = np.concatenate([high, np.full(len(self.units) - high.size, NEVER)])
            self.high[kind] = high
        return high


def prepared(sql: duckdb.DuckDBPyConnection) -> Catalog:
    """Make a file ours, add the columns that a file of an earlier version does not have, and read what it holds."""
    for statement in SCHEMA:
        sql.execute(statement)
    for kind in EVENTS:
        have = set(sql.execute(f"SELECT * FROM {quoted(kind)} LIMIT 0").fetchnumpy())  # noqa: S608 - our names
        for name in COLUMNS[kind]:
            if name not in have:
                sql.execute(f"ALTER TABLE {quoted(kind)} ADD COLUMN {quoted(name)} {SQL_TYPE[column_type(name)]}")
    return _read(sql)


def _read(sql: duckdb.DuckDBPyConnection) -> Catalog:
    def found(statement: str) -> list[tuple[Any, ...]]:
        return sql.execute(statement).fetchall()

    catalog = Catalog()
    catalog.units = dict(found("SELECT path, unit FROM equipment"))
    catalog.home = dict(found("SELECT unit, number FROM telemetry_units"))
    catalog.tags = dict(found("SELECT name, tag FROM telemetry_tags"))
    firsts: dict[int, set[str]] = {}
    for number, tag, name, first in found("SELECT number, tag, name, first FROM telemetry_columns"):
        catalog.columns.setdefault(number, {})[tag] = name
        firsts.setdefault(number, set()).update([tag] if first else [])
    catalog.first = {frozenset(tags): number for number, tags in firsts.items()}
    for kind in RecordKind:
        high = catalog.newest(kind)
        for table in tables_of(kind, catalog):
            for unit, time_ns in found(f"SELECT unit, max(time_ns) FROM {table} GROUP BY unit"):  # noqa: S608
                high[unit] = max(high[unit], time_ns)
    return catalog


def tables_of(kind: RecordKind, catalog: Catalog) -> list[str]:
    """Names of the tables that hold a kind, as SQL writes them."""
    if kind is RecordKind.TELEMETRY:
        return [*(f"telemetry_{number}" for number in list(catalog.columns)), "telemetry_long"]
    return [quoted(kind)]
