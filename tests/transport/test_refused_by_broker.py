"""A broker that begins to refuse us in mid-run is told, counted and not stormed, and all comes in when it is mended."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from brokers.connect import publisher
from brokers.mqtt import connection
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import Connection, ConnectionConfig
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, receiving, sending, tick_frames, until
from tests.transport.test_path import TRANSPORTS

LET_IN = "broker: expected to be let in (Not authorized)"
TAKEN = "broker: expected the messages of {} to be taken (Not authorized)"
ALL, NO_DATA = "topic readwrite #\n", "topic readwrite ff/#\ntopic read #\n"


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was told of troubles with the broker."""
    return [record.getMessage() for record in caplog.records if record.name == "brokers.mqtt.troubles"]


def restarted(broker: Mosquitto, old: str, new: str) -> None:
    """The same broker with another setting."""
    broker.kill()
    settings = broker._config.read_text(encoding="utf-8")
    assert old in settings
    broker._config.write_text(settings.replace(old, new), encoding="utf-8")
    broker.start()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_password_that_is_changed_is_told_once_and_waited_for(
    mosquitto: Mosquitto, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    sink = RecordingSink()
    async with receiving(mosquitto.url, transport, sink) as ingest, sending(mosquitto.url, transport) as (outbox, _):
        outbox.put(tick_frames(1))
        await until(lambda: outbox.counters.stored == outbox.counters.put)
        restarted(mosquitto, "allow_anonymous true", "allow_anonymous false")
        outbox.put(tick_frames(2))
        await until(lambda: ingest.refusals.get(LET_IN, 0) > 1)
        assert ingest.status()["broker_ok"] is False
        restarted(mosquitto, "allow_anonymous false", "allow_anonymous true")
        await until(lambda: outbox.counters.stored == outbox.counters.put)
        assert (ingest.counters.lost, sink.twice) == (0, [])
        await until(lambda: ingest.status()["broker_ok"] and len(said(caplog)) == 2)
    begun, over = said(caplog)
    assert (
        begun == f"{mosquitto.url}: expected to be let in, got Not authorized (check user and password); trying again"
    )
    assert over.startswith(f"{mosquitto.url}: expected to be let in, and it is so again after ")


async def test_messages_that_the_broker_may_not_take_are_told_and_come_when_it_may(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "DENIED_S", 0.0)
    rules = tmp_path / "rules"
    rules.write_text(ALL, encoding="utf-8")
    broker, sink = Mosquitto(tmp_path, more=f"user root\nacl_file {rules}"), RecordingSink()
    broker.start()

    def allow(what: str) -> None:
        rules.write_text(what, encoding="utf-8")
        os.kill(broker.pid, signal.SIGHUP)

    try:
        async with receiving(broker.url, "uns", sink), sending(broker.url, "uns") as (outbox, pump):
            outbox.put(tick_frames(1))
            await until(lambda: outbox.counters.stored == outbox.counters.put)
            allow(NO_DATA)
            counts = pump.publisher._connection.refusals.counts  # type: ignore[attr-defined]
            for tick in range(2, 400):
                outbox.put(tick_frames(tick))
                await asyncio.sleep(0.02)  # the broker reads its rules when it comes to it
                if counts:
                    break
            assert set(counts) == {TAKEN.format(pump.publisher._connection.config.client_id)}  # type: ignore[attr-defined]
            allow(ALL)
            await until(lambda: outbox.counters.stored == outbox.counters.put)
            assert sink.twice == []
            assert outbox.counters.resent <= 2 * outbox.counters.put
            outbox.put(tick_frames(400))
            await until(lambda: len(said(caplog)) == 2)
    finally:
        broker.stop()
    begun, over = said(caplog)
    assert "to be taken, got Not authorized (see its access rules); trying again" in begun
    assert "to be taken, and it is so again after " in over


async def test_a_subscription_that_is_refused_is_asked_for_again(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SUBSCRIBE_S", 0.0)
    link = Connection(BrokerAddress.of(mosquitto.url), ConnectionConfig("deaf", filters=(("t", 1),)))
    await link.open()
    try:
        async with asyncio.timeout(LIMIT_S):
            await link.wait_online()
        assert link._client is not None
        link._client.unsubscribe("t")
        link._take_grant(["Not authorized"])  # as a broker with rules for subscriptions answers
        assert dict(link.refusals.counts) == {"broker: expected the subscriptions of deaf (Not authorized)": 1}
        await until(lambda: len(said(caplog)) == 2)  # asked for again, and granted
        await link.publish("t", b"x", 1)
        async with asyncio.timeout(LIMIT_S):
            assert [message.payload for message in await link.receive()] == [b"x"]
    finally:
        await link.close()


async def test_many_connections_tell_one_trouble(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    links = [publisher(mosquitto.url, "uns", f"a/site{number}") for number in range(5)]
    try:
        for link in links:
            await link.open()
        restarted(mosquitto, "allow_anonymous true", "allow_anonymous false")
        await until(lambda: all(link.refusals.counts for link in links))  # type: ignore[attr-defined]
        restarted(mosquitto, "allow_anonymous false", "allow_anonymous true")
        for link in links:
            async with asyncio.timeout(LIMIT_S):
                await link.wait_online()
        await until(lambda: len(said(caplog)) == 2)
    finally:
        for link in links:
            await link.close()
