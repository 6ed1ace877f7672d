"""Values whose source has gone say so, and the server too; what lives has a fresh server time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, ua

from brokers.mqtt.publisher import UnsPublisher
from brokers.mqtt.source import UnsSource
from brokers.opcua import OpcUaPublisher, OpcUaServerConfig, bridge
from brokers.opcua.lives import DEGRADED, GONE, HEALTHY, LOST, MOST, NO_DATA, OTHERS, Lives
from brokers.opcua.values import moment
from tests.opcua.conftest import Running, running
from tests.opcua.plants import CELL, LINE, NOW_NS, PLANT, SECOND_NS, HandClock, Watcher, state, telemetry
from tests.opcua.test_bridge import send
from tests.servers.mosquitto import Mosquitto
from twin.records import Frame, RecordKind, records

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER = LINE.child("cell9")
POWER = f"{CELL}.power_kw"


@pytest_asyncio.fixture(loop_scope="module")
async def alone(tmp_path: Path) -> AsyncIterator[Running]:
    made = await running(tmp_path)
    yield made
    await made.publisher.close()


async def read(plant: Running, client: Client, identifier: str) -> ua.DataValue:
    return await plant.node(client, identifier).read_data_value(raise_on_bad_status=False)  # type: ignore[attr-defined]


async def told(plant: Running, *frames: Frame, after_s: float = 2.0) -> None:
    plant.clock.forward(after_s)
    for number, frame in enumerate(frames):
        await plant.publisher.publish(frame.stamped(PLANT, "r", number))
    while await plant.publisher.turn():
        pass


def beat(plant: Running) -> Frame:
    return records(RecordKind.HEARTBEAT, [(PLANT, plant.clock.ns, (None, None, None))])


async def service(client: Client) -> tuple[int, ua.ServerState, ua.ServerState]:
    level = await client.get_node(ua.NodeId(ua.ObjectIds.Server_ServiceLevel)).read_value()
    whole = await client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus)).read_value()
    part = await client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus_State)).read_value()
    return level, whole.State, ua.ServerState(part)


async def test_a_value_that_does_not_change_has_a_fresh_server_time_while_its_source_lives(alone: Running) -> None:
    async with await alone.client() as client:
        await told(alone, telemetry([11.0]))
        for _ in range(100):
            await told(alone, telemetry([11.0], alone.clock.ns), after_s=10)
        value = await read(alone, client, POWER)
        assert (value.StatusCode.name, value.SourceTimestamp) == ("Good", moment(NOW_NS))
        assert value.ServerTimestamp == moment(alone.clock.ns)
        assert alone.publisher.gate.counts.written == 1  # nothing was sent to anybody for it


async def test_a_source_that_has_gone_and_comes_back(alone: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with await alone.client() as client:
        watcher = Watcher()
        subscription = await client.create_subscription(20, watcher)
        await told(alone, telemetry([11.0]), state("PRODUCING", "order-1"))
        await subscription.subscribe_data_change(alone.node(client, POWER))
        assert (await watcher.next())[0] == 11.0
        heard = alone.clock.ns
        await told(alone, after_s=14)
        assert (await read(alone, client, POWER)).StatusCode.name == "Good"
        assert await service(client) == (HEALTHY, ua.ServerState.Running, ua.ServerState.Running)
        await told(alone, after_s=2)
        changed = (await watcher.next())[1]
        assert (changed.Value.Value, changed.StatusCode.name) == (11.0, "UncertainNoCommunicationLastUsableValue")
        value = await read(alone, client, POWER)
        assert (value.Value.Value, value.StatusCode.name) == (11.0, "UncertainNoCommunicationLastUsableValue")
        assert value.SourceTimestamp == moment(NOW_NS)
        assert (await read(alone, client, f"{CELL}.state")).StatusCode.is_uncertain()
        fault = ua.ServerState.CommunicationFault
        assert await service(client) == (NO_DATA, fault, fault)
        await told(alone, after_s=60)
        assert (await watcher.next())[1].StatusCode.name == "BadNoCommunication"
        value = await read(alone, client, f"{CELL}.state")
        assert (value.Value.Value, value.StatusCode.name) == (None, "BadNoCommunication")
        await told(alone, beat(alone))
        value = (await watcher.next())[1]
        assert (value.Value.Value, value.StatusCode.name) == (11.0, "Good")
        assert (await read(alone, client, f"{CELL}.order")).Value.Value == "order-1"
        assert await service(client) == (HEALTHY, ua.ServerState.Running, ua.ServerState.Running)
        assert alone.clock.ns > heard
    said = [record.getMessage() for record in caplog.records if record.name.startswith("brokers.opcua.")]
    assert [line for line in said if PLANT in line] == [
        f"OPC UA: nothing heard from {PLANT}: its values are uncertain",
        f"OPC UA: {PLANT} is heard again",
    ]


async def test_one_source_of_two(alone: Running) -> None:
    async with await alone.client() as client:
        await told(alone, telemetry([11.0]))
        await alone.publisher.publish(
            records(RecordKind.STOCK, [(OTHER, NOW_NS, ("pack", 4.0))])  # of a stranger, heard once
        )
        await told(alone)
        for _ in range(4):
            await told(alone, beat(alone), after_s=5)
        assert (await read(alone, client, f"{OTHER}.stock.pack")).StatusCode.is_uncertain()
        assert (await read(alone, client, POWER)).StatusCode.name == "Good"
        assert await service(client) == (DEGRADED // 2, ua.ServerState.Running, ua.ServerState.Running)
        status = alone.publisher.status()
        assert (status.sources, status.silent, status.service_level) == (2, 1, DEGRADED // 2)


async def test_what_is_sent_again_is_current_only_if_nothing_later_is_known(alone: Running) -> None:
    async with await alone.client() as client:
        await told(alone, state("PRODUCING", time_ns=NOW_NS + SECOND_NS))
        for name, time_ns in (("SETUP", NOW_NS), ("FAILED", NOW_NS + 2 * SECOND_NS)):
            frame = state(name, time_ns=time_ns)
            late = Frame(frame.kind, frame.paths, frame.time_ns, frame.tags, frame.values, historical=True)
            await told(alone, late)
            wanted = "FAILED" if name == "FAILED" else "PRODUCING"
            assert (await read(alone, client, f"{CELL}.state")).Value.Value == wanted
        assert alone.publisher.status().skipped == 1


async def test_a_broker_that_goes_takes_the_good_quality_with_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Real broker, real clock, short gaps: the values, the state of the server, and all back again."""
    server = OpcUaPublisher(OpcUaServerConfig(tmp_path / "state", port=0, gap_s=1.5, gone_s=4.0))
    program = asyncio.create_task(bridge(UnsSource(mosquitto.url, "opcua"), server))
    sender = UnsPublisher(mosquitto.url, PLANT)
    await sender.open()
    try:
        await asyncio.wait_for(server.ready.wait(), 90)
        made = Running(server, HandClock(), tmp_path)
        async with await made.client() as client, asyncio.timeout(60):
            while not server.status().sources or POWER not in server.model.space.known:
                await send(sender)
                await asyncio.wait([program], timeout=0.3)
            watcher = Watcher()
            subscription = await client.create_subscription(20, watcher)
            await subscription.subscribe_data_change(made.node(client, POWER))
            await reaches(watcher, "Good")
            mosquitto.kill()
            await reaches(watcher, "UncertainNoCommunicationLastUsableValue")
            await reaches(watcher, "BadNoCommunication")
            assert (await service(client))[:2] == (NO_DATA, ua.ServerState.CommunicationFault)
            mosquitto.start()
            await sender.wait_online()
            while server.status().silent:
                with suppress(Exception):  # the connection may not be back yet
                    await send(sender)
                await asyncio.wait([program], timeout=0.3)
            await reaches(watcher, "Good")
    finally:
        program.cancel()
        with suppress(asyncio.CancelledError):
            await program
        await sender.close()


async def reaches(watcher: Watcher, status: str) -> None:
    while (await watcher.next())[1].StatusCode.name != status:
        pass


async def test_there_is_an_end_to_the_sources_that_are_known_by_name() -> None:
    lives = Lives(15 * SECOND_NS, 60 * SECOND_NS)
    numbers = {lives.hear(f"device{number}", number)[0] for number in range(MOST + 100)}
    assert len(numbers) == len(lives.all) == MOST + 1
    assert lives.all[-1].name == OTHERS


async def test_a_slow_source_is_lost_after_three_of_its_periods() -> None:
    lives, now = Lives(15 * SECOND_NS, 60 * SECOND_NS), 0
    for _ in range(5):
        lives.hear("slow", now)
        now += 40 * SECOND_NS
    assert lives.judge(now - 40 * SECOND_NS + 119 * SECOND_NS, linked=True) == []
    assert lives.judge(now - 40 * SECOND_NS + 121 * SECOND_NS, linked=True) == [(0, GONE)]
    lives.hear("slow", now + 200 * SECOND_NS)
    assert lives.judge(now + 216 * SECOND_NS, linked=False) == [(0, LOST)]
