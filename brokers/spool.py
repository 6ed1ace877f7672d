"""What a gateway has taken in and nobody has stored yet, on disk: it outlives the broker's absence and the process.

A spool stands before an :class:`brokers.outbox.Outbox`. Frames go into it first, in one transaction with what their
maker has to remember, and from it into the outbox in order. What is stored is taken out. A process that takes the
place of one that died puts the same frames into the outbox again, which gives them the same numbers, so that none is
stored twice. One that is full drops the oldest frames that have no numbers yet, and counts them.

SQLite in WAL mode with ``synchronous=NORMAL``: a process that is killed loses nothing, a machine that loses its power
at most what it wrote last. A frame is one compressed block of columns.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from brokers.packing import packed, unpacked
from twin.records import Frame

log = logging.getLogger(__name__)

MOST_BYTES = 512 * 1024 * 1024
"""Bytes of frames that a spool keeps: more than an hour of 5,000 values a second."""
_TABLES = """
CREATE TABLE IF NOT EXISTS frame (id INTEGER PRIMARY KEY, pieces INTEGER NOT NULL, block BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS word (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Spool:
    """Frames of one publisher on disk, in order.

    Args:
        path: File; made with its folder, one that is damaged is put aside.
        run: Run id of the publisher where none is kept.
        split: Cuts a frame into the pieces that get a number each.
        most_bytes: Most bytes of frames kept.
    """

    def __init__(
        self, path: Path, run: str, split: Callable[[Frame], Sequence[Frame]], most_bytes: int = MOST_BYTES
    ) -> None:
        self.path, self._split, self._most = path, split, most_bytes
        self._database = self._opened()
        words = self._words()
        self.run: str = words.setdefault("run", run)
        self.first = int(words.get("first", 0))
        """Number of the first piece that it holds."""
        self.dropped = int(words.get("dropped", 0))
        """Pieces dropped because it was full, over all lives."""
        self.kept: dict[str, Any] = json.loads(words.get("kept", "{}"))
        """What the maker of the frames remembered with the last of them."""
        self._again = int(words.get("numbered", 0))
        self._numbered = 0
        self.held, self.bytes = self._database.execute("SELECT count(*), sum(length(block)) FROM frame").fetchone()
        self.bytes = self.bytes or 0
        self._say(run=self.run)

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._connected()
        except sqlite3.DatabaseError as error:
            aside = self.path.with_suffix(".damaged")
            log.warning("spool %s: damaged (%s), put aside as %s", self.path.name, error, aside.name)
            self.path.replace(aside)
            for rest in ("-wal", "-shm"):
                self.path.with_name(self.path.name + rest).unlink(missing_ok=True)
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        try:
            self.path.chmod(0o600)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.execute("PRAGMA auto_vacuum=INCREMENTAL")
            database.executescript(_TABLES)
            (told,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if told != "ok":
                raise sqlite3.DatabaseError(told)
        except BaseException:
            database.close()
            raise
        return database

    def _words(self) -> dict[str, str]:
        return dict(self._database.execute("SELECT name, value FROM word").fetchall())

    def _say(self, **words: object) -> None:
        rows = [(name, str(value)) for name, value in words.items()]
        self._database.executemany(
            "INSERT INTO word VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", rows
        )

    def add(self, frames: Sequence[Frame], kept: Mapping[str, Any]) -> None:
        """Take frames, and what their maker remembers with them, both or neither.

        Raises:
            sqlite3.Error: The disk does not take them.
        """
        blocks = [(len(self._split(frame)), zlib.compress(packed(frame), 1)) for frame in frames]
        with self._transaction():
            self._database.executemany("INSERT INTO frame (pieces, block) VALUES (?, ?)", blocks)
            self._say(kept=json.dumps(kept))
        self.held += len(blocks)
        self.bytes += sum(len(block) for _, block in blocks)
        self.kept = dict(kept)
        if self.bytes > self._most:
            with suppress(sqlite3.Error):  # the frames are in: raised, they would be added again; the next one drops
                self._drop()

    def _transaction(self) -> _Transaction:
        return _Transaction(self._database)

    def _drop(self) -> None:
        """Let go of the oldest frames that have no numbers yet."""
        before = self.dropped
        with self._transaction():
            query = "SELECT id, pieces, length(block) FROM frame WHERE id > ? ORDER BY id"
            with closing(self._database.execute(query, (max(self._numbered, self._again),))) as rows:
                gone, held, size, dropped = [], self.held, self.bytes, self.dropped
                for number, pieces, length in rows:
                    if size <= self._most * 0.95:
                        break
                    gone.append((number,))
                    held, size, dropped = held - 1, size - length, dropped + pieces
            self._database.executemany("DELETE FROM frame WHERE id = ?", gone)
            self._say(dropped=dropped)
        self.held, self.bytes, self.dropped = held, size, dropped
        if dropped > before == 0:
            log.warning("spool %s: full with %d MB; the oldest are dropped", self.path.name, self.bytes // 1_000_000)

    def next(self, most: int) -> list[Frame]:
        """The frames that come next into the outbox, at most so many; they keep their numbers from here on.

        Raises:
            sqlite3.Error: The disk cannot be read or written.
        """
        query = "SELECT id, block FROM frame WHERE id > ? ORDER BY id LIMIT ?"
        rows = self._database.execute(query, (self._numbered, most)).fetchall()
        if rows:
            last = rows[-1][0]
            if last > self._again:
                self._say(numbered=last)
            self._numbered = last
        return [unpacked(zlib.decompress(block)) for _, block in rows]

    def stored(self, first: int) -> None:
        """All pieces below a number are stored.

        Raises:
            sqlite3.Error: The disk cannot be written.
        """
        gone, number = [], self.first
        query = "SELECT id, pieces, length(block) FROM frame WHERE id <= ? ORDER BY id"
        with closing(self._database.execute(query, (self._numbered,))) as rows:
            for row, pieces, length in rows:
                if number + pieces > first:
                    break
                number += pieces
                gone.append((row, length))
        if not gone:
            return
        with self._transaction():
            self._database.execute("DELETE FROM frame WHERE id <= ?", (gone[-1][0],))
            self._say(first=number)
        self.first, self.held = number, self.held - len(gone)
        self.bytes -= sum(length for _, length in gone)
        self._database.execute("PRAGMA incremental_vacuum(1000)").fetchall()

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class _Transaction:
    """All or nothing."""

    def __init__(self, database: sqlite3.Connection):
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:  # a full disk refuses the COMMIT, and may have rolled back by itself
                self._database.execute("ROLLBACK")
