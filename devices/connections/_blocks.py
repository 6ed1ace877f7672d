"""Which places of a device are read together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Generic, Protocol, TypeVar


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

    def split(self, block: dict[str, P]) -> tuple[dict[str, P], dict[str, P]]:
        """Two halves of a block that a device refuses; they stay apart from now on."""
        items = list(block)
        middle = len(items) // 2
        self._apart.add(items[middle])
        return {item: block[item] for item in items[:middle]}, {item: block[item] for item in items[middle:]}
