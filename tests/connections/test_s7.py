"""S7, against the server of python-snap7."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from devices.connection import DataValue, Scalar, Wanted
from devices.connections import connections
from devices.connections.s7.client import PutGetClient
from tests.connections.contract import LIMIT_S, Carried, Contract, Machine
from tests.connections.peer import Peer

pytestmark = pytest.mark.xdist_group("s7")
PROGRAM = Path(__file__).parent / "machines" / "s7.py"
SIZE = 2000
PLACES: dict[str, tuple[str, int, str]] = {
    "DB1.DBX0.0": ("DB1", 0, "bit0"),
    "DB1.DBX1.7": ("DB1", 1, "bit7"),
    "DB1.DBB2": ("DB1", 2, ">B"),
    "DB1.DBB3:sint": ("DB1", 3, ">b"),
    "DB1.DBW4:int": ("DB1", 4, ">h"),
    "DB1.DBW6": ("DB1", 6, ">H"),
    "DB1.DBD8:dint": ("DB1", 8, ">i"),
    "DB1.DBD12": ("DB1", 12, ">I"),
    "DB1.DBD16:real": ("DB1", 16, ">f"),
    "DB1.DBB20:lreal": ("DB1", 20, ">d"),
    "DB1.DBB28:lint": ("DB1", 28, ">q"),
    "DB1.DBB36:ulint": ("DB1", 36, ">Q"),
    "DB1.DBB100:string20": ("DB1", 100, "string"),
    "DB1.DBB200:wstring700": ("DB1", 200, "wstring"),
    "MW10:int": ("M", 10, ">h"),
    "M20.3": ("M", 20, "bit3"),
}
"""Items and how they stand in the controller, written down apart from what is tested."""


def raw_of(form: str, value: Scalar) -> bytes:
    if form.startswith("bit"):
        return bytes([int(bool(value)) << int(form[3:])])
    if form == "string":
        return bytes([20, len(str(value))]) + str(value).encode("latin-1").ljust(20, b"?")
    if form == "wstring":
        text = str(value).encode("utf-16-be")
        return struct.pack(">HH", 700, len(text) // 2) + text
    return struct.pack(form, value)


def value_of(form: str, raw: bytes) -> Scalar:
    if form.startswith("bit"):
        return bool(raw[0] >> int(form[3:]) & 1)
    if form == "string":
        return raw[2 : 2 + raw[1]].decode("latin-1")
    if form == "wstring":
        return raw[4 : 4 + 2 * int.from_bytes(raw[2:4], "big")].decode("utf-16-be")
    found: int | float = struct.unpack(form, raw)[0]
    return found


class Snap7(Peer, Machine):
    """The server of python-snap7."""

    def __init__(self, first: dict[str, Scalar]) -> None:
        super().__init__()
        pytest.importorskip("snap7")
        self._first = first

    def command(self) -> Sequence[str]:
        first = [[area, start, raw_of(form, self._first[item]).hex()]
                 for item, (area, start, form) in PLACES.items() if item in self._first]  # fmt: skip
        return [sys.executable, str(PROGRAM), json.dumps({"port": self.port, "size": SIZE, "first": first})]

    def options(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "period": "50 ms"}

    def show(self, item: str, value: Scalar) -> None:
        area, start, form = PLACES[item]
        self.ask("set", area=area, start=start, raw=raw_of(form, value).hex())

    def shown(self, item: str) -> Scalar:
        area, start, form = PLACES[item]
        length = {"string": 22, "wstring": 1404}.get(form) or (1 if form.startswith("bit") else struct.calcsize(form))
        return value_of(form, bytes.fromhex(self.ask("get", area=area, start=start, length=length)))


ITEMS = (
    Carried("DB1.DBX0.0", [True, False]),
    Carried("DB1.DBX1.7", [False, True]),
    Carried("DB1.DBB2", [1, 255, 0]),
    Carried("DB1.DBB3:sint", [-1, -128, 127]),
    Carried("DB1.DBW4:int", [-1, -(2**15), 2**15 - 1]),
    Carried("DB1.DBW6", [7, 2**16 - 1]),
    Carried("DB1.DBD8:dint", [-5, -(2**31), 2**31 - 1]),
    Carried("DB1.DBD12", [70_000, 2**32 - 1]),
    Carried("DB1.DBD16:real", [20.5, float("nan"), float("inf"), -0.0]),
    Carried("DB1.DBB20:lreal", [0.1, float("nan"), -float("inf"), -0.0, 5e-324, sys.float_info.max]),
    Carried("DB1.DBB28:lint", [-9, -(2**63), 2**63 - 1]),
    Carried("DB1.DBB36:ulint", [9, 2**64 - 1]),
    Carried("DB1.DBB100:string20", ["ready", "", "läuft", "x" * 20]),
    Carried("DB1.DBB200:wstring700", ["ready", "", "Zerspanung läuft 加工中 🏭", "x" * 700]),
    Carried("MW10:int", [3, -3]),
    Carried("M20.3", [True, False]),
)


class TestS7(Contract):
    kind = "s7"
    foreign = "snap7"
    items = ITEMS
    missing = "DB7.DBW0"
    writable = tuple(one.item for one in ITEMS if one.item not in ("DB1.DBX1.7", "M20.3"))
    """Of bits only the lowest: that server writes the whole byte."""
    unfit = ("DB1.DBW4:int", 40_000)
    wrong = ("", "DB10", "DB0.DBW0", "DB1.DBX0", "DB1.DBX0.8", "DB1.DBW0.1", "DB1.DBW0:text", "DB1.DBB0:string255",
             "DB1.DBB0:string", "M10", "MW10.1", "X0.0", "DB1.DBW70000", "DB1.DBX0.0:int", "DB٣.DBW0")  # fmt: skip

    def make(self, folder: Path) -> Machine:
        return Snap7(self.at_start())


@pytest.fixture(scope="module")
def controller() -> Iterator[Snap7]:
    made = Snap7({})
    made.start()
    yield made
    made.stop()


async def test_a_bit_is_written_as_a_bit(tmp_path: Path) -> None:
    """The server of python-snap7 takes no bits: the frame is compared with one made by hand from the protocol.

    Both are our reading of that description; no recorded frame of a real controller stands behind it.
    """
    asked: list[bytes] = []
    answers = [
        bytes.fromhex("0300001611d00001000100c0010ac1020100c2020101"),
        bytes.fromhex("0300001b02f080" + "3203000000010008000000 00" + "f0000001000100f0"),
        bytes.fromhex("0300001602f080" + "3203000000020002000100 00" + "0501ff"),
    ]

    async def controller(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            head = await reader.readexactly(4)
            asked.append(head + await reader.readexactly(int.from_bytes(head[2:], "big") - 4))
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(controller, "127.0.0.1", 0)
    client = PutGetClient("s7", 60.0)
    await client.connect("127.0.0.1", server.sockets[0].getsockname()[1], 0, 1)
    await client.write("M", 0, 30, 3, b"\x01")
    await client.close()
    server.close()
    head, parameters, data = "0300002402f080" + "320100000002000e0005", "0501120a1001000100008300 00f3", "0003000101"
    assert asked[2] == bytes.fromhex(head + parameters + data)


async def test_what_lies_behind_the_end_of_a_block_harms_no_neighbour(controller: Snap7, tmp_path: Path) -> None:
    controller.ask("set", area="DB1", start=SIZE - 4, raw="00010002")
    kind = connections["s7"]
    items = [f"DB1.DBW{SIZE - 4}", f"DB1.DBW{SIZE - 2}", f"DB1.DBW{SIZE}", f"DB1.DBW{SIZE + 2}"]
    made = kind(kind.Options.model_validate(controller.options()), [Wanted(item, 3600.0) for item in items], tmp_path)
    try:
        async with asyncio.timeout(LIMIT_S):
            await made.open()
            found: dict[str, DataValue] = {one.item: one for one in await made.readings()}
    finally:
        await made.close()
    assert [found[item].value for item in items] == [1, 2, None, None]
    assert all(found[item].reason for item in items[2:])
