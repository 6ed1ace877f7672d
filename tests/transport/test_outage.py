"""A broker that is away is told once by a process, and once that it is back, however many publishers it has."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from brokers.connectors import make_publisher
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import BrokerOutage, Pump
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, heartbeat, running, until


async def test_many_publishers_tell_one_loss_and_one_return(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    outage, pumps = BrokerOutage("plant"), []
    async with AsyncExitStack() as stack:
        for number in range(5):
            site = f"yujiang/site{number}"
            link = make_publisher(mosquitto.url, "uns", site)
            pumps.append(Pump(Outbox(site, link.split, OutboxConfig()), link, outage=outage))
            await stack.enter_async_context(running(pumps[-1].run()))
            await asyncio.wait_for(pumps[-1].ready.wait(), LIMIT_S)
        mosquitto.kill()
        for pump in pumps:
            pump.outbox.put([heartbeat(1)])
        await until(lambda: all(pump.counters.lost for pump in pumps))
        mosquitto.start()
        await until(lambda: all(pump.counters.away_s for pump in pumps))
    said = [record.getMessage() for record in caplog.records if record.name == "brokers.pump"]
    assert [line.partition(": ")[2].split()[0] for line in said if line.startswith("plant: ")] == ["no", "back"]
    assert len(said) == 2
