"""A DuckDB file that was damaged on its disk: what can be read is kept, what cannot is put aside and counted.

Beside the file ``x.duckdb`` lies ``x.duckdb.mark``: how many writes were acknowledged, and how many rows.
The file itself holds the same two numbers, written with the rows. A log that was cut is replayed by DuckDB
up to the cut without a word; the difference of the numbers tells what is missing. What is missing stands in the
mark too, until somebody who can write it again has done so: whoever opens the file first need not be the one.
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
"""Bytes of one of the three places of a mark: two are written in turn, the third holds what is owed."""
_POSITION = re.compile(r"Corrupt WAL file: entry at byte position (\d+)")
_LOG = ("replaying WAL", "replaying checkpoint WAL", "This WAL was created for", "WAL does not match")
LOGS = ("wal", "wal.checkpoint", "wal.recovery")
"""Endings of a log, and of those beside it while a checkpoint is made or taken up again."""
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
        return max((_slot(content, number) for number in (0, 1)), key=lambda each: each.writes)

    def owed(self) -> Written:
        """What was missing when the file was opened after an unclean end, and since when; never: nobody need act."""
        try:
            return _slot(self.path.read_bytes(), 2)
        except OSError:
            return Written()

    def write(self, written: Written) -> None:
        """Replace the older of the two; on a full disk the mark stays behind, which claims no loss that is none."""
        self._put(written, written.writes % 2)

    def begin(self, written: Written) -> None:
        """Go on from what is there: neither of the two says any more what is missing, which is owed from now on."""
        for number in (0, 1):
            self._put(written, number)

    def owe(self, missing: Written) -> None:
        """Keep what is missing until it is written again."""
        self._put(missing, 2)

    def _put(self, written: Written, number: int) -> None:
        body = json.dumps([written.writes, written.rows, written.at_ns]).encode()
        text = (body + b" %08x" % crc32(body)).ljust(SLOT - 1) + b"\n"
        with suppress(OSError):
            if self._handle is None:
                self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            os.pwrite(self._handle, text, SLOT * number)

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _slot(content: bytes, number: int) -> Written:
    text = content[SLOT * number : SLOT * (number + 1)]
    body, _, code = text.rstrip(b" \n").rpartition(b" ")
    return Written(*json.loads(body)) if body and code == b"%08x" % crc32(body) else Written()


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
    wal, *others = (Path(f"{path}.{ending}") for ending in LOGS)
    position = _POSITION.search(error)
    if position is not None and wal.exists() and not any(each.exists() for each in others):
        content = wal.read_bytes()
        _moved(wal).write_bytes(content)
        os.truncate(wal, int(position[1]))
        log.error("store %s: damaged log: what it held from byte %s on is put aside", path, position[1])
        return True
    logs = [each for each in (wal, *others) if each.exists()]
    if logs and (position is not None or any(text in error for text in _LOG)):
        for each in logs:
            each.rename(_moved(each))
        log.error("store %s: damaged log: put aside as a whole", path)
        return True
    if any(text in error for text in _FILE) and Path(f"{path}.mark").exists():
        for each in (Path(path), *logs):
            if each.exists():
                each.rename(_moved(each))
        log.error("store %s: damaged file: put aside as %s.damaged-…; a new one is begun", path, path)
        return True
    return False


def _moved(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06d}")


def shortfall(said: Written, there: Written) -> Written:
    """What has been acknowledged and is not there.

    >>> shortfall(Written(12, 600, 0), Written(10, 500, 7))
    Written(writes=2, rows=100, at_ns=0)
    """
    short = said.writes > there.writes
    return Written(said.writes - there.writes, said.rows - there.rows, said.at_ns) if short else Written()


def missing(said: Written, there: Written) -> str:
    """What has been acknowledged and is not there, for people; empty when nothing is missing.

    >>> missing(Written(12, 600, 0), Written(10, 500, 0))
    '100 rows of the last 2 writes are lost'
    """
    short = shortfall(said, there)
    return f"{short.rows} rows of the last {short.writes} writes are lost" if short.writes else ""
