"""Modbus TCP, against a server of modbus-serial."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from devices.connection import DataValue, Scalar, Wanted
from devices.connections import connections
from tests.connections.contract import LIMIT_S, Carried, Contract, Machine
from tests.connections.peer import Peer
from tests.counterparts import ROOT, needed, npm_peer
from twin.errors import ProblemsError
from twin.records import BAD, GOOD

pytestmark = pytest.mark.xdist_group("modbus")
PROGRAM = Path(__file__).parent / "machines" / "modbus.mjs"
METER = ROOT.parent / "shared" / "data" / "modbus-maps" / "eastron-sdm630.csv"
PLACES: dict[str, tuple[str, int, str]] = {
    "coil:3": ("coil", 3, "bit"),
    "discrete:4": ("discrete", 4, "bit"),
    "holding:10:int16": ("holding", 10, ">h"),
    "40012": ("holding", 11, ">H"),
    "holding:12:int32": ("holding", 12, ">i"),
    "holding:14:uint32:cdab": ("holding", 14, "cdab I"),
    "holding:16:int64": ("holding", 16, ">q"),
    "holding:20:uint64:dcba": ("holding", 20, "<Q"),
    "holding:24:float32:cdab": ("holding", 24, "cdab f"),
    "holding:26:float64": ("holding", 26, ">d"),
    "input:0:float32:badc": ("input", 0, "badc f"),
    "holding:30:text60": ("holding", 30, "text"),
    "holding:400:bit=15": ("holding", 400, "15"),
    "holding:401": ("holding", 401, ">H"),
}
"""Items and where and how they stand in the device, written down apart from what is tested."""


def words_of(form: str, value: Scalar) -> list[int]:
    """Registers of a value, packed with the module struct alone."""
    if form == "bit":
        return [int(bool(value))]
    if form == "15":
        return [0x8001 if value else 0x0001]
    if form == "text":
        return list(struct.unpack(">60H", str(value).encode().ljust(120, b"\0")))
    order, _, letter = form.rpartition(" ") if " " in form else ("", "", form)
    raw = struct.pack(f">{letter}" if order else letter, value)
    if order == "cdab":
        raw = raw[2:] + raw[:2]
    if order == "badc":
        raw = bytes([raw[1], raw[0], raw[3], raw[2]])
    return list(struct.unpack(f">{len(raw) // 2}H", raw))


def value_of(form: str, words: Sequence[int]) -> Scalar:
    """The value that registers hold; the other way round."""
    if form in ("bit", "15"):
        return bool(words[0] if form == "bit" else words[0] >> 15)
    raw = struct.pack(f">{len(words)}H", *words)
    if form == "text":
        return raw.rstrip(b"\0").decode()
    order, _, letter = form.rpartition(" ") if " " in form else ("", "", form)
    if order == "cdab":
        raw = raw[2:] + raw[:2]
    if order == "badc":
        raw = bytes([raw[1], raw[0], raw[3], raw[2]])
    found: int | float = struct.unpack(f">{letter}" if order else letter, raw)[0]
    return found


class ModbusSerial(Peer, Machine):
    """The server of modbus-serial."""

    def __init__(self, first: dict[str, Scalar]) -> None:
        super().__init__()
        self._modules = npm_peer("modbus-serial")
        self._first = first

    def command(self) -> Sequence[str]:
        first = [self._place(item, value) for item, value in self._first.items()]
        task = {"port": self.port, "guarded": [401], "first": first}
        return [needed("node"), str(PROGRAM), json.dumps(task), str(self._modules)]

    @staticmethod
    def _place(item: str, value: Scalar) -> dict[str, Any]:
        table, address, form = PLACES[item]
        return {"table": table, "address": address, "words": words_of(form, value)}

    def options(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "period": "50 ms"}

    def show(self, item: str, value: Scalar) -> None:
        self.ask("set", **self._place(item, value))

    def shown(self, item: str) -> Scalar:
        table, address, form = PLACES[item]
        length = len(words_of(form, "" if form == "text" else False if form in ("bit", "15") else 0))
        return value_of(form, self.ask("get", table=table, address=address, length=length))


ITEMS = (
    Carried("coil:3", [True, False]),
    Carried("discrete:4", [False, True]),
    Carried("holding:10:int16", [-1, -(2**15), 2**15 - 1]),
    Carried("40012", [7, 2**16 - 1, 0]),
    Carried("holding:12:int32", [-5, -(2**31), 2**31 - 1]),
    Carried("holding:14:uint32:cdab", [70_000, 2**32 - 1, 0]),
    Carried("holding:16:int64", [-9, -(2**63), 2**63 - 1]),
    Carried("holding:20:uint64:dcba", [9, 2**64 - 1, 0]),
    Carried("holding:24:float32:cdab", [20.5, float("nan"), float("inf"), -0.0]),
    Carried("holding:26:float64", [0.1, float("nan"), -float("inf"), -0.0, 5e-324]),
    Carried("input:0:float32:badc", [230.5, -1.5]),
    Carried("holding:30:text60", ["ready", "", "Zerspanung läuft 加工中 🏭", "x" * 120]),
    Carried("holding:400:bit=15", [True, False]),
)


class TestModbus(Contract):
    kind = "modbus"
    foreign = "modbus-serial"
    items = ITEMS
    missing = "holding:5000:float32"
    writable = tuple(one.item for one in ITEMS if not one.item.startswith(("discrete", "input")))
    guarded = "holding:401"
    unfit = ("holding:10:int16", 40_000)
    wrong = ("", "holding", "holding:", "holding:70000", "holding:1:int17", "coil:1:int16", "holding:1:bit=16", "20001",
             "holding:1:int16:abcd:cdab", "holding:1:int16:na=nan", "holding:65535:int32", "@", "holding:-1", "40000",
             "holding:1:text121", "holding:1:unit=256", "holding:٣")  # fmt: skip

    def make(self, folder: Path) -> Machine:
        return ModbusSerial({one.item: one.values[0] for one in self.items} | {"holding:401": 1})


@pytest.fixture(scope="module")
def server() -> Iterator[ModbusSerial]:
    made = ModbusSerial({"holding:401": 1})
    made.start()
    yield made
    made.stop()


async def read(server: ModbusSerial, folder: Path, *items: str, **options: Any) -> dict[str, DataValue]:
    """One reading of each item."""
    kind = connections["modbus"]
    given = kind.Options.model_validate(server.options() | {"period": "1 h"} | options)
    made = kind(given, [Wanted(item, 3600.0) for item in items], folder)
    try:
        async with asyncio.timeout(LIMIT_S):
            await made.open()
            return {one.item: one for one in await made.readings()}
    finally:
        await made.close()


async def test_items_near_one_another_are_read_in_one_request(server: ModbusSerial, tmp_path: Path) -> None:
    server.ask("set", table="holding", address=1000, words=list(range(400)))
    server.ask("requests")
    items = [f"holding:{address}" for address in range(1000, 1400, 5)]
    found = await read(server, tmp_path, *items)
    assert [found[item].value for item in items] == list(range(0, 400, 5))
    assert server.ask("requests") == 4  # 400 registers, at most 120 at once
    await read(server, tmp_path, "holding:1000:int32", "holding:1010:int32", gap=5)
    assert server.ask("requests") == 2


async def test_a_refused_block_is_split_until_only_what_is_missing_is_bad(server: ModbusSerial, tmp_path: Path) -> None:
    server.ask("set", table="holding", address=2000, words=[1, 2, 3])
    server.ask("set", table="holding", address=2005, words=[6, 7])  # 2003 and 2004 do not exist
    items = [f"holding:{address}" for address in range(2000, 2007)]
    found = await read(server, tmp_path, *items)
    assert [found[item].value for item in items] == [1, 2, 3, None, None, 6, 7]
    assert found["holding:2003"].reason == "exception 2, illegal data address"
    assert {found[item].quality for item in items} == {GOOD, BAD}
    found = await read(server, tmp_path, "holding:2002", "holding:2005")  # only the gap cannot be read
    assert [one.value for one in found.values()] == [3, 6]


async def test_values_that_mean_not_available(server: ModbusSerial, tmp_path: Path) -> None:
    server.ask("set", table="holding", address=3000, words=[0x8000, 0xFFFF, 0xFFFF, 0x7FC0, 0, 0x8000])
    items = ["holding:3000:int16:na=0x8000", "holding:3001:uint32:na=0xffffffff", "holding:3003:float32:na=nan",
             "holding:3005:int16"]  # fmt: skip
    found = await read(server, tmp_path, *items)
    assert [found[item].quality for item in items] == [BAD, BAD, BAD, GOOD]
    assert found[items[0]].reason == "not available (0x8000)"
    assert found[items[3]].value == -(2**15)


async def test_a_device_behind_a_gateway_that_is_away_harms_no_other(server: ModbusSerial, tmp_path: Path) -> None:
    found = await read(server, tmp_path, "holding:401", "holding:401:unit=9")
    assert found["holding:401"].value == 1
    assert found["holding:401:unit=9"].reason == "exception 11, gateway target device failed to respond"


async def test_a_map_names_registers(server: ModbusSerial, tmp_path: Path) -> None:
    (tmp_path / "meter.csv").write_text(
        "quantity,register_address_zero_based,function_code,data_type,registers,divide_raw_by,unit_after\n"
        "Power,100,4,float32 big-endian,2,0.001,W\nRelay,3,1,bool,1,1,\n"
    )
    server.ask("set", table="input", address=100, words=words_of(">f", 1.5))
    found = await read(server, tmp_path, "@Power", "@Nothing", map="meter.csv")
    assert (found["@Power"].value, found["@Nothing"].reason) == (1.5, "no quantity 'Nothing' in the map")
    (tmp_path / "bad.csv").write_text(
        "quantity,register_address_zero_based,function_code,data_type\nA,1,7,x\nA,2,3,int16\n"
    )
    with pytest.raises(ProblemsError) as caught:
        await read(server, tmp_path, "@A", map="bad.csv")
    assert [one.where.rpartition("map ")[2] for one in caught.value.problems] == ["line 2", "line 3 quantity"]


@pytest.mark.skipif(not METER.is_file(), reason="the maps of real meters are not there")
async def test_the_map_of_a_real_meter(server: ModbusSerial, tmp_path: Path) -> None:
    server.ask("set", table="input", address=0, words=words_of(">f", 231.5) * 200)
    kind = connections["modbus"]
    options = kind.Options.model_validate(server.options() | {"map": str(METER)})
    made = kind(options, [Wanted("@VoltageL1", 3600.0), Wanted("@PowerL1", 3600.0)], tmp_path)
    try:
        await made.open()
        assert [one.value for one in await made.readings()] == [231.5, 231.5]
        found = [one async for one in made.browse()]
    finally:
        await made.close()
    assert len(found) == 52
    assert (found[0].name, found[0].unit, found[0].type, found[0].writable) == ("VoltageL1", "V", "float32", False)


async def test_a_bit_is_written_without_the_others(server: ModbusSerial, tmp_path: Path) -> None:
    server.ask("set", table="holding", address=4000, words=[0b1010])
    kind = connections["modbus"]
    made = kind(kind.Options.model_validate(server.options()), [], tmp_path)
    try:
        await made.open()
        await made.write("holding:4000:bit=0", True)
        await made.write("holding:4000:bit=3", False)
    finally:
        await made.close()
    assert server.ask("get", table="holding", address=4000, length=1) == [0b0011]
