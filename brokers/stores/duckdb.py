"""The embedded store: one DuckDB file, one writing thread, readers in the same process."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from brokers.files import identity
from brokers.retry import NO_ROOM
from brokers.stores import StoreUrl, stores
from brokers.stores._duckdb_catalog import Catalog, quoted, tables_of
from brokers.stores._duckdb_damage import Written, WrittenMark, connected, missing, shortfall
from brokers.stores._duckdb_tables import Tables
from brokers.stores.latest import Latest
from brokers.stores.schema import LAST_KEY, bucket_ns, checked_where, event_frame, events_only
from twin.equipment import EquipmentPath
from twin.errors import Problem, ProblemsError, RefusedRowsError, StoreError
from twin.records import BAD, COLUMNS, Frame, RecordKind

log = logging.getLogger(__name__)

T = TypeVar("T")
Series = tuple[NDArray[np.int64], NDArray[np.float64]]
CONTENT = (
    duckdb.DataError,
    duckdb.IntegrityError,
    duckdb.BinderException,
    duckdb.InvalidInputException,
    duckdb.ParserException,
    ValueError,
    TypeError,
    OverflowError,
)
"""What a write raises when the rows are at fault, not the file."""

HELD = "expected a file that nobody has open"
UNDER = "unit IN (SELECT unnest(?::INTEGER[]))"


class DuckDbStore:
    """Keeps records in one file; no other process can open it meanwhile.

    Writes are transactions: ``write`` returns when the rows are on disk, and a killed process
    loses nothing that was acknowledged. A log or file that was damaged on the disk is put aside when it is
    opened, and ``lost`` says how much of what was acknowledged is missing. Freed space is used again, but the
    file does not shrink.

    Args:
        path: The file; its folder is made. ``:memory:`` keeps nothing.
        keep_ns: Delete rows whose source time is older than the clock by more than this; None: keep all.
        threads: Threads that DuckDB may use for one query.
        memory: Most memory DuckDB may use, e.g. ``1GB``.
        run: Run that is kept apart from others in the same file, in a schema of its own; empty: none.
        now_ns: The clock of the run. A row's own time decides nothing: one dated ahead would delete all others.
    """

    def __init__(
        self,
        path: str,
        keep_ns: int | None = None,
        threads: int = 2,
        memory: str = "1GB",
        run: str = "",
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.path = path
        self.run = run
        self.keep_ns = keep_ns
        self._now_ns = now_ns
        self.recovered = False
        """Whether a process ended without closing the file, and nobody has saved it since."""
        self.forgotten: Counter[RecordKind] = Counter()
        """Rows deleted because they were too old, by kind."""
        self.lost = ""
        """What was acknowledged and is not in the file any more, as found when it was opened; empty: nothing new."""
        self.lost_rows = 0
        """Number of these rows, and of those found before that nobody has written again."""
        self.lost_writes = 0
        """Number of writes that held them."""
        self._mark = None if path == ":memory:" else WrittenMark(f"{path}.{run}" if run else path)
        self._config: dict[str, Any] = {"threads": threads, "memory_limit": memory}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-read")
        self._local = threading.local()
        self._latest = Latest()
        self._latest_read: set[RecordKind] = set()
        self._cut_ns = -(2**63)
        self._opened: tuple[int, int] | None = None
        self._said = Written()

    async def open(self) -> None:
        """Open or create the file.

        Raises:
            StoreError: Another process has it open, or it is not such a file.
        """
        await self._run(self._writer, self._open)

    async def write(self, frames: Sequence[Frame]) -> None:
        """Write all frames or none; durable when it returns.

        Raises:
            RefusedRowsError: These rows can never be written; nothing was written.
            StoreError: The file refused; nothing was written.
        """
        await self._run(self._writer, self._write, frames)
        self._latest.note(frames)
        if self.keep_ns is not None:
            await self._retain(self.keep_ns)

    async def write_again(self, frames: Sequence[Frame]) -> None:
        """Write what was written before and may be missing; it is not counted twice.

        Raises:
            StoreError: The file refused; nothing was written.
        """
        await self._run(self._writer, partial(self._write, again=True), frames)

    async def save(self) -> None:
        """Write everything into the file itself, so that its log is empty; what was lost is settled then."""
        await self._run(self._writer, self._save)

    def missed(self) -> dict[str, int]:
        """Rows that were acknowledged and are not in the file any more."""
        return {"lost": self.lost_rows}

    @property
    def owed(self) -> tuple[int, int]:
        """Rows that are lost as long as nobody saves it, and when that was found, in ns since 1970 UTC; 0: never."""
        owed = Written() if self._mark is None else self._mark.owed()
        return owed.rows, owed.at_ns

    async def close(self) -> None:
        """Write everything into the file and let go of it."""
        await self._run(self._readers, lambda: None)
        self._readers.shutdown(wait=True)
        await self._run(self._writer, self._let_go)
        self._writer.shutdown(wait=True)
        if self._mark is not None:
            self._mark.close()

    async def series(
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000, worst: int = 2
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)``; see ``twin.ports.History``."""
        return await self._run(self._readers, self._series, path, tag, (t0_ns, t1_ns), max_points, worst)

    async def since_ns(self) -> int | None:
        """Nothing older is kept; None: everything is."""
        return None if self.keep_ns is None else max(self._cut_ns, self._now_ns() - self.keep_ns)

    async def rows(
        self,
        kind: RecordKind,
        under: str,
        t0_ns: int,
        t1_ns: int,
        limit: int = 10_000,
        where: Mapping[str, Any] | None = None,
    ) -> Frame:
        """Records of a kind at or below a path in ``[t0, t1)``; see ``twin.ports.History``."""
        conditions = checked_where(kind, where)
        return await self._run(self._readers, self._rows, kind, under, (t0_ns, t1_ns, limit), conditions)

    async def latest(self, kind: RecordKind, under: str = "") -> Frame:
        """The last record of each key; see ``twin.ports.History``."""
        events_only(kind)
        if kind not in self._latest_read:
            self._latest.merge(await self._run(self._readers, self._read_latest, kind))
            self._latest_read.add(kind)
        return self._latest.frame(kind, under)

    async def before(self, kind: RecordKind, under: str, time_ns: int) -> Frame:
        """The last record of each key before a time; see ``twin.ports.History``."""
        events_only(kind)
        return await self._run(self._readers, self._read_latest, kind, under, time_ns)

    async def count(self, kind: RecordKind) -> int:
        """Number of stored rows of a kind (known values for telemetry)."""
        return await self._run(self._readers, self._count, kind)

    async def forget(self, before_ns: int) -> dict[RecordKind, int]:
        """Delete rows with a source time before this, but no master data and not the last row of a unit.

        Returns:
            Rows deleted by kind.
        """
        counts = await self._run(self._writer, self._tables.forget, before_ns)
        self.forgotten.update(counts)
        return counts

    @property
    def catalog(self) -> Catalog:
        """Which tables and columns there are."""
        return self._catalog

    def query(self, statement: str) -> duckdb.DuckDBPyConnection:
        """Ask the file itself, in the caller's thread."""
        return self._cursor().execute(statement)

    # what runs in the threads

    def _let_go(self) -> None:
        self._stay()
        if self.run and not self._catalog.units:  # a part of which nobody ever said anything is none
            self._root.execute(f"DROP SCHEMA IF EXISTS {quoted(f'run_{self.run}')} CASCADE")
        self._root.close()

    def _open(self) -> None:
        try:
            if self.path != ":memory:":
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self.recovered = self.recovered or Path(f"{self.path}.wal").exists()
            self._root = connected(self.path, self._config)
            self._tables = Tables(self._cursor())
            self._opened = identity(self.path)
        except duckdb.Error as error:
            raise StoreError(explained(self.path, f"expected a DuckDB file, got: {error}")) from error
        except OSError as error:
            raise StoreError(f"store {self.path}: expected a folder to write to, got: {error.strerror}") from error
        self._local = threading.local()
        if self._mark is not None:
            self._reckon(self._mark)

    def _reckon(self, mark: WrittenMark) -> None:
        """Compare what was acknowledged with what is there, and keep what is missing until it is settled."""
        said, owed = max(mark.read(), self._said, key=lambda each: each.writes), mark.owed()
        self.lost = missing(said, self._tables.written)
        if self.lost:
            log.error("store %s: %s (damaged on the disk, or replaced by an older copy)", self.path, self.lost)
        new = shortfall(said, self._tables.written)
        self.lost_rows = max(self.lost_rows, owed.rows) + new.rows
        self.lost_writes = max(self.lost_writes, owed.writes) + new.writes
        self.recovered = self.recovered or bool(owed.at_ns or new.writes)
        if self.recovered:
            found_ns = owed.at_ns or time.time_ns()
            mark.owe(Written(owed.writes + new.writes, owed.rows + new.rows, found_ns))
        mark.begin(self._tables.written)

    def _reopen(self, why: str) -> None:
        """Begin anew with a file with which DuckDB cannot go on."""
        log.error("store %s: %s; it is opened again", self.path, why)
        self._said = self._tables.written  # the mark may have gone with the file
        if self._mark is not None:
            self._mark.close()
        with suppress(duckdb.Error):
            self._root.close()
        self._open()
        self._latest_read.clear()

    def _save(self) -> None:
        self._stay()
        self._cursor().execute("CHECKPOINT")
        if self._mark is not None and self._mark.owed().at_ns:
            self._mark.owe(Written())

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._root.cursor()
        if self.run:
            schema = quoted(f"run_{self.run}")
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            cursor.execute(f"USE {schema}")
        return cursor

    def _stay(self) -> None:
        """See that what is written goes into the file of that name: one that was removed takes all with it."""
        if self.path != ":memory:" and identity(self.path) != self._opened:
            self._reopen("expected the file that was opened, got none or another: somebody removed or replaced it")

    def _write(self, frames: Sequence[Frame], *, again: bool = False) -> None:
        self._stay()
        try:
            self._tables.write(frames, again=again)
        except duckdb.FatalException:
            self._reopen("DuckDB gave up on the file")
            raise
        except CONTENT as error:
            raise RefusedRowsError(f"store {self.path}: {error}") from error
        if self._mark is not None:
            self._mark.write(self._tables.written)

    @property
    def _catalog(self) -> Catalog:
        return self._tables.catalog

    def _query(self, statement: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._cursor()
        cursor: duckdb.DuckDBPyConnection = self._local.cursor
        return cursor.execute(statement, list(values))

    def _series(self, path: str, tag: str, span: tuple[int, int], max_points: int, worst: int) -> Series:
        unit, place = self._catalog.units.get(path), self._place_of(path, tag)
        if unit is None or place is None:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        table, column, test = place
        test += f" AND coalesce(quality, 0) <= {int(worst)}" if worst < BAD else ""
        part = f"FROM {table} WHERE unit = ? AND time_ns >= ? AND time_ns < ? AND {column} IS NOT NULL {test}"
        values = [unit, *span]
        points = self._query(f"SELECT count(*) {part}", values).fetchone() or (0,)
        if points[0] <= max_points:
            return self._points(f"SELECT time_ns AS t, {column} AS v {part} ORDER BY t", values)
        width, low = bucket_ns(*span, max_points), span[0]
        bucket = f"{low} + (time_ns - {low}) // {width} * {width}"
        return self._points(f"SELECT {bucket} AS t, avg({column}) AS v {part} GROUP BY t ORDER BY t", values)

    def _place_of(self, path: str, tag: str) -> tuple[str, str, str] | None:
        """Table, column and further condition of a tag of a unit; None when it has never been written."""
        catalog = self._catalog
        number = catalog.home.get(catalog.units.get(path, -1))
        name = catalog.columns.get(-1 if number is None else number, {}).get(tag)
        if name is not None:
            return f"telemetry_{number}", quoted(name), ""
        long = catalog.tags.get(tag)
        return None if long is None else ("telemetry_long", "value", f"AND tag = {long}")

    def _points(self, statement: str, values: Sequence[Any]) -> Series:
        columns = self._query(statement, values).fetchnumpy()
        return np.asarray(columns["t"], dtype=np.int64), np.asarray(columns["v"], dtype=np.float64)

    def _rows(self, kind: RecordKind, under: str, window: tuple[int, int, int], where: Mapping[str, Any]) -> Frame:
        t0_ns, t1_ns, limit = window
        tests = ["time_ns >= ?", "time_ns < ?"]
        values: list[Any] = [t0_ns, t1_ns]
        if under:
            tests.append(UNDER)
            values.append(self._under(under))
        for name, value in where.items():
            tests.append(f"{quoted(name)} IS NOT DISTINCT FROM ?")
            values.append(value)
        order = f"WHERE {' AND '.join(tests)} ORDER BY time_ns DESC, rowid DESC LIMIT {int(limit)}"
        return self._events(kind, f"SELECT {_columns(kind)} FROM {quoted(kind)} {order}", values)  # noqa: S608 - our names

    def _under(self, path: str) -> list[int]:
        """Numbers of the equipment at or below a path."""
        return [unit for name, unit in list(self._catalog.units.items()) if EquipmentPath(name).is_under(path)]

    def _read_latest(self, kind: RecordKind, under: str = "", before_ns: int | None = None) -> Frame:
        key = ", ".join(["unit", *(quoted(name) for name in LAST_KEY.get(kind, ()))])
        order = f"ORDER BY {key}, time_ns DESC, rowid DESC"
        what = f"SELECT DISTINCT ON ({key}) {_columns(kind)}"
        tests: dict[str, Any] = {UNDER: self._under(under)} if under else {}
        tests |= {} if before_ns is None else {"time_ns < ?": before_ns}
        where = f"WHERE {' AND '.join(tests)}" if tests else ""
        return self._events(kind, f"{what} FROM {quoted(kind)} {where} {order}", list(tests.values()))

    def _events(self, kind: RecordKind, statement: str, values: Sequence[Any]) -> Frame:
        found = self._query(statement, values).fetchall()
        units = list(self._catalog.units.items())
        if any(row[0] >= len(units) for row in found):  # committed after the catalog was looked at
            units = self._query("SELECT path, unit FROM equipment").fetchall()
        paths = {unit: EquipmentPath(path) for path, unit in units}
        return event_frame(kind, [(paths[row[0]], *row[1:]) for row in reversed(found)])

    def _count(self, kind: RecordKind) -> int:
        catalog = self._catalog
        total = 0
        for table in tables_of(kind, catalog):
            what = ["count(*)"]
            if kind is RecordKind.TELEMETRY and table != "telemetry_long":
                names = catalog.columns[int(table.rpartition("_")[2])].values()
                what = [f"count({quoted(name)})" for name in names]
            total += sum(self._query(f"SELECT {', '.join(what)} FROM {table}").fetchone() or ())  # noqa: S608
        return total

    async def _retain(self, keep_ns: int) -> None:
        cut_ns = self._now_ns() - keep_ns
        if cut_ns >= self._cut_ns + max(keep_ns // 50, 60_000_000_000):
            self._cut_ns = cut_ns
            await self.forget(cut_ns)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[..., T], *values: Any) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *values)
        except duckdb.Error as error:
            raise StoreError(explained(self.path, str(error))) from error


def _columns(kind: RecordKind) -> str:
    return ", ".join(["unit", "time_ns", *(quoted(name) for name in COLUMNS[kind])])


def path_problem(path: str) -> Problem | None:
    """What keeps DuckDB from having its file at a path: it reads a backslash as a slash, a question mark as the begin
    of options, and a word with a colon at the begin as another system.

    >>> str(path_problem("md:plant.duckdb"))
    "store duckdb: expected a path without \\\\ and ?, and no word with a colon before it, got 'md:plant.duckdb'"
    """
    if not re.search(r"[\\?]|^\w+:", path):
        return None
    return Problem("store duckdb", r"a path without \ and ?, and no word with a colon before it", repr(path))


def explained(path: str, text: str) -> str:
    """What DuckDB says, as people should hear it."""
    held = re.search(r"PID (\d+)", text)
    if "set lock" in text:
        who = f"the process {held[1]}" if held else "another process"
        return f"store {path}: {HELD}, got one that {who} has open (end that process)"
    if "No space left" in text or "disk quota" in text.lower() or "not enough disk space" in text.lower():
        return f"store {path}: {NO_ROOM}"
    return f"store {path}: {text.splitlines()[0]}"


@stores.register("duckdb")
def duckdb_store(url: StoreUrl) -> DuckDbStore:
    """Embedded file, the default; option ``keep``, e.g. ``keep=30 day``, deletes what is older."""
    url.allow("keep", "run")
    keep_s = url.seconds("keep")
    if odd := path_problem(url.file):
        raise ProblemsError([odd])
    return DuckDbStore(url.file, None if keep_s is None else round(keep_s * 1e9), run=url.run, now_ns=url.now_ns)
