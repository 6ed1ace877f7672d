"""The store refuses or hangs: nothing is acknowledged, the pressure reaches the outbox, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from brokers.ingest import IngestConfig
from brokers.outbox import OutboxConfig
from brokers.retry import retried
from brokers.stores._influxql import failure
from scenarios.live.hub import Hub
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
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
from twin.errors import NotLetInError
from twin.records import Frame

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
        assert ingest.held_s > 0
        sink.refusing = False
        assert await pump.drain(LIMIT_S)
        assert ingest.counters.store_failures > 0
        await until(lambda: ingest.held_s == 0)
    assert sink.numbered == outbox.counters.put
    assert not sink.twice


class ShutSink(RecordingSink):
    """A server that does not let us in while it refuses."""

    async def write(self, frames: Sequence[Frame]) -> None:
        if self.refusing:
            raise failure("http://store", 401, "", rows=True)
        await super().write(frames)


async def test_a_store_that_no_longer_lets_us_in_is_told_once_and_waited_for(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    sink = ShutSink()
    async with (
        receiving(mosquitto.url, "uns", sink) as ingest,
        sending(mosquitto.url, "uns") as (outbox, pump),
    ):
        outbox.put([meta(), *tick_frames(0)])
        assert await pump.drain(LIMIT_S)
        sink.refusing = True
        outbox.put(tick_frames(1))
        await until(lambda: ingest.counters.store_failures > 1)
        assert ingest.status()["store_ok"] is False
        sink.refusing = False
        assert await pump.drain(LIMIT_S)
        assert ingest.counters.lost == outbox.counters.lost == 0
    assert sink.numbered == outbox.counters.put
    begun, over = [record.getMessage() for record in caplog.records if record.name == "brokers.retry"]
    assert "expected valid credentials, got status 401 (check the token or password); trying again" in begun
    assert "works again" in over


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_who_comes_to_a_store_for_the_first_time_is_told_at_once(status: int) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        raise failure("http://store", status, "no", rows=False)

    with pytest.raises(NotLetInError):
        await retried(work, "store", 3600.0)
    assert tries == 1


@pytest.mark.parametrize("again", [False, True])
async def test_a_hub_that_was_in_before_waits_to_be_let_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    settings = RunSettings(scenario=tmp_path, seed=1, store=f"lines://{tmp_path}", folder=tmp_path, port=0)
    hub, tries = Hub(settings, settings.title, Parent(again=again)), 0
    opening = hub.store.open

    async def open_late() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise failure("http://store", 401, "", rows=False)
        await opening()

    monkeypatch.setattr(hub.store, "open", open_late)
    try:
        if again:
            await hub.open()
        else:
            with pytest.raises(NotLetInError):
                await hub.open()
    finally:
        await hub.close()
    assert tries == (3 if again else 1)


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
