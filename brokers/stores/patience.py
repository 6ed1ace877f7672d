"""Trying again while a store is away or busy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from twin.errors import RefusedRowsError, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")
RETRY_S = (0.2, 10.0)
"""First and longest pause."""


async def insist(
    what: str,
    work: Callable[[], Awaitable[T]],
    retry_s: tuple[float, float] = RETRY_S,
    limit_s: float | None = None,
    failed: Callable[[], None] = lambda: None,
    errors: tuple[type[Exception], ...] = (StoreError,),
) -> T:
    """Do something until it succeeds; the first failure and the success after it are logged.

    Args:
        what: What is done, for the log.
        work: Does it; called again after an error that may pass.
        retry_s: First and longest pause.
        limit_s: After this the error is raised; None: never.
        failed: Called after each failure.
        errors: Errors that may pass.

    Raises:
        RefusedRowsError: The store can never take these rows.
        StoreError: It still failed after the limit.
    """
    loop, (pause, longest) = asyncio.get_running_loop(), retry_s
    until = None if limit_s is None else loop.time() + limit_s
    tries = 0
    while True:
        try:
            result = await work()
        except RefusedRowsError:
            raise
        except errors as error:
            if until is not None and loop.time() + pause > until:
                raise
            if tries == 0:
                log.warning("%s: %s; trying again", what, error)
            tries += 1
            failed()
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
        else:
            if tries:
                log.warning("%s: done after %d failures", what, tries)
            return result
