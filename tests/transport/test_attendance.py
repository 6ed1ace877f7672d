"""A publisher that goes, falls silent or comes back is told, after all that it said was shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from brokers.connectors import make_source
from brokers.ingest import Ingest, IngestConfig
from brokers.outbox import OutboxConfig
from brokers.sparkplug.publisher import SparkplugPublisher
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, UNITS, RecordingSink, meta, running, sending, tick_frames, until
from tests.transport.test_path import TRANSPORTS
from tests.transport.wire import throw_out
from twin.equipment import EquipmentPath
from twin.ports import Presence

PUBLISHERS = {"uns": "pub-yujiang.vehicle", "sparkplug": "edge-yujiang.vehicle"}


@asynccontextmanager
async def attending(
    url: str, transport: str, config: IngestConfig | None = None
) -> AsyncIterator[tuple[Ingest, list[Presence], RecordingSink]]:
    """A running ingest and what it tells of publishers."""
    told: list[Presence] = []
    sink = RecordingSink()
    ingest = Ingest(make_source(url, transport, "ingest"), sink, [], config)
    ingest.observe_presence(told.append)
    async with running(ingest.run()):
        await asyncio.wait_for(ingest.ready.wait(), LIMIT_S)
        yield ingest, told, sink


def state(ingest: Ingest) -> str:
    """State of the one publisher."""
    (row,) = ingest.status()["publishers_seen"]
    assert row["publisher"] == SITE
    return str(row["state"])


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_publisher_that_dies_is_gone_until_it_is_back(mosquitto: Mosquitto, transport: str) -> None:
    async with attending(mosquitto.url, transport) as (ingest, told, _):
        async with sending(mosquitto.url, transport) as (outbox, pump):
            outbox.put([meta(), *tick_frames(0)])
            assert await pump.drain(LIMIT_S)
            await until(lambda: state(ingest) == "online")
            await throw_out(mosquitto.port, PUBLISHERS[transport])
            await until(lambda: [presence.alive for presence in told] == [False, True])
            gone = told[0]
            heartbeat = tick_frames(0)[2]
            assert (gone.publisher, gone.heard_ns) == (SITE, heartbeat.time_ns[0])
            assert gone.paths == UNITS
            assert state(ingest) == "online"
        await until(lambda: [presence.alive for presence in told] == [False, True, False])
        assert state(ingest) == "gone"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_one_that_says_nothing_for_long_is_silent(mosquitto: Mosquitto, transport: str) -> None:
    async with (
        attending(mosquitto.url, transport, IngestConfig(silent_s=0.3)) as (ingest, told, _),
        sending(mosquitto.url, transport, OutboxConfig(probe_s=60)) as (outbox, _),
    ):
        outbox.put([meta(), *tick_frames(0), *tick_frames(1)])
        await until(lambda: [presence.alive for presence in told] == [False])
        assert state(ingest) == "silent"
        outbox.put(tick_frames(2))
        await until(lambda: [presence.alive for presence in told][:2] == [False, True])


async def test_nobody_is_called_silent_while_the_ingest_is_behind(mosquitto: Mosquitto) -> None:
    async with (
        attending(mosquitto.url, "uns", IngestConfig(silent_s=0.3)) as (ingest, told, sink),
        sending(mosquitto.url, "uns", OutboxConfig(probe_s=60)) as (outbox, _),
    ):
        outbox.put([meta()])
        outbox.put([*tick_frames(1), *tick_frames(2)])
        await sink.holds(lambda s: s.numbered == 20)
        sink.gate.clear()
        outbox.put(tick_frames(3))
        await until(lambda: ingest.status()["publishers_seen"][0]["age_s"] > 1)
        assert told == []
        sink.gate.set()


async def test_a_device_that_dies_is_told_alone(mosquitto: Mosquitto) -> None:
    async with (
        attending(mosquitto.url, "sparkplug") as (ingest, told, _),
        sending(mosquitto.url, "sparkplug") as (outbox, pump),
    ):
        outbox.put([meta(), *tick_frames(0)])
        assert await pump.drain(LIMIT_S)
        assert isinstance(pump.publisher, SparkplugPublisher)
        await pump.publisher.lost(UNITS[1])
        await until(lambda: bool(told))
        assert (told[0].alive, told[0].paths) == (False, (UNITS[1],))
        assert state(ingest) == "online"


async def test_one_without_heartbeats_is_never_silent(mosquitto: Mosquitto) -> None:
    async with (
        attending(mosquitto.url, "uns", IngestConfig(silent_s=0.1)) as (ingest, told, sink),
        sending(mosquitto.url, "uns", OutboxConfig(probe_s=60)) as (outbox, _),
    ):
        outbox.put([meta(), *tick_frames(0)[:2]])
        await sink.holds(lambda s: s.numbered == 12)
        await until(lambda: ingest.status()["publishers_seen"][0]["age_s"] > 0.5)
        assert told == []


async def test_strangers_who_left_long_ago_are_not_listed(mosquitto: Mosquitto) -> None:
    async with sending(mosquitto.url, "uns", site=EquipmentPath("acme/works")):
        pass
    async with attending(mosquitto.url, "uns") as (ingest, told, sink), sending(mosquitto.url, "uns") as (outbox, _):
        outbox.put([meta(), *tick_frames(0)])
        await sink.holds(lambda s: s.numbered == 13)
        await until(lambda: state(ingest) == "online")
        assert told == []
