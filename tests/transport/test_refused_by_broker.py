"""A broker that begins to refuse us in mid-run is told, counted and not stormed, and all comes in when it is mended."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from brokers.connectors import make_publisher, make_source
from brokers.ingest import Ingest, IngestConfig
from brokers.mqtt import connection
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import Pump
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, RecordingSink, receiving, running, sending, tick_frames, until
from tests.transport.test_path import TRANSPORTS
from twin.errors import NotLetInError, RetriableError

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
    links = [make_publisher(mosquitto.url, "uns", f"a/site{number}") for number in range(5)]
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


REFUSING = "allow_anonymous false"
WAITS = (RetriableError, NotLetInError)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_who_was_in_before_waits_to_be_let_in_again_also_at_its_start(
    mosquitto: Mosquitto, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    restarted(mosquitto, "allow_anonymous true", REFUSING)
    sink, link = RecordingSink(), make_publisher(mosquitto.url, transport, SITE)
    outbox = Outbox(SITE, link.split, OutboxConfig(resend_after_s=0.3, probe_s=0.5))
    pump = Pump(outbox, link, retry_s=(0.01, 0.05), passing=WAITS)
    ingest = Ingest(
        make_source(mosquitto.url, transport, "ingest"), sink, config=IngestConfig(retry_s=(0.01, 0.05)), passing=WAITS
    )
    outbox.put(tick_frames(1))
    async with running(ingest.run()), running(pump.run()):
        await until(lambda: ingest.refusals.get(LET_IN, 0) > 1 and link.refusals.counts.get(LET_IN, 0) > 1)
        assert not ingest.ready.is_set()
        assert ingest.status()["broker_ok"] is False
        restarted(mosquitto, REFUSING, "allow_anonymous true")
        await until(lambda: outbox.counters.stored == outbox.counters.put)
        assert (ingest.counters.lost, sink.twice) == (0, [])
    told = [record.getMessage() for record in caplog.records if record.name in ("brokers.pump", "brokers.retry")]
    assert sum("got Not authorized" in line for line in told) == 2, "once by each of the two"
    assert sum(" after " in line for line in told) == 2


async def test_a_connection_that_is_made_anew_waits_to_be_let_in_again(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    link = Connection(BrokerAddress.of(mosquitto.url), ConnectionConfig("anew", reconnect_s=(0.01, 0.05)))
    await link.open()
    await link.wait_online()
    restarted(mosquitto, "allow_anonymous true", REFUSING)
    anew = asyncio.create_task(link.restart())
    try:
        await until(lambda: link.refusals.counts.get(LET_IN, 0) > 2)
        restarted(mosquitto, REFUSING, "allow_anonymous true")
        async with asyncio.timeout(LIMIT_S):
            await anew
            await link.wait_online()
        await until(lambda: len(said(caplog)) >= 2)
    finally:
        anew.cancel()
        await link.close()
    assert [line.rsplit(" after ", 1)[0].removeprefix(f"{mosquitto.url}: ") for line in said(caplog)] == [
        "expected to be let in, got Not authorized (check user and password); trying again",
        "expected to be let in, and it is so again",
    ]


async def test_who_comes_for_the_first_time_is_told_at_once(mosquitto: Mosquitto) -> None:
    restarted(mosquitto, "allow_anonymous true", REFUSING)
    link = make_publisher(mosquitto.url, "uns", SITE)
    with pytest.raises(NotLetInError, match="expected to be let in, got Not authorized"):
        await Pump(Outbox(SITE, link.split), link).run()
    for url, words in ((mosquitto.url, "let in"), ("mqtt://no-such-host.invalid", "known host")):
        with pytest.raises(NotLetInError, match=words):
            await Ingest(make_source(url, "uns", "ingest"), RecordingSink()).run()
