"""Trying again: the one way in which a store or a broker that is busy or away is waited for.

The ingest, the history that a run makes of itself and the start of the pages all wait like this.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from twin.errors import NotLetInError, RefusedRowsError, RetriableError, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")
PAUSES_S = (0.2, 10.0)
"""First and longest pause; each is twice the one before."""
PASSING = (StoreError, RetriableError)
"""What may pass with time."""


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
    """
    begun, (pause_s, longest_s), failures = time.monotonic(), pauses_s, 0
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
            if not failures:
                log.warning("%s: %s; trying again", what, error)
            failures += 1
            failed()
        else:
            if failures:
                log.warning("%s: works again after %.1f s", what, time.monotonic() - begun)
            return given
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, longest_s)
