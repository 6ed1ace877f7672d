"""The connection by itself: bounds of what waits to be read."""

from __future__ import annotations

import asyncio

import pytest

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import Connection, ConnectionConfig
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, until


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
