"""The connection by itself: bounds of what waits to be read, and whether it stands."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import SHORT_LIVES, Connection, ConnectionConfig
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, until
from twin.errors import RetriableError


@pytest.mark.parametrize("bound", [{"inbox": 10}, {"inbox_bytes": 1_000}])
async def test_what_nobody_reads_is_bounded_and_counted(mosquitto: Mosquitto, bound: dict[str, int]) -> None:
    config = ConnectionConfig("both", filters=(("t", 1),), **bound)  # type: ignore[arg-type]
    both = Connection(BrokerAddress.of(mosquitto.url), config)
    await both.open()
    await both.wait_online()
    for _ in range(30):
        await both.publish("t", b"x" * 100, 1)
    await until(lambda: both.dropped == 20)
    async with asyncio.timeout(LIMIT_S):
        assert len(await both.receive()) == 10
    await both.publish("t", b"x" * 100, 1)
    async with asyncio.timeout(LIMIT_S):
        assert len(await both.receive()) == 1
    await both.close()


async def test_a_greeting_that_outlives_its_connection_does_not_call_it_back(mosquitto: Mosquitto) -> None:
    go_on = asyncio.Event()

    async def greet() -> None:
        await go_on.wait()

    client = Connection(BrokerAddress.of(mosquitto.url), ConnectionConfig("client"), greet)
    await client.open()
    try:
        await client.publish("t", b"x", 1, first=True)
        mosquitto.kill()
        async with asyncio.timeout(LIMIT_S):
            while True:
                try:
                    await client.publish("t", b"x", 0, first=True)
                except RetriableError:
                    break
                await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.sleep(0.05)  # the greeting ends
        assert not client.online
        with pytest.raises(RetriableError, match="expected a connection, got none"):
            await client.publish("t", b"x")
        mosquitto.start()
        async with asyncio.timeout(LIMIT_S):
            await client.wait_online()
        await client.publish("t", b"x", 1)
    finally:
        await client.close()


async def test_a_frozen_broker_does_not_hold_up_the_end(mosquitto: Mosquitto) -> None:
    """Pieces are under way that nobody acknowledges: sender and network thread would wait for the keepalive."""
    client = Connection(BrokerAddress.of(mosquitto.url), ConnectionConfig("client", keepalive_s=3600))
    await client.open()
    await client.wait_online()
    os.kill(mosquitto.pid, signal.SIGSTOP)
    try:
        for _ in range(client.config.max_inflight):
            await client.publish("t", b"x", 1)
        async with asyncio.timeout(LIMIT_S):
            await client.last(client.publish("t", b"there is no room for it", 1))
            await client.close()
    finally:
        os.kill(mosquitto.pid, signal.SIGCONT)


async def test_a_broker_that_dies_again_and_again_has_thrown_nobody_out(mosquitto: Mosquitto) -> None:
    """It is back before the connection notices that it was away, four times within seconds."""
    connection = Connection(BrokerAddress.of(mosquitto.url), ConnectionConfig("alone", filters=(("t", 1),)))
    await connection.open()
    for deaths in range(1, SHORT_LIVES + 2):
        async with asyncio.timeout(LIMIT_S):
            await connection.wait_online()
        mosquitto.kill()
        mosquitto.start()
        await until(lambda: connection.losses == deaths)  # noqa: B023
    async with asyncio.timeout(LIMIT_S):
        await connection.wait_online()
        await connection.publish("t", b"still here", 1)
        assert (await connection.receive())[-1].payload == b"still here"
    await connection.close()
