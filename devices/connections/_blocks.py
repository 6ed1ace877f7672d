"""Which places of a device are read together, and how a block that it refuses is read in parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar

from devices.connection import DataValue, Scalar
from twin.records import BAD


class RequestRefusedError(Exception):
    """A device has answered that it does not do what it was asked for."""

    @property
    def of_address(self) -> bool:
        """Whether it may be that only some of the addresses are wrong."""
        return True


class ReadPlace(Protocol):
    """Where an item is: something with addresses in a row."""

    @property
    def unit(self) -> int:
        """Part of the device that has addresses of its own."""

    @property
    def table(self) -> str:
        """Kind of memory."""

    @property
    def address(self) -> int:
        """First address."""

    @property
    def width(self) -> int:
        """Number of addresses."""

    def value(self, raw: Any, /) -> tuple[Scalar, str]:
        """What stands there, and why it is none."""


P = TypeVar("P", bound=ReadPlace)


class ReadPlan(Generic[P]):
    """Items in blocks, as far as a device has allowed it so far.

    Args:
        largest: Most addresses in a block.
        gap: Most addresses between two items of a block.
        times: How many times as many it is in some tables.
    """

    def __init__(self, largest: int, gap: int, times: Mapping[str, int] | None = None) -> None:
        self._largest, self._gap, self._times = largest, gap, times or {}
        self._apart: set[str] = set()

    def blocks(self, places: Mapping[str, P]) -> Iterator[dict[str, P]]:
        """Items by the request that reads them, in the order of their addresses."""
        ordered = sorted(places.items(), key=lambda one: (one[1].unit, one[1].table, one[1].address, one[0]))
        for (_, table), some in groupby(ordered, key=lambda one: (one[1].unit, one[1].table)):
            times = self._times.get(table, 1)
            yield from self._cut(list(some), self._largest * times, self._gap * times)

    def _cut(self, some: list[tuple[str, P]], largest: int, gap: int) -> Iterator[dict[str, P]]:
        block: dict[str, P] = {}
        start = end = 0
        for item, one in some:
            far = max(end, one.address + one.width) - start > largest or one.address - end > gap
            if block and (far or item in self._apart):
                yield block
                block = {}
            if not block:
                start, end = one.address, one.address
            block[item] = one
            end = max(end, one.address + one.width)
        if block:
            yield block

    async def read(self, places: Mapping[str, P], ask: Callable[[P, int, int], Awaitable[Any]]) -> dict[str, DataValue]:
        """Read items in as few requests as the device allows; a block that it refuses in halves.

        Args:
            places: Where the items are.
            ask: Reads so many addresses from one on, of the unit and table of a place; may raise RequestRefusedError.
        """
        values: dict[str, DataValue] = {}
        for block in self.blocks(places):
            values |= await self._read(block, ask)
        return values

    async def _read(self, block: dict[str, P], ask: Callable[[P, int, int], Awaitable[Any]]) -> dict[str, DataValue]:
        start = min(one.address for one in block.values())
        length = max(one.address + one.width for one in block.values()) - start
        try:
            raw = await ask(next(iter(block.values())), start, length)
        except RequestRefusedError as error:
            if not error.of_address or len(block) == 1:
                return {item: DataValue(item, None, None, BAD, str(error)) for item in block}
            first, second = self.split(block)
            return await self._read(first, ask) | await self._read(second, ask)
        return {item: _told(item, *one.value(raw[one.address - start :][: one.width])) for item, one in block.items()}

    def split(self, block: dict[str, P]) -> tuple[dict[str, P], dict[str, P]]:
        """Two halves of a block that a device refuses; they stay apart from now on."""
        items = list(block)
        middle = len(items) // 2
        self._apart.add(items[middle])
        return {item: block[item] for item in items[:middle]}, {item: block[item] for item in items[middle:]}


def _told(item: str, value: Scalar, reason: str) -> DataValue:
    return DataValue(item, None, None, BAD, reason) if reason else DataValue(item, value)
