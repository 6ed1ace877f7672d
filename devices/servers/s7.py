"""Machines as a Siemens S7 controller, one data block each, for PUT/GET clients.

Each machine of the scenario with a device is a data block, DB1 for the first one in the order of the scenario. State
and alarms (``UINT``), good and scrap (``UDINT``) and the order (``STRING[32]``) come first, from byte 100 on the tags
of its profile in their order, as ``REAL`` or, of counters, ``LREAL``. A reading that is not known is NaN, a state that
is not known 0. Rack and slot may be any; nothing can be written (``access denied``).

The map has the address of each point as ``driver: s7`` writes it, e.g. ``DB1.DBD4:udint``.

Source: as for the client (``devices/connections/s7/client.py``): RFC 1006, ISO 8073 class 0, and the frames of
Wireshark's dissector s7comm.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator, Mapping
from typing import ClassVar

from devices.connections.s7.areas import MemoryArea, area_of
from devices.connections.s7.client import ANSWER, AREAS, BIT, DATA, GOOD_CODE, JOB, READ, SETUP, WRITE
from devices.served import COMMON, ServedMachine, ServedPlant, ServedPoint
from devices.servers import servers
from devices.servers._streams import StreamServer

FIRST_TAG = 100
"""Byte of the first tag."""
PLACES = ("DBW0:uint", "DBW2:uint", "DBD4:udint", "DBD8:udint", "DBB16:string32")
"""The points that every machine has."""
FORMS = {"float32": ("DBD{}:real", 4), "float64": ("DBB{}:lreal", 8)}
LARGEST_PDU = 480
LARGEST_FRAME = 4_096
CONNECT, CONFIRM, DATA_CODE = 0xE0, 0xD0, 0xF0
NO_RANGE, NO_BLOCK, DENIED = 0x05, 0x0A, 0x03
NOT_IMPLEMENTED = b"\x81\x04"
SIZES = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 4}
"""Bytes of an item by its size in a request: bit, byte, character, word, integer, double word, double integer, real."""
IN_BITS, IN_BYTES = 0x04, 0x03
ITEM = struct.Struct(">BBBBHHB3s")
HEAD = struct.Struct(">BBHHHH")


def areas_of(machine: ServedMachine) -> dict[ServedPoint, tuple[str, MemoryArea]]:
    """Where each point of a machine stands: address and what it leads to."""
    found, place = {}, FIRST_TAG
    for number, point in enumerate(machine.points):
        if number < len(COMMON):
            item = f"DB{machine.number}.{PLACES[number]}"
        else:
            form, width = FORMS[point.kind]
            item = f"DB{machine.number}.{form.format(place)}"
            place += width
        found[point] = (item, area_of(item))
    return found


@servers.register("s7")
class S7Server(StreamServer):
    """Machines as an S7 controller: data blocks with state, counts, order and tags, for PUT/GET."""

    usual_port: ClassVar[int] = 1102
    columns: ClassVar[tuple[str, ...]] = ("unit", "point", "item", "type", "unit_of_measure", "about")

    def __init__(self, plant: ServedPlant, host: str, port: int) -> None:
        super().__init__(plant, host, port)
        self._blocks = {machine.number: (machine, areas_of(machine)) for machine in plant.machines}

    def rows(self) -> list[Mapping[str, str]]:
        """The map."""
        return [
            {"unit": str(machine.path), "point": point.name, "item": item, "type": area.kind,
             "unit_of_measure": point.unit, "about": point.about}
            for machine, areas in self._blocks.values() for point, (item, area) in areas.items()
        ]  # fmt: skip

    async def frame(self, reader: asyncio.StreamReader) -> bytes:
        """The next frame of ISO-on-TCP, without its head."""
        version, _, length = struct.unpack(">BBH", await reader.readexactly(4))
        if version != 3 or not 7 <= length <= LARGEST_FRAME:
            raise ValueError("no ISO-on-TCP")
        return await reader.readexactly(length - 4)

    def answer(self, request: bytes) -> bytes:
        """Confirm a connection, agree on sizes, or give what is asked for."""
        if request[1] == CONNECT:
            body = bytes([CONFIRM]) + request[4:6] + b"\x00\x01\x00" + request[7 : request[0] + 1]
            body = bytes([len(body)]) + body
        elif request[1] == DATA_CODE:
            body = DATA + self._job(request[request[0] + 1 :])
        else:
            raise ValueError("no connection and no data")
        return b"\x03\x00" + struct.pack(">H", len(body) + 4) + body

    def _job(self, request: bytes) -> bytes:
        if len(request) < HEAD.size + 1:
            raise ValueError("no job")
        _, kind, _, number, length, _ = HEAD.unpack(request[: HEAD.size])
        parameters = request[HEAD.size : HEAD.size + length]
        self.requests += 1
        if kind != JOB or parameters[:1] not in (bytes([SETUP]), bytes([READ]), bytes([WRITE])):
            self.refused += 1
            return _answer(number, b"", b"", NOT_IMPLEMENTED)
        if parameters[0] == SETUP:
            size = min(LARGEST_PDU, max(240, int.from_bytes(parameters[6:8], "big")))
            return _answer(number, struct.pack(">BBHHH", SETUP, 0, 1, 1, size), b"")
        found = [self._item(parameters[0], item) for item in _items(parameters)]
        data = b"".join(one + b"\0" * (len(one) % 2) for one in found[:-1]) + b"".join(found[-1:])
        if len(data) > LARGEST_PDU:
            raise ValueError("more than fits into an answer")
        return _answer(number, parameters[:2], data)

    def _item(self, function: int, item: bytes) -> bytes:
        """What is answered to an item of a request: its code, and its bytes."""
        *_, size, count, block, area, place = ITEM.unpack(item)
        address = int.from_bytes(place, "big")
        code, content = self._bytes(area, block, size, count, address)
        if function == WRITE:
            self.refused += 1
            return bytes([DENIED])
        if code != GOOD_CODE:
            self.refused += 1
            return bytes([code, 0, 0, 0])
        if size == BIT:
            return struct.pack(">BBHB", GOOD_CODE, IN_BYTES, 1, content[0] >> address % 8 & 1)
        return struct.pack(">BBH", GOOD_CODE, IN_BITS, 8 * len(content)) + content

    def _bytes(self, area: int, block: int, size: int, count: int, address: int) -> tuple[int, bytes]:
        if area != AREAS["DB"] or block not in self._blocks:
            return NO_BLOCK, b""
        start, length = address // 8, SIZES.get(size, 0) * (1 if size == BIT else count)
        machine, areas = self._blocks[block]
        touched = [
            point
            for point, (_, one) in areas.items()
            if one.address < start + length and start < one.address + one.width
        ]
        hidden = [point for point in touched if self.personality.hidden(machine, point)]
        image = self._image(machine, areas)
        if not length or start + length > len(image) or hidden or self.personality.capped(length // 2):
            return NO_RANGE, b""
        return GOOD_CODE, image[start : start + length]

    @staticmethod
    def _image(machine: ServedMachine, areas: Mapping[ServedPoint, tuple[str, MemoryArea]]) -> bytes:
        """All bytes of a data block, as they are now."""
        image = bytearray(max(area.address + area.width for _, area in areas.values()))
        for point, (_, area) in areas.items():
            value = machine.now(point).value
            if area.longest:
                value = str(value or "").encode("latin-1", "replace").decode("latin-1")[: area.longest]
            elif value is None:
                value = float("nan") if area.kind in ("real", "lreal") else 0
            raw = area.raw(value)
            image[area.address : area.address + len(raw)] = raw
        return bytes(image)


def _items(parameters: bytes) -> Iterator[bytes]:
    """Descriptions of the items of a request."""
    if len(parameters) < 2 or len(parameters) != 2 + ITEM.size * parameters[1]:
        raise ValueError("items of another form")
    for number in range(parameters[1]):
        yield parameters[2 + ITEM.size * number :][: ITEM.size]


def _answer(number: int, parameters: bytes, data: bytes, error: bytes = b"\0\0") -> bytes:
    return HEAD.pack(0x32, ANSWER, 0, number, len(parameters), len(data)) + error + parameters + data
