"""What real controllers put a client through, and that our own drivers get through it with every value right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.connection import DataValue, Scalar, Wanted
from devices.connections import connections
from devices.personalities import personalities
from devices.personality import Personalities
from devices.servers import servers
from scenarios.actions.live import settings_for
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from tests.devices.test_servers import LIMIT_S, START_NS, shift, shop
from twin.errors import RetriableError, ScenarioError
from twin.records import BAD
from twin.states import UnitState

EXPECTED: dict[str, dict[str, Scalar]] = {
    "modbus": {
        "holding:0:uint16": int(UnitState.PRODUCING),
        "holding:2:uint32": 70_002,
        "holding:8:text16": "A-1",
        "holding:100:float64": 1234.0625,
        "holding:110:float32": 6000.5,
    },
    "s7": {
        "DB1.DBW0:uint": int(UnitState.PRODUCING),
        "DB1.DBD4:udint": 70_002,
        "DB1.DBB16:string32": "A-1",
        "DB1.DBB100:lreal": 1234.0625,
    },
}


@asynccontextmanager
async def served(kind: str, *names: str) -> AsyncIterator[Any]:
    shown = shop()
    shift(shown)
    server = servers[kind](shown, "127.0.0.1", 0)
    server.personality = Personalities([personalities[name]() for name in names])
    await server.open()
    try:
        yield server
    finally:
        await server.close()


async def heard(kind: str, port: int, items: list[str], folder: Path, enough: Any) -> tuple[list[DataValue], int]:
    """All that our driver tells until it is enough, and how often its session was lost."""
    made = connections[kind]
    options = made.Options.model_validate({"host": "127.0.0.1", "port": port, "timeout": "60 s", "period": "10 ms"})
    seen: list[DataValue] = []
    lost = 0
    async with asyncio.timeout(LIMIT_S):
        while not enough(seen, lost):
            connection = made(options, [Wanted(item, 0.01) for item in items], folder)
            try:
                await connection.open()
                while not enough(seen, lost):
                    seen += await connection.readings()
            except RetriableError:
                lost += 1
            finally:
                await connection.close()
    return seen, lost


def right(seen: list[DataValue], expected: dict[str, Scalar]) -> bool:
    good = {(one.item, one.value) for one in seen if one.quality != BAD}
    return set(expected.items()) <= good


@pytest.mark.parametrize("kind", sorted(EXPECTED))
@pytest.mark.parametrize("name", personalities.kinds())
async def test_a_driver_reads_every_value_right_whatever_the_server_does(kind: str, name: str, tmp_path: Path) -> None:
    expected = EXPECTED[kind]
    async with served(kind, name) as server:
        seen, _ = await heard(kind, server.port, list(expected), tmp_path, lambda seen, _: right(seen, expected))
    assert {(one.item, one.value) for one in seen if one.quality != BAD} == set(expected.items())


async def test_a_session_that_is_lost_is_lost_every_thirty_requests(tmp_path: Path) -> None:
    async with served("modbus", "lost_sessions") as server:
        _, lost = await heard("modbus", server.port, ["holding:0:uint16"], tmp_path, lambda _, lost: lost == 2)
        assert (lost, server.requests) == (2, 60)


async def test_tags_that_vanish_are_bad_and_come_again(tmp_path: Path) -> None:
    item, state = "holding:110:float32", "holding:0:uint16"

    def back(seen: list[DataValue], _: int) -> bool:
        marks = [one.quality == BAD for one in seen if one.item == item]
        return True in marks and not all(marks[marks.index(True) :])

    async with served("modbus", "vanishing") as server:
        seen, lost = await heard("modbus", server.port, [item, state], tmp_path, back)
    assert lost == 0
    assert {one.reason for one in seen if one.quality == BAD} == {"exception 2, illegal data address"}
    assert {one.item for one in seen if one.quality == BAD} == {item}


async def test_a_block_that_is_too_large_is_refused_and_read_in_parts(tmp_path: Path) -> None:
    expected = EXPECTED["modbus"]
    async with served("modbus", "item_cap", "duplicates") as server:
        seen, lost = await heard("modbus", server.port, list(expected), tmp_path, lambda seen, _: right(seen, expected))
        assert server.refused > 0
    assert lost == 0
    assert {(one.item, one.value) for one in seen} == set(expected.items())


async def test_a_clock_that_is_slow_is_seen_where_a_protocol_has_times(tmp_path: Path) -> None:
    made = connections["mtconnect"]
    shown = shop()
    server = servers["mtconnect"](shown, "127.0.0.1", 0)
    server.personality = personalities["clock_skew"]()
    await server.open()
    shift(shown)
    options = made.Options.model_validate({"agent": f"http://127.0.0.1:{server.port}", "timeout": "60 s"})  # type: ignore[attr-defined]
    connection = made(options, [Wanted("m1.good", 0.05)], tmp_path)
    try:
        async with asyncio.timeout(LIMIT_S):
            await connection.open()
            (good,) = await connection.readings()
    finally:
        await connection.close()
        await server.close()
    assert (good.value, good.time_ns) == (70_002, START_NS + (4 - 3600) * 10**9)


def test_personalities_are_named_behind_commas(tmp_path: Path) -> None:
    given = ("modbus=1502,slow_batches,item_cap", "s7,duplicates")
    chosen = RunSettings(scenario=tmp_path, seed=1, store=f"lines://{tmp_path}", folder=tmp_path, serve=given)
    assert [place.personalities for place in chosen.served] == [("slow_batches", "item_cap"), ("duplicates",)]
    assert [str(place) for place in chosen.served] == [
        "modbus=127.0.0.1:1502,slow_batches,item_cap",
        "s7=127.0.0.1:1102,duplicates",
    ]
    again = chosen.model_copy(update={"serve": tuple(map(str, chosen.served))})
    assert again.served == chosen.served
    with pytest.raises(ScenarioError, match="behind a comma, got 'modbus,moody'"):
        settings_for("workshop", load(Path("workshop")), serve=["modbus,moody"])
