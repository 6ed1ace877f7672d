"""Ingest ends in the middle of a run; a new one with the same store goes on."""

from __future__ import annotations

import pytest

from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, meta, receiving, sending, tick_frames
from tests.transport.test_path import TRANSPORTS, rows_of


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_store_ends_complete(mosquitto: Mosquitto, transport: str) -> None:
    sink, seen, sent = RecordingSink(), [], [meta()]
    async with sending(mosquitto.url, transport) as (outbox, pump):
        async with receiving(mosquitto.url, transport, sink):
            outbox.put(sent)
            for tick in range(20):
                outbox.put(tick_frames(tick))
            assert await pump.drain(LIMIT_S)
        first = outbox.counters.put
        for tick in range(20, 40):
            outbox.put(tick_frames(tick))
        async with receiving(mosquitto.url, transport, sink, seen.extend) as ingest:
            for tick in range(40, 60):
                outbox.put(tick_frames(tick))
            assert await pump.drain(LIMIT_S)
            assert ingest.counters.lost == 0
    for tick in range(60):
        sent += tick_frames(tick)
    assert sink.rows == rows_of(sent)
    assert not [key for key in sink.twice if key[2] >= first]
    assert [frame.seq for frame in seen if frame.seq >= first] == list(range(first, outbox.counters.put))
