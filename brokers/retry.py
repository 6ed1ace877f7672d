"""Trying again: the one way in which a store or a broker that is busy or away is waited for.

The ingest, the history that a run makes of itself and the start of the pages all wait like this.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from twin.errors import NotLetInError, RefusedRowsError, RetriableError, StoreError, UnfinishedError

log = logging.getLogger(__name__)

T = TypeVar("T")
PAUSES_S = (0.2, 10.0)
"""First and longest pause; each is twice the one before."""
PASSING = (StoreError, RetriableError)
"""What may pass with time."""
LOOK_S = 0.5
"""How often one who waits for the next try sees whether there is to be one."""


@dataclass(eq=False)
class Tries:
    """What is being tried again by the tasks of a process, which go on until it has to end."""

    over: bool = False
    waiting: dict[object, str] = field(default_factory=dict)
    """What has failed so far and is to be tried again: what, and why."""

    async def pause(self, pause_s: float) -> None:
        """Wait for the next try, at most until it is over."""
        while pause_s > 0 and not self.over:
            await asyncio.sleep(min(pause_s, LOOK_S))
            pause_s -= LOOK_S


TRIES: ContextVar[Tries] = ContextVar("tries")
"""Those of the tasks that were begun here."""


async def retried(
    work: Callable[[], Awaitable[T]],
    what: str,
    patience_s: float | None = None,
    pauses_s: tuple[float, float] = PAUSES_S,
    failed: Callable[[], None] = lambda: None,
    passing: tuple[type[Exception], ...] = PASSING,
) -> T:
    """Do something with a counterpart until it succeeds; one line when it begins to fail, one when it is back.

    Args:
        work: What to do; begun anew each time.
        what: What it is, for the log, e.g. ``history``.
        patience_s: Longest time to go on trying; None: without end. Who has only so much does not wait to be let in.
        pauses_s: First and longest pause between two tries.
        failed: Called after each failure.
        passing: Errors that may pass.

    Returns:
        What the work gave.

    Raises:
        RefusedRowsError: The store can never take these rows.
        FatalError: Trying again cannot help, e.g. a wrong token, unless that may pass.
        ConnectorError: It still failed when the time was up.
        UnfinishedError: It still failed when the process had to end.
    """
    begun, (pause_s, longest_s), failures = time.monotonic(), pauses_s, 0
    tries, me = TRIES.get(None) or Tries(), object()
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
                tries.waiting[me] = f"{what}: {told(error)}"
                if tries.over:
                    raise UnfinishedError(tries.waiting[me]) from error
                if not failures:
                    log.warning("%s; trying again", tries.waiting[me])
                failures += 1
                failed()
            else:
                if failures:
                    log.warning("%s: works again after %.1f s", what, time.monotonic() - begun)
                return given
            await tries.pause(pause_s)
            pause_s = min(2 * pause_s, longest_s)
    finally:
        tries.waiting.pop(me, None)


def told(error: Exception, place: object = "an open file") -> str:
    """What an error says to people.

    Args:
        error: The error.
        place: Where it was, if a file error does not name its file.

    >>> told(OSError(errno.ENOSPC, "No space left on device"))
    'expected room on the disk, got none: no space left (free some)'
    """
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "expected room on the disk, got none: no space left (free some)"
    return f"expected files to read and to write, got: {error.strerror} ({error.filename or place})"
