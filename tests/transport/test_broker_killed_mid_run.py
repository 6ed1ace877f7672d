"""The broker dies without a word and comes back having forgotten everything: nothing may be lost or doubled."""

from __future__ import annotations

import pytest

from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, meta, receiving, sending, tick_frames
from tests.transport.test_path import TRANSPORTS, rows_of

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
