"""From a real MQTT broker to a real OPC UA client through the bridge."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from brokers.mqtt.publisher import UnsPublisher
from brokers.mqtt.source import UnsSource
from brokers.opcua import OpcUaPublisher, OpcUaServerConfig, bridge
from brokers.opcua.lives import HEALTHY, NO_DATA
from tests.opcua.conftest import Running
from tests.opcua.plants import CELL, PLANT, HandClock, Watcher, master_data, state, telemetry
from tests.servers.mosquitto import Mosquitto


async def send(sender: UnsPublisher) -> None:
    """Master data, a value and a state, numbered as an outbox would."""
    frames = [piece for frame in (master_data(), telemetry([17.5]), state("SETUP")) for piece in sender.split(frame)]
    for number, frame in enumerate(frames):
        await sender.publish(frame.stamped(PLANT, "run", number))


async def test_records_on_a_broker_reach_an_opc_ua_client(mosquitto: Mosquitto, tmp_path: Path) -> None:
    source = UnsSource(mosquitto.url, "opcua")
    await source.open()
    await source.close()  # the broker keeps for this client what comes from now on
    server = OpcUaPublisher(OpcUaServerConfig(tmp_path / "state", port=0))
    program = asyncio.create_task(bridge(UnsSource(mosquitto.url, "opcua"), server))
    sender = UnsPublisher(mosquitto.url, PLANT)
    await sender.open()
    try:
        await asyncio.wait_for(server.ready.wait(), 90)
        made = Running(server, HandClock(), tmp_path)
        async with await made.client() as client:
            watcher = Watcher()
            subscription = await client.create_subscription(20, watcher)
            await subscription.subscribe_events(client.nodes.server)
            await send(sender)
            assert (await watcher.next_event()).SourceName == CELL.name
            await subscription.subscribe_data_change(made.node(client, f"{CELL}.power_kw"))
            values = [await watcher.next()]
            if values[0][0] is None:  # subscribed before the writer's turn
                values.append(await watcher.next())
            assert values[-1][0] == 17.5
    finally:
        program.cancel()
        with suppress(asyncio.CancelledError):
            await program
        await sender.close()


async def test_a_bridge_that_comes_later_knows_the_last_state_and_nothing_of_another_run(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    sender, server = UnsPublisher(mosquitto.url, PLANT), OpcUaPublisher(OpcUaServerConfig(tmp_path / "state", port=0))
    await sender.open()
    await send(sender)
    await sender.flushed()
    source = UnsSource(mosquitto.url, "opcua-late", states=True)
    program = asyncio.create_task(bridge(source, server, admits=lambda frame: frame.run == "run"))
    try:
        await asyncio.wait_for(server.ready.wait(), 90)
        made = Running(server, HandClock(), tmp_path)
        async with await made.client() as client:
            watcher = Watcher()
            subscription = await client.create_subscription(20, watcher)
            await subscription.subscribe_data_change(made.node(client, f"{CELL}.state"))
            values = [await watcher.next()]
            while values[-1][0] is None:
                values.append(await watcher.next())
            assert values[-1][0] == "SETUP"
            assert values[-1][1].StatusCode.name == "UncertainNoCommunicationLastUsableValue"  # kept by the broker
            assert server.status().service_level == NO_DATA
            other = state("PRODUCING").stamped(PLANT, "another", 0)
            ours = telemetry([21.0]).stamped(PLANT, "run", 9)
            await subscription.subscribe_data_change(made.node(client, f"{CELL}.power_kw"))
            await sender.publish(other)
            await sender.publish(ours)
            while len(values) < 3 or {values[-1][0], values[-2][0]} != {"SETUP", 21.0}:
                values.append(await watcher.next())
            assert {value.StatusCode.name for _, value in values[-2:]} == {"Good"}  # its publisher lives
            assert server.status().service_level == HEALTHY
            assert "PRODUCING" not in [value for value, *_ in values]
    finally:
        program.cancel()
        with suppress(asyncio.CancelledError):
            await program
        await sender.close()
