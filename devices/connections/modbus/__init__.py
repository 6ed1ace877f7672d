"""A machine, meter or gateway that speaks Modbus TCP.

Options (under ``device.options`` with ``driver: modbus``)::

    host: 10.0.0.7
    port: 502
    unit: 1                       # unit id; 0 or 255 for many devices without a gateway
    order: abcd                   # order of bytes in values of two and more registers
    largest: 120                  # most registers in one request; for bits 16 times as many
    gap: 8                        # registers nobody wants that are read along rather than ask twice
    map: eastron-sdm630.csv       # names of registers, relative to the scenario
    period: 1 s
    timeout: 3 s                  # longest wait for an answer

Addresses are ``table:address:type``, with further words behind, e.g. ``holding:100:float32:cdab``::

    holding:0                     # tables: coil, discrete, holding, input; the address as it is sent, from zero
    40001:int16                   # as in manuals, from one: 0xxxx coils, 1xxxx discrete, 3xxxx input, 4xxxx holding
    input:30:uint32:na=0xffffffff # this value means: not available; also na=nan
    holding:7:bit=3               # a bit of a register, 0 the lowest
    holding:20:text8              # a text of 8 registers, UTF-8 up to the first zero
    holding:9:int64:dcba:unit=17  # another device behind the same gateway
    "@VoltageL1"                  # a name of the map

Types are ``int16 uint16 int32 uint32 int64 uint64 float32 float64 textN``, ``uint16`` where none is said. The order
``abcd`` is that of the specification (high byte and high word first), ``cdab`` has the words of a value the other way
round, ``badc`` the bytes in each word, ``dcba`` both. Scales belong to the mapping of tags.

A map is a table with the columns ``quantity, register_address_zero_based, function_code, data_type`` and, for
browsing, ``unit_after`` and ``divide_raw_by``; ``unit_id`` where it names registers of several devices. Items of one
table near to one another are read together; where a device refuses the block, it is split until only what does not
exist is BAD.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from devices.connection import BrowsedItem, ConnectionOptions, DataValue, HostOptions, Scalar, Wanted
from devices.connections import connections
from devices.connections._blocks import ReadPlan
from devices.connections._polled import Poll
from devices.connections._told import ReadingQueue
from devices.connections.modbus.client import BUSY, RefusedError, RegisterClient
from devices.connections.modbus.registers import BITS, Register, UnfitError, parsed, wrong_address
from devices.connections.modbus.table import RegisterMap
from twin.errors import Problem, ProblemsError, RetriableError
from twin.quantities import Duration
from twin.records import BAD

BITS_PER_REGISTER = 16


class ModbusOptions(HostOptions):
    """Options of a Modbus connection."""

    schemes: ClassVar[tuple[str, ...]] = ("modbus",)
    host: str = Field(min_length=1, max_length=255, description="name or address of the device")
    port: int = Field(default=502, ge=1, le=65_535, description="TCP port")
    unit: int = Field(default=1, ge=0, le=255, description="unit id")
    order: Literal["abcd", "cdab", "badc", "dcba"] = Field(default="abcd", description="order of bytes in wide values")
    largest: int = Field(default=120, ge=4, le=125, description="most registers in one request")
    gap: int = Field(default=8, ge=0, le=100, description="registers that are read along rather than ask twice")
    map: str | None = Field(default=None, min_length=1, max_length=1000, description="table that names registers")
    timeout: Annotated[Duration, Field(gt=0, le=60)] = Field(default=3.0, description="longest wait for an answer")


@connections.register("modbus", ModbusOptions)
class ModbusConnection:
    """Modbus TCP: coils, registers, wide numbers and texts, read in blocks."""

    Options: ClassVar[type[ConnectionOptions]] = ModbusOptions

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:
        self._options: ModbusOptions = options
        self._where = f"modbus {options.host}:{options.port}"
        self._wanted, self._base = wanted, base
        self._map = RegisterMap(())
        self._registers: dict[str, Register | str] = {}
        self._queue = ReadingQueue(self._where, 2 * options.timeout)
        self._client = RegisterClient(self._where, options.timeout)
        self._plan: ReadPlan[Register] = ReadPlan(options.largest, options.gap, dict.fromkeys(BITS, BITS_PER_REGISTER))
        self._poll = Poll(self._queue, wanted, self._ask)

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        return wrong_address(item)

    async def open(self) -> None:
        """Connect and read everything once."""
        if self._options.map is not None:
            self._map = RegisterMap.read(self._base / self._options.map, f"{self._where} options.map")
        self._registers = {one.item: self._register(one.item) for one in self._wanted}
        await self._client.connect(self._options.host, self._options.port)
        await self._poll.begin()

    def _register(self, item: str) -> Register | str:
        """Where an item is, or why it is nowhere."""
        address = self._map.addresses.get(item[1:]) if item.startswith("@") else item
        if address is None:
            return f"no quantity {item[1:]!r} in the map"
        return parsed(address, self._options.order, self._options.unit)

    async def readings(self) -> Sequence[DataValue]:
        """What has changed since the last time."""
        return await self._queue.take()

    async def _ask(self, items: Sequence[str]) -> list[DataValue]:
        """Read some items, in as few requests as the device allows."""
        found = {item: self._registers[item] for item in items}
        values = {item: DataValue(item, None, None, BAD, why) for item, why in found.items() if isinstance(why, str)}
        registers = {item: one for item, one in found.items() if isinstance(one, Register)}
        if not registers:
            await self._client.connected()
        values |= await self._plan.read(registers, self._words)
        return [values[item] for item in items]

    async def _words(self, first: Register, start: int, length: int) -> list[int]:
        words = await self._client.read(first.unit, first.table, start, length)
        self._queue.heard()
        return words

    async def write(self, item: str, value: Scalar) -> None:
        """Write one coil or register; a bit of a register leaves the others as they are."""
        where = f"{self._where} {item}"
        register = self._register(item)
        if isinstance(register, str):
            raise ProblemsError([Problem(where, "an item", register)])
        if register.table not in ("coil", "holding"):
            raise ProblemsError([Problem(where, "a coil or a holding register", register.table, "it can only be read")])
        try:
            before = [0]
            if register.bit is not None:
                before = await self._client.read(register.unit, register.table, register.address, 1)
            await self._client.write(register.unit, register.table, register.address, register.words(value, before))
        except UnfitError as error:
            raise ProblemsError([Problem(where, error.expected, repr(value)[:80])]) from None
        except RefusedError as error:
            if error.code in BUSY:
                raise RetriableError(f"{where}: expected a device that takes it, got {error}") from None
            raise ProblemsError([Problem(where, f"a device that takes {value!r}"[:80], str(error))]) from None

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """What the map names; Modbus itself has no names."""
        for found in self._map.browsed:
            yield found

    async def close(self) -> None:
        """Ask no more and end the connection."""
        await self._poll.end()
        await self._client.close()
