"""An edge node with a primary host says nothing while that host is away, and everything afterwards."""

from __future__ import annotations

import asyncio

from brokers.connectors import make_publisher, make_source
from brokers.ingest import Ingest
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import Pump
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, RecordingSink, meta, receiving, running, tick_frames
from tests.transport.wire import watching


async def test_data_wait_for_the_host(mosquitto: Mosquitto) -> None:
    """tck-id-operational-behavior-edge-node-termination-host-offline and -reconnect, phid-wait-online."""
    sink = RecordingSink()
    link = make_publisher(mosquitto.url, "sparkplug", SITE, primary_host="ingest")
    outbox = Outbox(SITE, link.split, OutboxConfig(resend_after_s=0.3, probe_s=0.5))
    pump = Pump(outbox, link)
    async with watching(mosquitto.port) as wire, running(pump.run()):
        outbox.put([meta(), *tick_frames(0)])
        async with receiving(mosquitto.url, "sparkplug", sink):
            assert await pump.drain(LIMIT_S)
        await wire.holds(lambda _: wire.sparkplug("NDEATH"))
        outbox.put(tick_frames(1))
        assert wire.sparkplug()[0].word == "STATE"
        host = Ingest(make_source(mosquitto.url, "sparkplug", "ingest"), sink)
        async with running(host.run()):
            assert await pump.drain(LIMIT_S)
        births = [seen.body.metrics[0].long_value for seen in wire.sparkplug("NBIRTH")]
        assert births[-1] > births[0], "a new connection has a new bdSeq"
    assert sink.numbered == outbox.counters.put
    await asyncio.wait_for(pump.ready.wait(), LIMIT_S)
