"""The broker dies without a word and comes back having forgotten everything: nothing may be lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokers.stores.duckdb import DuckDbStore
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, meta, receiving, sending, tick_frames
from tests.transport.test_path import TRANSPORTS, rows_of
from twin.records import RecordKind

TICKS = 60


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_row_is_stored_exactly_once(mosquitto: Mosquitto, transport: str) -> None:
    sink, seen, sent = RecordingSink(), [], [meta()]
    async with (
        receiving(mosquitto.url, transport, sink, seen.extend) as ingest,
        sending(mosquitto.url, transport) as (outbox, pump),
    ):
        outbox.put(sent)
        for tick in range(TICKS):
            frames = tick_frames(tick)
            sent += frames
            outbox.put(frames)
            if tick == TICKS // 3:
                await sink.holds(lambda s: s.numbered > 20)
                mosquitto.kill()
            if tick == 2 * TICKS // 3:
                mosquitto.start()
        assert await pump.drain(LIMIT_S)
        assert outbox.counters.dropped == outbox.counters.unconfirmed == 0
        assert ingest.counters.lost == 0
    assert sink.rows == rows_of(sent)
    assert not sink.twice
    assert [frame.seq for frame in seen if frame.seq >= 0] == list(range(outbox.counters.put))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_is_missing_comes_without_new_data(mosquitto: Mosquitto, transport: str) -> None:
    """The last pieces are lost with the broker, and nothing follows that would show the gap."""
    sink = RecordingSink()
    async with receiving(mosquitto.url, transport, sink), sending(mosquitto.url, transport) as (outbox, pump):
        outbox.put([meta()])
        assert await pump.drain(LIMIT_S)
        sink.gate.clear()  # the store hangs, so that the end of the run is under way when the broker dies
        for tick in range(20):
            outbox.put(tick_frames(tick))
        mosquitto.kill()
        sink.gate.set()
        mosquitto.start()
        assert await pump.drain(LIMIT_S)
    assert sink.numbered == outbox.counters.put
    assert not sink.twice


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_embedded_store_ends_complete(mosquitto: Mosquitto, transport: str, tmp_path: Path) -> None:
    store = DuckDbStore(str(tmp_path / "store.duckdb"))
    await store.open()
    async with (
        receiving(mosquitto.url, transport, store) as ingest,
        sending(mosquitto.url, transport) as (outbox, pump),
    ):
        outbox.put([meta()])
        for tick in range(TICKS):
            outbox.put(tick_frames(tick))
            if tick == TICKS // 2:
                assert await pump.drain(LIMIT_S)
                mosquitto.kill()
        mosquitto.start()
        assert await pump.drain(LIMIT_S)
        assert ingest.counters.store_failures == 0
    assert await store.count(RecordKind.TELEMETRY) == TICKS * 5 * 3
    assert await store.count(RecordKind.STATE) == TICKS
    assert await store.count(RecordKind.HEARTBEAT) == TICKS
    await store.close()
