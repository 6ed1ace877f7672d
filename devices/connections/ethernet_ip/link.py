"""A connection to a Logix controller, which is spoken to from a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from devices.connection import BrowsedItem, DataValue, Scalar, Wanted
from devices.connections._blocks import RequestRefusedError
from devices.connections._polled import Poll
from devices.connections._told import ReadingQueue
from devices.connections.ethernet_ip.address import TagAddress
from devices.connections.ethernet_ip.controller import MisfitError, TagController
from devices.connections.ethernet_ip.options import EthernetIpOptions
from devices.connections.ethernet_ip.tree import items
from devices.connections.ethernet_ip.values import as_value
from twin.errors import Problem, ProblemsError
from twin.records import BAD

TOGETHER = 100
"""Items that are read in one turn of the thread."""
CLOSE_S = 1.0
T = TypeVar("T")


class TagLink:
    """A connection; see ``devices/connections/ethernet_ip/__init__.py``."""

    def __init__(self, options: EthernetIpOptions, wanted: Sequence[Wanted]) -> None:
        self._where = f"ethernet_ip {options.host}:{options.port}"
        self.queue = ReadingQueue(self._where, 2 * options.timeout)
        place = options.host, options.port, options.slot
        self._controller = TagController(self._where, *place, options.timeout, options.micro800, self.queue.heard)
        self._thread = ThreadPoolExecutor(1, "ethernet_ip")
        self._poll = Poll(self.queue, wanted, self._ask)

    async def _call(self, what: Callable[..., T], *values: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, what, *values)

    async def open(self) -> None:
        """Connect and read everything once."""
        await self._call(self._controller.connect)
        await self._poll.begin()

    async def _ask(self, asked: Sequence[str]) -> list[DataValue]:
        if not asked:
            await self._call(self._controller.alive)
        values: list[DataValue] = []
        for at in range(0, len(asked), TOGETHER):
            values += await self._some(asked[at : at + TOGETHER])
        return values

    async def _some(self, asked: Sequence[str]) -> list[DataValue]:
        addresses = [TagAddress.of(item) for item in asked]
        found = await self._call(self._controller.read, [address.name for address in addresses])
        return [
            _told(item, raw, reason, address.is_text)
            for item, address, (raw, reason) in zip(asked, addresses, found, strict=True)
        ]

    async def write(self, item: str, value: Scalar) -> None:
        """Write one item."""
        where, address = f"{self._where} {item}", TagAddress.of(item)
        if address.is_text:
            raise ProblemsError([Problem(where, "a STRING of 82 characters, or no text", "a string type of its own")])
        try:
            await self._call(self._controller.write, address.name, value)
        except MisfitError as error:
            raise ProblemsError([Problem(where, str(error), repr(value)[:80])]) from None
        except RequestRefusedError as error:
            raise ProblemsError([Problem(where, f"a controller that takes {value!r}"[:80], str(error))]) from None

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """All tags with what they show now."""
        found = list(items(*await self._call(self._controller.tags)))
        for at in range(0, len(found), TOGETHER):
            some = found[at : at + TOGETHER]
            for one, told in zip(some, await self._some([one.item for one in some]), strict=True):
                yield replace(one, value=told.value)

    async def close(self) -> None:
        """End the session; what still waits for an answer is cut off."""
        await self._poll.end()
        ending = asyncio.ensure_future(self._call(self._controller.close))
        await asyncio.wait([ending], timeout=CLOSE_S)
        self._controller.cut()
        await asyncio.wait([ending], timeout=CLOSE_S)
        self._thread.shutdown(wait=False, cancel_futures=True)


def _told(item: str, raw: object, reason: str, is_text: bool) -> DataValue:
    value, why = (None, reason) if reason else as_value(raw, is_text)
    return DataValue(item, None, None, BAD, why) if why else DataValue(item, value)
