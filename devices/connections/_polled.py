"""Asking a machine again and again, as protocols without subscriptions need it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence

from devices.connection import ALIVE_S, DataValue, Wanted
from devices.connections._told import ReadingQueue, deadbands
from twin.errors import FactoryError, RetriableError

Ask = Callable[[Sequence[str]], Awaitable[Sequence[DataValue]]]
"""Reads some items, one value for each, or none to see whether the machine is there; raises RetriableError when not."""


class Poll:
    """Asks for each item once per period, for all that are due at once together; tells what changed.

    A machine all of whose periods are long is asked for one item in between, to know that it is there.

    Args:
        told: Takes what is read.
        wanted: The items.
        ask: Reads them.
    """

    def __init__(self, told: ReadingQueue, wanted: Sequence[Wanted], ask: Ask) -> None:
        self._told, self._ask, self._deadbands = told, ask, deadbands(wanted)
        self._groups: dict[float, list[str]] = {}
        for one in wanted:
            self._groups.setdefault(one.period_s, []).append(one.item)
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Read everything once, then go on by itself.

        Raises:
            RetriableError: The machine does not answer.
        """
        await self._read([item for items in self._groups.values() for item in items])
        self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _read(self, items: Sequence[str]) -> None:
        self._told.put_changes(await self._ask(items), self._deadbands)

    async def _run(self) -> None:
        due = {period: time.monotonic() + period for period in self._groups}
        pulse = [items[0] for items in self._groups.values()][:1]
        try:
            while True:
                next_at = min(due.values(), default=math.inf)
                await asyncio.sleep(max(0.0, min(ALIVE_S / 2, next_at - time.monotonic())))
                now = time.monotonic()
                periods = [period for period, at in due.items() if at <= now]
                await self._read([item for period in periods for item in self._groups[period]] or pulse)
                due |= {period: max(due[period] + period, time.monotonic()) for period in periods}
        except FactoryError as error:
            self._told.fail(error)
        except OSError as error:
            self._told.fail(RetriableError(f"the connection ended: {error}"))
