"""Reading a DuckDB file that may be anybody's: nothing is written, nothing outside the file is touched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from brokers.stores._duckdb_catalog import quoted
from brokers.stores.duckdb import HELD, explained, path_problem
from brokers.stores.schema import event_frame
from twin.equipment import EquipmentPath
from twin.errors import Problem, ProblemsError, RefusedRowsError, StoreError
from twin.records import COLUMNS, Frame, RecordKind

CONFIG: dict[str, Any] = {"enable_external_access": False, "lock_configuration": True, "threads": 2}
"""A foreign file may hold views that read other files; such a view is never asked, and could not read them."""
_TABLES = "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name IN (%s)"
_OURS = """
SELECT schema_name FROM duckdb_columns() WHERE table_name = 'equipment' AND column_name IN ('unit', 'path')
GROUP BY schema_name HAVING count(*) = 2 ORDER BY schema_name
"""


def stored_events(path: Path, kinds: Iterable[RecordKind]) -> list[Frame]:
    """The records of some kinds in a file, in order of time.

    Args:
        path: The file; it stays as it is.
        kinds: Any kinds but telemetry; one without a table has no rows.

    Raises:
        ProblemsError: It is no file of ours, or holds what is no record.
        StoreError: A process has it open.
    """
    try:
        with duckdb.connect(str(path), read_only=True, config=CONFIG) as file:
            columns = _columns(file)
            missing = {"equipment", "state"} - set(columns)
            if missing:
                raise _refused(path, f"a table {' and '.join(sorted(missing))}", "a file without it")
            paths = {
                unit: EquipmentPath(name) for unit, name in file.execute("SELECT unit, path FROM equipment").fetchall()
            }
            return [_frame(file, kind, columns[str(kind)], paths) for kind in kinds if str(kind) in columns]
    except (duckdb.Error, ValueError, KeyError, TypeError, OverflowError, RefusedRowsError) as error:
        text = explained(str(path), str(error))
        if HELD in text:
            raise StoreError(text) from None
        raise _refused(path, "a DuckDB file of a run", f"{error!s:.200}") from None


def unfit(path: Path) -> Problem | None:
    """What keeps a file from being a store of ours; it stays as it is. A damaged log does not: opening it mends it.

    Raises:
        StoreError: A process has it open.
    """
    if odd := path_problem(str(path)):
        return odd
    if path.is_dir():
        return Problem(str(path), "a .duckdb file", "a folder")
    try:
        with duckdb.connect(str(path), read_only=True, config=CONFIG) as file:
            return None if file.execute(_OURS).fetchall() else _refusal(path, "the tables of a run", "a file without")
    except duckdb.Error as error:
        text = explained(str(path), str(error))
        if HELD in text:
            raise StoreError(text) from None
        return None if "WAL" in text else _refusal(path, "a DuckDB file of a run", f"{error!s:.200}")


def runs_apart(path: Path) -> list[str]:
    """Runs that a store in a file or folder keeps apart from its other records."""
    if path.is_dir():
        return sorted(folder.name.removeprefix("run-") for folder in path.glob("run-*") if any(folder.glob("*.lp")))
    with duckdb.connect(str(path), read_only=True, config=CONFIG) as file:
        return [schema.removeprefix("run_") for (schema,) in file.execute(_OURS).fetchall() if schema != "main"]


def _refused(path: Path, expected: str, got: str) -> ProblemsError:
    return ProblemsError([_refusal(path, expected, got)])


def _refusal(path: Path, expected: str, got: str) -> Problem:
    return Problem(str(path), expected, got, "give the store of a run")


def _columns(file: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Columns of the tables of ours; views are none."""
    names = ["equipment", *RecordKind]
    views = {name for (name,) in file.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}
    found: dict[str, set[str]] = {}
    for table, column in file.execute(
        _TABLES % ", ".join("?" for _ in names), [str(name) for name in names]
    ).fetchall():
        if table not in views:
            found.setdefault(table, set()).add(column)
    return found


def _frame(
    file: duckdb.DuckDBPyConnection, kind: RecordKind, there: set[str], paths: dict[int, EquipmentPath]
) -> Frame:
    names = ["unit", "time_ns", *(quoted(name) if name in there else "NULL" for name in COLUMNS[kind])]
    rows = file.execute(f"SELECT {', '.join(names)} FROM {quoted(kind)} ORDER BY time_ns, rowid").fetchall()  # noqa: S608
    return event_frame(kind, [(paths[unit], int(time_ns), *values) for unit, time_ns, *values in rows])
