"""Which registers are read together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from devices.connections.modbus.registers import BITS, Register

BITS_PER_REGISTER = 16


class ReadPlan:
    """Items in blocks, as far as a device has allowed it so far.

    Args:
        largest: Most registers in a block.
        gap: Most registers between two items of a block.
    """

    def __init__(self, largest: int, gap: int) -> None:
        self._largest, self._gap = largest, gap
        self._apart: set[str] = set()

    def blocks(self, registers: Mapping[str, Register]) -> Iterator[dict[str, Register]]:
        """Items by the request that reads them, in the order of their addresses."""
        ordered = sorted(registers.items(), key=lambda one: (one[1].unit, one[1].table, one[1].address, one[0]))
        for (_, table), some in groupby(ordered, key=lambda one: (one[1].unit, one[1].table)):
            times = BITS_PER_REGISTER if table in BITS else 1
            yield from self._cut(list(some), self._largest * times, self._gap * times)

    def _cut(self, some: list[tuple[str, Register]], largest: int, gap: int) -> Iterator[dict[str, Register]]:
        block: dict[str, Register] = {}
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

    def split(self, block: dict[str, Register]) -> tuple[dict[str, Register], dict[str, Register]]:
        """Two halves of a block that a device refuses; they stay apart from now on."""
        items = list(block)
        middle = len(items) // 2
        self._apart.add(items[middle])
        first = {item: block[item] for item in items[:middle]}
        return first, {item: block[item] for item in items[middle:]}
