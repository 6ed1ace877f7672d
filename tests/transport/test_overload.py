"""More comes than the store can take: nothing is lost, queues stay short, nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from brokers.ingest import Ingest, IngestConfig
from brokers.outbox import Outbox, OutboxConfig
from tests.transport.parts import LIMIT_S, RecordingSink, meta, receiving, sending, tick_frames
from tests.transport.test_path import TRANSPORTS, broker_url, embedded, rows_of
from twin.records import Frame

__all__ = ["broker_url", "embedded"]

TICKS = 300
NEVER_S = 1e6
"""No probe is due: it asks what is missing where nothing comes, which a busy machine cannot tell from a loss."""
SLOW = IngestConfig(batch_frames=50, deliveries=4)


class SlowSink(RecordingSink):
    """A store that takes its time for each write, longer than a piece waits before it may be sent again."""

    def __init__(self, write_s: float) -> None:
        super().__init__()
        self._write_s = write_s

    async def write(self, frames: Sequence[Frame]) -> None:
        await asyncio.sleep(self._write_s)
        await super().write(frames)


class Watch:
    """The longest queues seen."""

    def __init__(self, outbox: Outbox, ingest: Ingest):
        self._outbox, self._ingest = outbox, ingest
        self.held = self.under_way = 0

    def look(self) -> None:
        counters = self._outbox.counters
        self.held = max(self.held, counters.held)
        self.under_way = max(self.under_way, counters.sent - counters.stored)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_plant_that_may_wait_waits(broker_url: str, transport: str) -> None:
    sink, sent = SlowSink(0.05), [meta()]
    config = OutboxConfig(policy="wait", pieces=400, window=300, resend_after_s=0.05, probe_s=NEVER_S)
    async with (
        receiving(broker_url, transport, sink, config=SLOW) as ingest,
        sending(broker_url, transport, config) as (outbox, pump),
    ):
        watch = Watch(outbox, ingest)
        await outbox.put_soon(sent)
        for tick in range(TICKS):
            frames = tick_frames(tick)
            sent += frames
            await outbox.put_soon(frames)
            watch.look()
        assert await pump.drain(LIMIT_S)
        assert outbox.counters.lost == ingest.counters.lost == ingest.counters.dropped == 0
        assert watch.held < 400 + 5
        assert watch.under_way <= 300
        assert outbox.counters.waited_s > 0
        assert outbox.counters.resent == ingest.counters.duplicates == 0
    assert sink.rows == rows_of(sent)
    assert not sink.twice


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_machine_that_cannot_wait_loses_what_it_tells(
    broker_url: str,
    transport: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = SlowSink(0.05)
    config = OutboxConfig(policy="drop_oldest", pieces=400, window=100, resend_after_s=0.05, probe_s=NEVER_S)
    async with (
        receiving(broker_url, transport, sink, config=SLOW) as ingest,
        sending(broker_url, transport, config) as (outbox, pump),
    ):
        await outbox.put_soon([meta()])
        for tick in range(TICKS):
            await outbox.put_soon(tick_frames(tick))
        assert await pump.drain(LIMIT_S)
        counters = outbox.counters
        assert counters.dropped > 0
        assert counters.sent == counters.stored == counters.put - counters.dropped
        assert outbox.abandon() == counters.dropped
        assert counters.resent == ingest.counters.duplicates == 0
        assert ingest.counters.lost == ingest.counters.late == 0
    assert sink.numbered == counters.sent
    said = [record.getMessage() for record in caplog.records if record.name == "brokers.outbox"]
    assert "are dropped" in said[0]
    assert said[-1].endswith(f"{counters.dropped} dropped")
    assert len(said) == 2
