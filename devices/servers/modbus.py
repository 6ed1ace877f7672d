"""Machines as Modbus TCP devices, one unit id each.

Each machine of the scenario with a device is a unit id, from 1 in the order of the scenario, at most 247. Its registers
stand in the tables *input* and *holding* alike: state, alarms, good, scrap and order first, from register 100 on the
tags of its profile in their order, as ``float32`` (two registers) or, of counters, ``float64`` (four), high byte and
high word first. A reading that is not known is NaN, a state that is not known 0. Nothing can be written.

The map has the columns of the option ``map`` of ``driver: modbus``, with ``unit_id`` besides: with it that driver, or
any other client, finds every point by its name, e.g. ``"@acme/plant/hall/line/mill/good"``.

Source: MODBUS Application Protocol 1.1b3, functions 3 and 4; MODBUS Messaging on TCP/IP 1.0b.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from typing import ClassVar

from devices.connections.modbus.client import HEADER, LARGEST, READ
from devices.connections.modbus.registers import Register, parsed
from devices.served import COMMON, ServedMachine, ServedPlant, ServedPoint
from devices.servers import servers
from devices.servers._streams import StreamServer
from twin.errors import Problem, ProblemsError

MOST_UNITS = 247
FIRST_TAG = 100
"""Register of the first tag."""
PLACES = (0, 1, 2, 4, 8)
"""Registers of the points that every machine has."""
TEXT = "text16"
WIDTHS = {"uint16": 1, "uint32": 2, "float32": 2, "float64": 4}
MOST_REGISTERS = 125
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, NO_TARGET = 1, 2, 3, 11
UNKNOWN_NUMBERS = {"uint16": 0, "uint32": 0, "float32": float("nan"), "float64": float("nan")}


def registers_of(machine: ServedMachine) -> dict[ServedPoint, Register]:
    """Where each point of a machine stands, in the table *holding*."""
    found, place = {}, FIRST_TAG
    for number, point in enumerate(machine.points):
        kind = TEXT if point.kind == "text" else point.kind
        at = PLACES[number] if number < len(COMMON) else place
        place += 0 if number < len(COMMON) else WIDTHS[kind]
        found[point] = parsed(f"holding:{at}:{kind}", "abcd", machine.number)
    return found


@servers.register("modbus")
class ModbusServer(StreamServer):
    """Machines as Modbus TCP devices: registers of state, counts, order and tags, one unit id each."""

    usual_port: ClassVar[int] = 5020
    columns: ClassVar[tuple[str, ...]] = (
        "unit",
        "point",
        "quantity",
        "unit_id",
        "register_address_zero_based",
        "function_code",
        "data_type",
        "unit_after",
        "divide_raw_by",
        "about",
    )

    def __init__(self, plant: ServedPlant, host: str, port: int) -> None:
        super().__init__(plant, host, port)
        self._places = {machine.number: (machine, registers_of(machine)) for machine in plant.machines}

    async def open(self) -> None:
        """Listen.

        Raises:
            FatalError: The port is taken.
            ProblemsError: There are more machines than unit ids.
        """
        if (most := max(self._places, default=0)) > MOST_UNITS:
            hint = "serve some of the sites"
            raise ProblemsError([Problem("--serve modbus", f"at most {MOST_UNITS} machines", str(most), hint)])
        await super().open()

    def rows(self) -> list[Mapping[str, str]]:
        """The map."""
        return [
            _row(machine, point, register)
            for machine, places in self._places.values()
            for point, register in places.items()
        ]

    async def frame(self, reader: asyncio.StreamReader) -> bytes:
        """The next request, with its header."""
        head = await reader.readexactly(HEADER.size)
        _, protocol, length, _ = HEADER.unpack(head)
        if protocol or not 2 <= length <= LARGEST:
            raise ValueError("no Modbus TCP")
        return head + await reader.readexactly(length - 1)

    def answer(self, request: bytes) -> bytes:
        """The registers that are asked for, or an exception."""
        number, _, _, unit = HEADER.unpack(request[: HEADER.size])
        asked = request[HEADER.size :]
        code, content = self._read(unit, asked)
        self.requests += 1
        self.refused += code > 0
        pdu = bytes([asked[0] | 0x80, code]) if code else bytes([asked[0], len(content)]) + content
        return HEADER.pack(number, 0, len(pdu) + 1, unit) + pdu

    def _read(self, unit: int, asked: bytes) -> tuple[int, bytes]:
        if asked[0] not in (READ["holding"], READ["input"]):
            return ILLEGAL_FUNCTION, b""
        if unit not in self._places:
            return NO_TARGET, b""
        if len(asked) != 5:
            return ILLEGAL_VALUE, b""
        start, length = struct.unpack(">HH", asked[1:])
        if not 1 <= length <= MOST_REGISTERS or self.personality.capped(length):
            return ILLEGAL_VALUE, b""
        machine, places = self._places[unit]
        touched = [
            point for point, one in places.items() if one.address < start + length and start < one.address + one.width
        ]
        hidden = [point for point in touched if self.personality.hidden(machine, point)]
        words = self._image(machine, places)
        if start + length > len(words) or hidden:
            return ILLEGAL_ADDRESS, b""
        return 0, struct.pack(f">{length}H", *words[start : start + length])

    @staticmethod
    def _image(machine: ServedMachine, places: Mapping[ServedPoint, Register]) -> list[int]:
        """All registers of a machine, as they are now."""
        words = [0] * max(register.address + register.width for register in places.values())
        for point, register in places.items():
            value = machine.now(point).value
            if register.text:
                value = str(value or "").encode()[: 2 * register.width].decode(errors="ignore")
            elif value is None:
                value = UNKNOWN_NUMBERS[register.kind]
            words[register.address : register.address + register.width] = register.words(value, [])
        return words


def _row(machine: ServedMachine, point: ServedPoint, register: Register) -> dict[str, str]:
    return {
        "unit": str(machine.path),
        "point": point.name,
        "quantity": f"{machine.path}/{point.name}",
        "unit_id": str(register.unit),
        "register_address_zero_based": str(register.address),
        "function_code": str(READ["holding"]),
        "data_type": f"{register.kind} big-endian",
        "unit_after": point.unit,
        "divide_raw_by": "1",
        "about": point.about,
    }
