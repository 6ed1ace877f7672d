"""Simulated machines as servers of protocols: what clients that are not ours, and our own drivers, read there."""

from __future__ import annotations

import asyncio
import csv
import json
import math
import struct
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.connection import DataValue, Scalar, Wanted
from devices.connections import connections
from devices.served import GOOD, ORDER, SCRAP, STATE, ServedPlant, execution, served_machines
from devices.servers import MachineServer, servers
from scenarios.live.servers_role import write_map
from tests.counterparts import needed, npm_peer
from tests.devices.plants import EPOCH, LINE, machine, machines, plant
from twin.config.plant import DeviceConfig
from twin.equipment import EquipmentPath
from twin.errors import FatalError, ProblemsError
from twin.records import BAD, Frame, RecordKind, records
from twin.states import UnitState

LIMIT_S = 120
M0, M1 = LINE.child("m0"), LINE.child("m1")
START_NS = int(EPOCH.timestamp()) * 10**9
CLIENT = Path(__file__).parent / "clients" / "modbus.mjs"


def shop() -> ServedPlant:
    """Two machines, both heard of."""
    made = ServedPlant(served_machines(machines(2), lambda _: True))
    made.seen([M0, M1], True)
    return made


def state(path: EquipmentPath, name: str, at_s: int, order: str | None = "A-1") -> Frame:
    return records(RecordKind.STATE, [(path, START_NS + at_s * 10**9, (name, order, None))])


def parts(path: EquipmentPath, at_s: int, good: float = 0, scrap: float = 0) -> Frame:
    return records(RecordKind.PART, [(path, START_NS + at_s * 10**9, ("shaft", good, scrap, 0, None, None, None))])


def alarm(path: EquipmentPath, at_s: int, code: str, active: int) -> Frame:
    return records(RecordKind.ALARM, [(path, START_NS + at_s * 10**9, (code, 500, active, ""))])


def readings(path: EquipmentPath, at_s: int, bad: tuple[str, ...] = (), **values: float) -> Frame:
    quality = np.array([[BAD if tag in bad else 0 for tag in values]], np.uint8)
    row = np.array([list(values.values())], float)
    return Frame(RecordKind.TELEMETRY, (path,), np.array([START_NS + at_s * 10**9]), tuple(values), row, quality)


def shift(shown: ServedPlant) -> None:
    """What happens in the tests: the first machine produces, the second fails."""
    for frame in (
        state(M0, "PRODUCING", 1),
        state(M1, "FAILED", 1, None),
        parts(M0, 2, good=3),
        parts(M0, 3, good=70_000, scrap=2),
        parts(M0, 4, good=-1),
        alarm(M1, 1, "bearing", 1),
        readings(M0, 5, spindle_speed_rpm=6000.5, energy_kwh=1234.0625, spindle_load_pct=46.0),
        readings(M0, 6, ("spindle_load_pct",), spindle_load_pct=47.0),
        readings(M0, 4, spindle_speed_rpm=1.0),  # late: says nothing
    ):
        shown.take(frame)


@asynccontextmanager
async def served(kind: str, shown: ServedPlant) -> AsyncIterator[Any]:
    server = servers[kind](shown, "127.0.0.1", 0)
    await server.open()
    try:
        yield server
    finally:
        await server.close()


async def read(kind: str, options: dict[str, Any], items: list[str], base: Path, **wanted: Scalar) -> dict[str, Any]:
    """What our own driver reads, once some items have the values that are wanted."""
    made = connections[kind]
    connection = made(made.Options.model_validate(options), [Wanted(item, 0.05) for item in items], base)
    latest: dict[str, DataValue] = {}
    try:
        async with asyncio.timeout(LIMIT_S):
            await connection.open()
            while set(latest) < set(items):
                latest |= {one.item: one for one in await connection.readings()}
    finally:
        await connection.close()
    return {item: one.value for item, one in latest.items()}


def table(server: MachineServer, folder: Path) -> list[dict[str, str]]:
    with write_map(server, folder / "map.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_addresses_follow_from_the_tags_alone(tmp_path: Path) -> None:
    rows = table(servers["modbus"](shop(), "127.0.0.1", 0), tmp_path)
    found = {row["quantity"]: row for row in rows}
    assert len(found) == len(rows)
    first = [(row["point"], row["register_address_zero_based"], row["data_type"]) for row in rows[:7]]
    assert first == [
        ("state", "0", "uint16 big-endian"),
        ("alarms", "1", "uint16 big-endian"),
        ("good", "2", "uint32 big-endian"),
        ("scrap", "4", "uint32 big-endian"),
        ("order", "8", "text16 big-endian"),
        ("energy_kwh", "100", "float64 big-endian"),
        ("power_kw", "104", "float32 big-endian"),
    ]
    assert {row["unit"]: row["unit_id"] for row in rows} == {str(M0): "1", str(M1): "2"}
    blocks = {
        row["point"]: row["item"] for row in servers["s7"](shop(), "127.0.0.1", 0).rows() if row["unit"] == str(M1)
    }
    assert [blocks[name] for name in ("state", "good", "order", "energy_kwh", "power_kw")] == [
        "DB2.DBW0:uint",
        "DB2.DBD4:udint",
        "DB2.DBB16:string32",
        "DB2.DBB100:lreal",
        "DB2.DBD108:real",
    ]


@pytest.mark.parametrize("kind", servers.kinds())
def test_every_point_stands_in_the_map_at_an_address_of_its_own(kind: str) -> None:
    shown = shop()
    server = servers[kind](shown, "127.0.0.1", 0)
    rows = server.rows()
    places = [row.get("item") or (row["unit_id"], row["register_address_zero_based"]) for row in rows]
    assert len(set(places)) == len(rows)
    points = {(str(one.path), point.name) for one in shown.machines for point in one.points}
    assert points <= {(row["unit"], row["point"]) for row in rows}
    assert all(set(row) == set(server.columns) for row in rows)


async def test_our_modbus_driver_finds_every_point_by_its_map(tmp_path: Path) -> None:
    shown = shop()
    shift(shown)
    async with served("modbus", shown) as server:
        table(server, tmp_path)
        names = [f"@{M0}/{point}" for point in ("state", "alarms", "good", "scrap", "order", "spindle_speed_rpm",
                                                "energy_kwh", "spindle_load_pct")]  # fmt: skip
        options = {"host": "127.0.0.1", "port": server.port, "map": "map.csv", "timeout": "60 s"}
        found = await read("modbus", options, [*names, f"@{M1}/state", f"@{M1}/alarms"], tmp_path)
    values = list(found.values())
    assert values[:7] == [int(UnitState.PRODUCING), 0, 70_002, 2, "A-1", 6000.5, 1234.0625]
    assert math.isnan(values[7])
    assert values[8:] == [int(UnitState.FAILED), 1]


async def test_our_s7_driver_reads_the_same(tmp_path: Path) -> None:
    shown = shop()
    shift(shown)
    async with served("s7", shown) as server:
        by_point = {(row["unit"], row["point"]): row["item"] for row in server.rows()}
        points = ("state", "alarms", "good", "scrap", "order", "spindle_speed_rpm", "energy_kwh", "spindle_load_pct")
        items = [by_point[str(M0), point] for point in points] + [by_point[str(M1), "state"], "DB9.DBW0"]
        options = {"host": "127.0.0.1", "port": server.port, "timeout": "60 s"}
        found = await read("s7", options, items, tmp_path)
    values = [found[item] for item in items]
    assert values[:7] == [int(UnitState.PRODUCING), 0, 70_002, 2, "A-1", 6000.5, 1234.0625]
    assert math.isnan(values[7])
    assert values[8:] == [int(UnitState.FAILED), None]


async def test_our_mtconnect_driver_reads_the_same_and_what_follows(tmp_path: Path) -> None:
    shown = shop()
    made = connections["mtconnect"]
    async with served("mtconnect", shown) as server:
        options = {"agent": f"http://127.0.0.1:{server.port}", "timeout": "60 s"}
        items = ["m1.avail", "m1.state", "m1.execution", "m1.good", "m1.order", "m1.spindle_speed_rpm", "m2.alarms",
                 "m1.spindle_load_pct"]  # fmt: skip
        connection = made(made.Options.model_validate(options), [Wanted(item, 0.05) for item in items], tmp_path)
        seen: list[DataValue] = []
        try:
            async with asyncio.timeout(LIMIT_S):
                await connection.open()
                while {one.item for one in seen} < set(items):
                    seen += await connection.readings()
                assert {one.item: one.value for one in seen}["m1.state"] is None
                shift(shown)
                while not {("m1.good", 70_002), ("m2.alarms", "Fault")} <= {(one.item, one.value) for one in seen}:
                    seen += await connection.readings()
        finally:
            await connection.close()
        browsed = server.answer(b"GET /probe HTTP/1.1\r\n\r\n")
    latest = {one.item: one for one in seen}
    assert [latest[item].value for item in items] == ["AVAILABLE", "PRODUCING", "ACTIVE", 70_002, "A-1", 6000.5,
                                                      "Fault", None]  # fmt: skip
    assert [one.value for one in seen if one.item == "m1.good"] == [0, 3, 70_003, 70_002]
    assert latest["m1.good"].time_ns == START_NS + 4 * 10**9
    assert b'uuid="acme/works/shop/line1/m1"' in browsed


async def test_a_foreign_modbus_client_reads_what_is_there_and_writes_nothing() -> None:
    shown = shop()
    shift(shown)
    spans = [
        [1, "holding", 0, 24],
        [1, "input", 100, 6],
        [2, "holding", 0, 1],
        [1, "holding", 60_000, 2],
        [9, "input", 0, 1],
    ]
    async with served("modbus", shown) as server:
        task = json.dumps({"port": server.port, "spans": spans})
        command = [needed("node"), str(CLIENT), task, str(npm_peer("modbus-serial"))]
        ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=LIMIT_S, check=True)
        told = json.loads(ran.stdout)
        assert (server.requests, server.refused) == (6, 3)
    first, tags, second, *refused = told["said"]
    raw = struct.pack(">24H", *first)
    assert struct.unpack(">HHII", raw[:12]) == (int(UnitState.PRODUCING), 0, 70_002, 2)
    assert raw[16:48].rstrip(b"\0") == b"A-1"
    assert struct.unpack(">d", struct.pack(">4H", *tags[:4])) == (1234.0625,)
    assert second == [int(UnitState.FAILED)]
    assert refused == [{"code": 2}, {"code": 11}]
    assert told["written"] == {"code": 1}


async def test_a_foreign_s7_client_reads_what_is_there_and_writes_nothing() -> None:
    snap7 = pytest.importorskip("snap7", reason="python-snap7 is not installed (make install-test)")
    shown = shop()
    shift(shown)

    def talk(port: int) -> tuple[bytes, bytes, str]:
        client = snap7.client.Client()
        client.connect("127.0.0.1", 0, 1, port)
        try:
            head, energy = bytes(client.db_read(1, 0, 50)), bytes(client.db_read(1, 100, 8))
            try:
                client.db_write(1, 0, bytearray(2))
            except Exception as error:
                return head, energy, type(error).__name__
            return head, energy, ""
        finally:
            client.disconnect()

    async with served("s7", shown) as server:
        head, energy, refused = await asyncio.to_thread(talk, server.port)
    assert struct.unpack(">HHII", head[:12]) == (int(UnitState.PRODUCING), 0, 70_002, 2)
    assert (head[17], head[18:21]) == (3, b"A-1")
    assert struct.unpack(">d", energy) == (1234.0625,)
    assert refused


def test_a_machine_that_is_not_heard_of_shows_nothing_but_its_counts() -> None:
    shown = shop()
    shift(shown)
    first = shown.machines[0]
    shown.seen([M0], False)
    by_name = {point.name: point for point in first.points}
    assert [first.now(by_name[name]).value for name in (STATE, ORDER, "spindle_speed_rpm")] == [None, None, None]
    assert [first.now(by_name[name]).value for name in (GOOD, SCRAP)] == [70_002, 2]
    shown.seen([M0], True)
    assert first.now(by_name[STATE]).value == int(UnitState.PRODUCING)


def test_a_state_is_learnt_from_readings_too() -> None:
    """A state is said when it changes: whoever comes later has it from the code among the readings."""
    shown = shop()
    shown.take(readings(M0, 1, state_code=float(UnitState.STARVED)))
    (point,) = [one for one in shown.machines[0].points if one.name == STATE]
    assert shown.machines[0].now(point).value == int(UnitState.STARVED)
    shown.take(state(M0, "BLOCKED", 2))
    shown.take(readings(M0, 1, state_code=float(UnitState.STARVED)))
    assert shown.machines[0].now(point).value == int(UnitState.BLOCKED)


def test_every_state_has_a_word_of_mtconnect() -> None:
    known = {"ACTIVE", "READY", "WAIT", "INTERRUPTED", "STOPPED", "UNAVAILABLE"}
    assert {execution(int(state)) for state in UnitState} == known


def test_only_simulated_machines_with_a_device_are_served() -> None:
    real = DeviceConfig(profile="cnc", driver="s7", options={"host": "a"})
    config = plant(machine("m1", None), machine("m2", real), machine("m3", DeviceConfig(profile="cnc")))
    assert [(one.number, one.path.name) for one in served_machines(config, lambda _: True)] == [(1, "m3")]
    assert served_machines(config, lambda _: False) == []


async def test_more_machines_than_unit_ids_are_refused_before_anything_listens() -> None:
    many = ServedPlant(served_machines(machines(248), lambda _: True))
    with pytest.raises(ProblemsError, match="247 machines, got 248"):
        await servers["modbus"](many, "127.0.0.1", 0).open()


@pytest.mark.parametrize("kind", servers.kinds())
async def test_what_is_no_request_ends_the_connection_and_harms_nobody(kind: str) -> None:
    junk = [
        b"\0" * 300,
        b"\x03\0\0\x08\x01\xe0\0\0",
        b"\xff" * 64,
        b"POST / HTTP/1.1\r\n\r\n",
        b"GET\r\n\r\n",
        b"A" * 20_000,
    ]
    shown = shop()
    async with served(kind, shown) as server, asyncio.timeout(LIMIT_S):
        for content in junk:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(content)
            writer.write_eof()
            while await reader.read(4096):
                pass
            writer.close()
        assert threading.active_count() < 50
        with pytest.raises(FatalError, match="free port"):
            await servers[kind](shown, "127.0.0.1", server.port).open()
