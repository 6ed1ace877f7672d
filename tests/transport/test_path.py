"""From the outbox to the sink, over real brokers, in every transport."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from brokers.embedded import EmbeddedBroker
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import (
    LIMIT_S,
    PIECES_PER_TICK,
    RecordingSink,
    meta,
    receiving,
    sending,
    tick_frames,
)
from twin.records import Frame, RecordKind

TRANSPORTS = ["uns", "sparkplug"]


@pytest.fixture
async def embedded() -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker()
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture(params=["mosquitto", "embedded"])
def broker_url(request: pytest.FixtureRequest) -> str:
    """A broker that speaks MQTT 5 and one that does not."""
    broker = request.getfixturevalue(request.param)
    return broker.login_url if isinstance(broker, EmbeddedBroker) else broker.url


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_row_arrives_once_and_in_order(broker_url: str, transport: str) -> None:
    sink, seen = RecordingSink(), []
    async with (
        receiving(broker_url, transport, sink, seen.extend) as ingest,
        sending(broker_url, transport) as (outbox, pump),
    ):
        outbox.put([meta()])
        for tick in range(50):
            outbox.put(tick_frames(tick))
        assert await pump.drain(LIMIT_S)
        assert outbox.counters.held == 0
        assert outbox.counters.stored == outbox.counters.put == 6 + 50 * PIECES_PER_TICK
        assert ingest.counters.lost == ingest.counters.malformed == ingest.counters.dropped == 0
    assert sink.numbered == outbox.counters.put
    assert not sink.twice
    numbered = [frame.seq for frame in seen if frame.seq >= 0]
    assert numbered == list(range(outbox.counters.put))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_rows_are_those_that_were_put(mosquitto: Mosquitto, transport: str) -> None:
    sink = RecordingSink()
    frames = [meta(), *tick_frames(0), *tick_frames(1)]
    async with receiving(mosquitto.url, transport, sink), sending(mosquitto.url, transport) as (outbox, pump):
        outbox.put(frames)
        assert await pump.drain(LIMIT_S)
    assert sink.rows == rows_of(frames)


def rows_of(frames: list[Frame]) -> dict[tuple[str, str, int], tuple[object, ...]]:
    return {
        (frame.kind, path, time): tuple(row)
        for frame in frames
        for path, time, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True)
    }


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_unknown_value_arrives_as_unknown_and_bad(mosquitto: Mosquitto, transport: str) -> None:
    sink = RecordingSink()
    frame = tick_frames(0)[0]
    frame.values[2, 1] = np.nan
    async with receiving(mosquitto.url, transport, sink), sending(mosquitto.url, transport) as (outbox, pump):
        outbox.put([meta(), frame])
        assert await pump.drain(LIMIT_S)
    got = next(f for f in sink.frames if f.paths[0] == frame.paths[2] and f.kind is RecordKind.TELEMETRY)
    column = got.tags.index("temperature_c")
    assert np.isnan(got.values[0, column])
    assert got.quality is not None
    assert got.quality[0].tolist() == [2 if i == column else 0 for i in range(3)]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_master_data_reaches_a_late_ingest(broker_url: str, transport: str) -> None:
    sink = RecordingSink()
    async with sending(broker_url, transport) as (outbox, pump):
        outbox.put([meta(), *tick_frames(0)])
        async with receiving(broker_url, transport, sink):
            assert await pump.drain(LIMIT_S)
            await sink.holds(lambda s: sum(kind == "meta" for kind, _, _ in s.rows) == 6)
    assert not sink.twice
