"""The store refuses or hangs: nothing is acknowledged, the pressure reaches the outbox, nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from brokers.ingest import IngestConfig
from brokers.outbox import OutboxConfig
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import (
    LIMIT_S,
    PIECES_PER_TICK,
    T0,
    RecordingSink,
    meta,
    receiving,
    sending,
    tick_frames,
    until,
)
from tests.transport.test_path import TRANSPORTS

WAITING = OutboxConfig(policy="wait", pieces=200, window=50, resend_after_s=0.3, probe_s=0.5)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_refused_write_is_tried_again(mosquitto: Mosquitto, transport: str) -> None:
    sink = RecordingSink()
    sink.refusing = True
    async with (
        receiving(mosquitto.url, transport, sink) as ingest,
        sending(mosquitto.url, transport) as (outbox, pump),
    ):
        outbox.put([meta(), *tick_frames(0)])
        await asyncio.wait_for(sink.refused.wait(), LIMIT_S)
        assert outbox.counters.stored == 0
        assert ingest.status()["store_ok"] is False
        sink.refusing = False
        assert await pump.drain(LIMIT_S)
        assert ingest.counters.store_failures > 0
    assert sink.numbered == outbox.counters.put
    assert not sink.twice


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_slow_store_holds_the_simulation_back(mosquitto: Mosquitto, transport: str) -> None:
    sink = RecordingSink()
    sink.gate.clear()
    config = IngestConfig(deliveries=2, batch_frames=20)
    async with (
        receiving(mosquitto.url, transport, sink, config=config) as ingest,
        sending(mosquitto.url, transport, WAITING) as (outbox, pump),
    ):

        def simulate() -> None:
            outbox.put([meta()])
            for tick in range(100):
                outbox.put(tick_frames(tick), timeout_s=LIMIT_S)

        simulation = asyncio.create_task(asyncio.to_thread(simulate))
        done, _ = await asyncio.wait([simulation], timeout=0.5)
        assert not done, "the outbox holds 200 pieces, so the simulation has to wait"
        assert outbox.counters.held <= 200 + 7
        sink.gate.set()
        await asyncio.wait_for(simulation, LIMIT_S)
        assert await pump.drain(LIMIT_S)
        assert outbox.counters.dropped == ingest.counters.lost == 0
    assert sink.numbered == outbox.counters.put == 6 + 100 * 7
    assert not sink.twice


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_in_real_time_the_oldest_is_dropped_and_counted(mosquitto: Mosquitto, transport: str) -> None:
    """Nobody ingests; later an ingest gets what was under way and the newest."""
    sink = RecordingSink()
    config = OutboxConfig(pieces=100, window=20, resend_after_s=0.3, probe_s=0.5)
    async with sending(mosquitto.url, transport, config) as (outbox, pump):
        outbox.put(tick_frames(0))
        await until(lambda: outbox.counters.sent == PIECES_PER_TICK)
        for tick in range(1, 100):
            outbox.put(tick_frames(tick))
        assert outbox.counters.held == 100
        assert outbox.counters.dropped == outbox.counters.lost == 600
        async with receiving(mosquitto.url, transport, sink) as ingest:
            assert await pump.drain(LIMIT_S)
            assert ingest.counters.lost == 0
    assert sorted(seq for _, _, seq in sink.writes if seq >= 0) == list(range(100))
    ticks = {time // 1_000_000_000 - T0 // 1_000_000_000 for kind, _, time in sink.rows if kind == "heartbeat"}
    assert ticks == {0, *range(86, 100)}
