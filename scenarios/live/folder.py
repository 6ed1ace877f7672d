"""Folders of runs: made late, locked while the run is alive, removed only when it is not."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self

from brokers.files import identity
from brokers.retry import ROOM, is_full
from twin.errors import FatalError, Problem, ScenarioError

RUNS_KEPT = 3
NAME = re.compile(r"\d{8}-\d{6}-\d{6}")
"""Names of the folders of runs."""
LOCK = "lock"
LOOK_S = 1.0
"""Time between two looks whether the lock of a live run is still there."""
PATIENCE_S = 15.0
"""Longest wait for the processes of a run that has just ended."""


class RunLock:
    """Says that a run is alive; the kernel lets go of it when the last process that holds it is gone.

    The roles' processes inherit it (:attr:`handle`), so a run whose first process was killed is alive until
    its roles have ended too.

    Args:
        folder: Folder of the run, which is there.
    """

    def __init__(self, folder: Path):
        self._path = folder / LOCK
        self._file: IO[str] | None = None

    @property
    def handle(self) -> int:
        """File descriptor for the processes of the roles."""
        if self._file is None:
            raise ValueError(f"{self._path}: expected a lock that is held, got one that is not")
        return self._file.fileno()

    def take(self) -> bool:
        """Hold it; False when another process does."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        if not _stands(self._path, file):  # removed between the two, e.g. with the folder
            file.close()
            return False
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return True

    def stay(self) -> None:
        """Make it anew where somebody has removed it, with the folder or alone; else another run could begin there.

        Raises:
            OSError: It cannot be made now.
            FatalError: Another run was quicker.
        """
        if self._file is None or _stands(self._path, self._file):
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        gone, self._file = self._file, None
        try:
            taken = self.take()
        except OSError:
            self._file = gone
            raise
        if not taken:
            where, who = self._path.parent, self.holder()
            raise FatalError(f"{where}: expected the folder of this run, got one of another as process {who}")
        gone.close()

    async def keep(self) -> None:
        """See that it stays, until cancelled.

        Raises:
            FatalError: Somebody has removed it, and another run has begun there.
        """
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(OSError):  # that the disk does not take it is told by those who write more
                self.stay()

    def holder(self) -> int | None:
        """Process id of who holds it or held it last."""
        try:
            return int(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _stands(path: Path, file: IO[str]) -> bool:
    """Whether a name still stands for the open file."""
    found = os.fstat(file.fileno())
    return identity(path) == (found.st_dev, found.st_ino)


def locked(folder: Path, patience_s: float = PATIENCE_S) -> RunLock:
    """The lock of a folder, held.

    Args:
        folder: Folder of a run.
        patience_s: Longest wait when the process that took it is gone and its roles are still ending.

    Raises:
        ScenarioError: The run is alive; says its process.
    """
    lock, until = RunLock(folder), time.monotonic() + patience_s
    while not _taken(lock, folder):
        if _lives(holder := lock.holder()) or time.monotonic() > until:
            hint = "end it with Ctrl-C, or begin another run beside it with --fresh"
            raise ScenarioError([Problem(str(folder), "a run that has ended", f"one alive as process {holder}", hint)])
        time.sleep(0.1)
    return lock


def _taken(lock: RunLock, folder: Path) -> bool:
    with writing(folder):
        return lock.take()


def _lives(process: int | None) -> bool:
    if process is None:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def new_folder(root: Path) -> Path:
    """Path of a new run's folder below a scenario's; nothing is made yet."""
    return root / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")


def runs(root: Path) -> list[Path]:
    """Folders of a scenario's runs, oldest first."""
    return sorted(path for path in root.glob("*") if NAME.fullmatch(path.name)) if root.is_dir() else []


def make(folder: Path) -> RunLock:
    """Make the folder of a run, locked.

    Raises:
        ScenarioError: It cannot be made.
    """
    with writing(folder.parent):
        folder.mkdir(mode=0o700, parents=True)
    return locked(folder)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Write in a folder.

    Raises:
        ScenarioError: The disk does not take it: it is full, read-only, of somebody else.
    """
    try:
        yield
    except OSError as error:
        expected, got, hint = "a folder to write to", error.strerror or str(error), ""
        if is_full(error):
            expected, got, hint = ROOM
        hint = ", or ".join(filter(None, (hint, "set FF_DATA to another folder")))
        raise ScenarioError([Problem(str(folder), expected, got, hint)]) from None


def tidy(root: Path, keep: Path) -> None:
    """Remove the oldest runs, but no run that is alive, and not the one given."""
    for old in runs(root)[:-RUNS_KEPT]:
        if old != keep:
            remove(old)


def remove(folder: Path) -> None:
    """Remove the folder of a run unless it is alive; what cannot be removed stays."""
    lock = RunLock(folder)
    with suppress(OSError):
        if lock.take():
            shutil.rmtree(folder)
    lock.release()
