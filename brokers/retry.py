"""Trying again: the one way in which a store or a broker that is busy or away is waited for.

The ingest, the history that a run makes of itself and the start of the pages all wait like this.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from twin.errors import NotLetInError, RefusedRowsError, RetriableError, StoreError, UnfinishedError

log = logging.getLogger(__name__)

T = TypeVar("T")
PAUSES_S = (0.2, 10.0)
"""First and longest pause; each is twice the one before."""
ROOM = ("room on the disk", "none", "free some")
"""What is expected of a full disk, what it has, and what to do."""
NO_ROOM = "expected {}, got {} ({})".format(*ROOM)
PASSING = (StoreError, RetriableError)
"""What may pass with time."""
LOOK_S = 0.5
"""How often one who waits for the next try sees whether there is to be one."""


class Trouble(NamedTuple):
    """What a process cannot do at present and is to be tried again.

    Args:
        what: What it is, e.g. ``plant``.
        why: Why it has failed.
        hop: Hop of the data that it belongs to, by its name on the health page; empty: none.
    """

    what: str
    why: str
    hop: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(eq=False)
class Tries:
    """What is being tried again by the tasks of a process, which go on until it has to end."""

    over: bool = False
    waiting: dict[object, Trouble] = field(default_factory=dict)
    """What has failed so far and is to be tried again before anything else is done."""
    left: set[str] = field(default_factory=set)
    """What had failed still when it was over."""
    troubled: dict[str, Trouble] = field(default_factory=dict)
    """What has failed and holds up nothing: it is tried again in its time."""

    async def pause(self, pause_s: float) -> None:
        """Wait for the next try, at most until it is over."""
        while pause_s > 0 and not self.over:
            await asyncio.sleep(min(pause_s, LOOK_S))
            pause_s -= LOOK_S

    def failed(self, what: str, error: Exception, hop: str = "") -> None:
        """What is tried now and then, not by :func:`retried`, has failed; said once until it works again."""
        trouble = Trouble(what, told(error), hop)
        if what not in self.troubled:
            log.warning("%s", trouble)
        self.troubled[what] = trouble

    def works(self, what: str) -> None:
        """What has failed works again, or never failed."""
        if self.troubled.pop(what, None) is not None:
            log.warning("%s: works again", what)

    def troubles(self) -> dict[str, tuple[str, ...]]:
        """What does not work at present, and why, by the hop; that of no hop is under the empty name."""
        found: dict[str, dict[str, None]] = {}
        for trouble in (*self.waiting.values(), *self.troubled.values()):
            found.setdefault(trouble.hop, {})[str(trouble)] = None
        return {hop: tuple(sorted(texts)) for hop, texts in found.items()}


TRIES: ContextVar[Tries] = ContextVar("tries")
"""Those of the tasks that were begun here."""


def tries() -> Tries:
    """Those of the tasks of this process; where there are none they begin here."""
    if (found := TRIES.get(None)) is None:
        TRIES.set(found := Tries())
    return found


async def retried(
    work: Callable[[], Awaitable[T]],
    what: str,
    patience_s: float | None = None,
    pauses_s: tuple[float, float] = PAUSES_S,
    failed: Callable[[], None] = lambda: None,
    passing: tuple[type[Exception], ...] = PASSING,
    hop: str = "",
) -> T:
    """Do something with a counterpart until it succeeds; one line when it begins to fail, one when it is back.

    Args:
        work: What to do; begun anew each time.
        what: What it is, for the log, e.g. ``history``.
        patience_s: Longest time to go on trying; None: without end. Who has only so much does not wait to be let in.
        pauses_s: First and longest pause between two tries.
        failed: Called after each failure.
        passing: Errors that may pass.
        hop: Hop of the data that it belongs to, by its name on the health page.

    Returns:
        What the work gave.

    Raises:
        RefusedRowsError: The store can never take these rows.
        FatalError: Trying again cannot help, e.g. a wrong token, unless that may pass.
        ConnectorError: It still failed when the time was up.
        UnfinishedError: It still failed when the process had to end.
    """
    begun, (pause_s, longest_s), failures = time.monotonic(), pauses_s, 0
    mine, me = TRIES.get(None) or Tries(), object()
    try:
        while True:
            try:
                given = await work()
            except RefusedRowsError:
                raise
            except passing as error:
                if patience_s is not None and (
                    isinstance(error, NotLetInError) or time.monotonic() - begun + pause_s > patience_s
                ):
                    raise
                mine.waiting[me] = Trouble(what, told(error), hop)
                if mine.over:
                    mine.left.add(str(mine.waiting[me]))
                    raise UnfinishedError(str(mine.waiting[me])) from error
                if not failures:
                    log.warning("%s; trying again", mine.waiting[me])
                failures += 1
                failed()
            else:
                if failures:
                    log.warning("%s: works again after %.1f s", what, time.monotonic() - begun)
                return given
            await mine.pause(pause_s)
            pause_s = min(2 * pause_s, longest_s)
    finally:
        mine.waiting.pop(me, None)


def told(error: Exception, place: object = "an open file") -> str:
    """What an error says to people.

    Args:
        error: The error.
        place: Where it was, if a file error does not name its file.

    >>> told(OSError(errno.ENOSPC, "No space left on device"))
    'expected room on the disk, got none (free some)'
    """
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return NO_ROOM
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    if is_full(error):
        return NO_ROOM
    return f"expected files to read and to write, got: {error.strerror} ({error.filename or place})"


def is_full(error: OSError) -> bool:
    """Whether there is no room on the disk, or none for this user."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
