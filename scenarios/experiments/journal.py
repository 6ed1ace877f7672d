"""Outcomes on disk as they come, so that nothing but the runs in work is lost however the program ends."""

from __future__ import annotations

import fcntl
import math
import os
import time
from pathlib import Path
from typing import Self

import orjson

from scenarios.experiments.replication import Outcome
from twin.errors import Problem, ScenarioError

SYNC_S = 1.0
"""Outcomes are safe from the end of this program at once, from that of the machine after so long."""


class StudyJournal:
    """A file of lines: first what the study is, then one outcome each.

    Args:
        path: The file; new if need be.
        identity: Fingerprint of all that outcomes depend on.

    Raises:
        ScenarioError: The file is of another study, or another program is writing it.
    """

    def __init__(self, path: Path, identity: str):
        self.path = path
        self.outcomes: dict[tuple[int, int, bool], Outcome] = {}
        self._synced = 0.0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            problem = Problem(str(path.parent), "a folder to write to", error.strerror or "none", "use --out")
            raise ScenarioError([problem]) from None
        self._lock()
        self._take(identity)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise ScenarioError([Problem(str(self.path), "a study that is not running", "one that is")]) from None

    def _take(self, identity: str) -> None:
        """Read what is there; a last line that was cut off is removed."""
        with open(self._file, "rb", closefd=False) as file:
            whole = file.read().rpartition(b"\n")[0]
        lines = whole.split(b"\n") if whole else []
        if lines and orjson.loads(lines[0]).get("study") != identity:
            os.close(self._file)
            hint = "use another --out, or --fresh to begin anew"
            raise ScenarioError([Problem(str(self.path), "results of this very study", "those of another", hint)])
        for line in lines[1:]:
            row = orjson.loads(line)
            values = tuple(math.nan if value is None else float(value) for value in row["values"])
            outcome = Outcome(row["point"], row["replication"], row["pilot"], values, row["cpu_s"], row.get("lock", ""))
            self.outcomes[outcome.key] = outcome
        end = len(whole) + 1 if whole else 0
        os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        if not lines:
            self._write({"study": identity})

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self.outcomes[outcome.key] = outcome
        self._write(outcome)

    def _write(self, row: object) -> None:
        os.write(self._file, orjson.dumps(row) + b"\n")
        now = time.monotonic()
        if now - self._synced >= SYNC_S:
            os.fsync(self._file)
            self._synced = now

    def close(self) -> None:
        """Everything is on disk."""
        os.fsync(self._file)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
