"""A DuckDB file that was damaged on its disk: what can be read is kept, what cannot is put aside and counted.

Beside the file ``x.duckdb`` lies ``x.duckdb.mark``: how many writes were acknowledged, and how many rows.
The file itself holds the same two numbers, written with the rows. A log that was cut is replayed by DuckDB
up to the cut without a word; the difference of the numbers tells what is missing.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import duckdb

log = logging.getLogger(__name__)

SLOT = 128
"""Bytes of one of the two places of a mark, which are written in turn."""
_POSITION = re.compile(r"Corrupt WAL file: entry at byte position (\d+)")
_LOG = "replaying WAL"
_FILE = ("Corrupt database file", "Could not read enough bytes", "not a valid DuckDB database file", "Serialization")


@dataclass(frozen=True, slots=True)
class Written:
    """How much has been written.

    Args:
        writes: Transactions.
        rows: Rows that they took.
        at_ns: When the last one was acknowledged.
    """

    writes: int = 0
    rows: int = 0
    at_ns: int = 0


class WrittenMark:
    """The numbers beside the file; they outlive the process with every write, and the machine as its disk does.

    Args:
        path: The DuckDB file.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(f"{path}.mark")
        self._handle: int | None = None

    def read(self) -> Written:
        """The larger of the two that can be read."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return Written()
        found = [Written()]
        for text in (content[:SLOT], content[SLOT:]):
            body, _, code = text.rstrip(b" \n").rpartition(b" ")
            if code == b"%08x" % crc32(body):
                found.append(Written(*json.loads(body)))
        return max(found, key=lambda each: each.writes)

    def write(self, written: Written) -> None:
        """Replace the older of the two; on a full disk the mark stays behind, which claims no loss that is none."""
        body = json.dumps([written.writes, written.rows, written.at_ns]).encode()
        text = (body + b" %08x" % crc32(body)).ljust(SLOT - 1) + b"\n"
        with suppress(OSError):
            if self._handle is None:
                self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            os.pwrite(self._handle, text, SLOT * (written.writes % 2))

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def connected(path: str, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Open a file; what of it is damaged is put aside as ``….damaged-<time>``, the rest is opened.

    Raises:
        duckdb.Error: It is no file of ours, somebody has it open, or it cannot be read for another reason.
    """
    for _ in range(3):  # the log, then the file
        try:
            found = duckdb.connect(path, config=config)
            try:
                found.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
            except duckdb.Error:
                found.close()
                raise
            return found
        except duckdb.Error as error:
            if not _put_aside(path, str(error)):
                raise
    return duckdb.connect(path, config=config)


def _put_aside(path: str, error: str) -> bool:
    """Put aside what an error is about; False when it is not about damage of a file of ours."""
    wal = Path(f"{path}.wal")
    position = _POSITION.search(error)
    if position is not None and wal.exists():
        content = wal.read_bytes()
        _moved(wal).write_bytes(content)
        os.truncate(wal, int(position[1]))
        log.error("store %s: damaged log: what it held from byte %s on is put aside", path, position[1])
        return True
    if _LOG in error and wal.exists():
        wal.rename(_moved(wal))
        log.error("store %s: damaged log: put aside as a whole", path)
        return True
    if any(text in error for text in _FILE) and Path(f"{path}.mark").exists():
        for each in (Path(path), wal):
            if each.exists():
                each.rename(_moved(each))
        log.error("store %s: damaged file: put aside as %s.damaged-…; a new one is begun", path, path)
        return True
    return False


def _moved(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06d}")


def missing(said: Written, there: Written) -> str:
    """What has been acknowledged and is not there, for people; empty when nothing is missing.

    >>> missing(Written(12, 600, 0), Written(10, 500, 0))
    '100 rows of the last 2 writes are lost'
    """
    writes, rows = said.writes - there.writes, said.rows - there.rows
    return f"{rows} rows of the last {writes} writes are lost" if writes > 0 else ""
