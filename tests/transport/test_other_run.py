"""What another run left in the session of an ingest enters neither store nor brain."""

from __future__ import annotations

import asyncio
from pathlib import Path

from brokers import connectors
from brokers.ingest import Ingest
from brokers.outbox import Outbox
from brokers.pump import Pump
from scenarios.live.settings import RunSettings
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, running, tick_frames, until
from twin.records import Frame

SITE = "site/one"


async def test_pieces_of_another_run_are_counted_and_left_out(mosquitto: Mosquitto, tmp_path: Path) -> None:
    run = "0123456789ab"
    settings = RunSettings(
        scenario=Path("x.yaml"), seed=1, store="duckdb://x", folder=tmp_path, run=run, publishers=(SITE,)
    )
    sink, seen = RecordingSink(), list[Frame]()
    session = connectors.make_source(mosquitto.url, "uns", "ingest")
    await session.open()
    await session.close()  # the broker keeps for it what comes from now on
    for life in ("ba9876543210.1", f"{run}.1"):
        publisher = connectors.make_publisher(mosquitto.url, "uns", SITE)
        outbox = Outbox(SITE, publisher.split, run=life)
        pump = Pump(outbox, publisher)
        async with running(pump.run()):
            await asyncio.wait_for(pump.ready.wait(), LIMIT_S)
            outbox.put(tick_frames(0))
            await until(lambda outbox=outbox: outbox.counters.sent == outbox.counters.put)
            await publisher.flushed()
    source = connectors.make_source(mosquitto.url, "uns", "ingest")
    ingest = Ingest(source, sink, [seen.extend], admits=settings.admits)
    async with running(ingest.run()):
        await until(lambda: ingest.counters.received >= 2 * outbox.counters.put)
        await ingest.idle()
    assert {frame.run for frame in seen} == {f"{run}.1"}
    assert len(seen) == ingest.counters.other_run == outbox.counters.put
