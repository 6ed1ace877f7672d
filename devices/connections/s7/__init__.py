"""A Siemens S7 controller, by PUT/GET over ISO-on-TCP (S7-300, 400, 1200, 1500 and what speaks like them).

Options (under ``device.options`` with ``driver: s7``)::

    host: 10.0.0.5
    port: 102
    rack: 0
    slot: 1              # 1 for S7-1200 and 1500, 2 for S7-300
    gap: 16              # bytes nobody wants that are read along rather than ask twice
    period: 1 s
    timeout: 3 s         # longest wait for an answer

Addresses are those of the controller, with the type behind a colon where the size does not say it::

    DB10.DBX2.3          # a bit
    DB10.DBW4            # a word; DBB a byte, DBD a double word: unsigned numbers
    DB10.DBW6:int        # sint usint int uint dint udint lint ulint real lreal, byte word dword lword
    DB10.DBD8:real
    DB10.DBB12:lreal     # of 8 bytes, as lint, ulint and lword
    DB10.DBB20:string32  # STRING[32]; wstring32 a WSTRING
    M10.0, MW20:int, I0.1, QB4    # merkers, inputs, outputs; E and A too

In the controller PUT/GET has to be permitted, and a data block must not have optimized access. Items near to one
another are read together; where the controller refuses that, only what does not exist is BAD.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from devices.connection import BrowsedItem, ConnectionOptions, DataValue, HostOptions, Scalar, Wanted
from devices.connections import connections
from devices.connections._blocks import ReadPlan
from devices.connections._polled import Poll
from devices.connections._told import ReadingQueue
from devices.connections.s7.areas import MemoryArea, UnheldError, area_of, wrong_address
from devices.connections.s7.client import DeniedError, PutGetClient
from twin.errors import Problem, ProblemsError
from twin.quantities import Duration

LARGEST = 400
"""Bytes of a block; every controller takes so many in one answer, or is asked in pieces."""


class S7Options(HostOptions):
    """Options of an S7 connection."""

    schemes: ClassVar[tuple[str, ...]] = ("s7",)
    host: str = Field(min_length=1, max_length=255, description="name or address of the controller")
    port: int = Field(default=102, ge=1, le=65_535, description="TCP port")
    rack: int = Field(default=0, ge=0, le=7, description="rack of the controller")
    slot: int = Field(default=1, ge=0, le=31, description="slot of the controller")
    gap: int = Field(default=16, ge=0, le=200, description="bytes that are read along rather than ask twice")
    timeout: Annotated[Duration, Field(gt=0, le=60)] = Field(default=3.0, description="longest wait for an answer")


@connections.register("s7", S7Options)
class S7Connection:
    """A Siemens S7 controller: data blocks, merkers, inputs and outputs, read in blocks."""

    Options: ClassVar[type[ConnectionOptions]] = S7Options

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:  # noqa: ARG002
        self._options: S7Options = options
        self._where = f"s7 {options.host}:{options.port}"
        self._areas = {one.item: area_of(one.item) for one in wanted}
        self._queue = ReadingQueue(self._where, 2 * options.timeout)
        self._client = PutGetClient(self._where, options.timeout)
        self._plan: ReadPlan[MemoryArea] = ReadPlan(LARGEST, options.gap)
        self._poll = Poll(self._queue, wanted, self._ask)

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        return wrong_address(item)

    async def open(self) -> None:
        """Connect and read everything once."""
        await self._client.connect(self._options.host, self._options.port, self._options.rack, self._options.slot)
        await self._poll.begin()

    async def readings(self) -> Sequence[DataValue]:
        """What has changed since the last time."""
        return await self._queue.take()

    async def _ask(self, items: Sequence[str]) -> list[DataValue]:
        """Read some items, in as few requests as the controller allows."""
        if not items:
            await self._client.alive()
        values = await self._plan.read({item: self._areas[item] for item in items}, self._bytes)
        return [values[item] for item in items]

    async def _bytes(self, first: MemoryArea, start: int, length: int) -> bytes:
        raw = await self._client.read(first.table, first.unit, start, length)
        self._queue.heard()
        return raw

    async def write(self, item: str, value: Scalar) -> None:
        """Write one item; a bit without the others of its byte."""
        where = f"{self._where} {item}"
        area = area_of(item)
        try:
            raw = area.raw(value)
            await self._client.write(area.table, area.unit, area.address, area.bit, raw)
        except UnheldError as error:
            raise ProblemsError([Problem(where, str(error), repr(value)[:80])]) from None
        except DeniedError as error:
            raise ProblemsError([Problem(where, f"a controller that takes {value!r}"[:80], str(error))]) from None

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """Nothing: the controller does not tell the names of what is in its blocks."""
        nothing: tuple[BrowsedItem, ...] = ()
        for found in nothing:
            yield found

    async def close(self) -> None:
        """Ask no more and end the connection."""
        await self._poll.end()
        await self._client.close()
