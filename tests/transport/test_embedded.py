"""The embedded broker: ready when it says so, closed to strangers, gone when told."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from brokers.connectors import make_publisher
from brokers.embedded import LOOPBACK, EmbeddedBroker
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import CONNECT_S, Connection, ConnectionConfig
from brokers.mqtt.message import Will
from brokers.mqtt.source import UnsSource
from brokers.outbox import OutboxConfig
from tests.counterparts import free_port, port_open
from tests.transport.parts import LIMIT_S, SITE, T0, RecordingSink, meta, receiving, sending, tick_frames, until
from tests.transport.test_path import TRANSPORTS, rows_of
from twin.equipment import EquipmentPath
from twin.errors import FatalError, RetriableError
from twin.master import PlaceMaster, meta_frame
from twin.records import RecordKind, records

FIGURE = ("oee", "site", "hour", T0, 0.5, 1.0, 2.0, 1.0, "good", "r")


@pytest.fixture
async def embedded() -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker()
    await broker.start()
    yield broker
    await broker.stop()


def torn_off(broker: EmbeddedBroker, number: int) -> None:
    """Connect so many clients that go away before they are answered."""
    user, password = (text.encode() for text in broker.credentials.values())
    texts = b"".join(struct.pack("!H", len(text)) + text for text in (b"torn", user, password))
    body = b"\x00\x04MQTT\x05\xc2\x00\x3c\x00" + texts
    for _ in range(number):
        with suppress(OSError), socket.create_connection((LOOPBACK, broker.port), 10) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(bytes([0x10, len(body)]) + body)


async def test_takes_a_given_port_and_gives_it_back() -> None:
    broker = EmbeddedBroker(free_port())
    await broker.start()
    assert port_open(broker.port)
    await broker.stop()
    assert not port_open(broker.port)


async def test_a_taken_port_is_an_error(embedded: EmbeddedBroker) -> None:
    with pytest.raises(FatalError, match=str(embedded.port)):
        await EmbeddedBroker(embedded.port).start()


@pytest.mark.parametrize("login", ["", "factory:wrong@"])
async def test_strangers_are_refused(embedded: EmbeddedBroker, login: str) -> None:
    link = make_publisher(f"mqtt://{login}127.0.0.1:{embedded.port}", "uns", SITE)
    with pytest.raises(RetriableError, match="check user and password"):
        await link.open()


async def test_one_that_lets_nobody_in_any_more_ends(embedded: EmbeddedBroker) -> None:
    """A client that goes away while it connects makes rumqttd panic, soon or late, and it then answers nobody."""
    ended = asyncio.create_task(embedded.wait())
    while not ended.done():
        await asyncio.to_thread(torn_off, embedded, 500)
        await asyncio.wait([ended], timeout=5.0)
    assert ended.result() == 1


async def test_a_client_is_answered_whatever_stands_in_its_name(embedded: EmbeddedBroker) -> None:
    link = Connection(BrokerAddress.of(embedded.login_url), ConnectionConfig("commands-a/b+#$ 机床"))
    await link.open()
    await link.close()


async def test_nobody_there_is_worth_another_try() -> None:
    with pytest.raises(RetriableError):
        await make_publisher(f"mqtt://127.0.0.1:{free_port()}", "uns", SITE).open()


async def test_an_unknown_host_is_not() -> None:
    with pytest.raises(FatalError, match="known host"):
        await make_publisher("mqtt://no.such.host.invalid", "uns", SITE).open()


async def test_it_ends_with_its_parent(embedded: EmbeddedBroker) -> None:
    assert embedded._process is not None
    embedded._process.stdin.close()  # type: ignore[union-attr]  # what the system does when the parent dies
    assert await asyncio.wait_for(embedded.wait(), LIMIT_S) == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_killed_and_back_on_its_port_nothing_is_lost(embedded: EmbeddedBroker, transport: str) -> None:
    sink, sent, url = RecordingSink(), [meta()], embedded.login_url
    async with receiving(url, transport, sink) as ingest, sending(url, transport) as (outbox, pump):
        outbox.put(sent)
        for tick in range(30):
            frames = tick_frames(tick)
            sent += frames
            outbox.put(frames)
            if tick == 10:
                await sink.holds(lambda s: s.numbered > 20)
                os.kill(embedded.pid, signal.SIGKILL)
                await embedded.wait()
            if tick == 20:
                await embedded.start()
        assert await pump.drain(LIMIT_S)
        assert outbox.counters.dropped == outbox.counters.unconfirmed == ingest.counters.lost == 0
    assert sink.rows == rows_of(sent)
    assert not sink.twice


async def test_it_keeps_for_an_ingest_what_comes_while_that_is_away(embedded: EmbeddedBroker) -> None:
    sink = RecordingSink()
    async with receiving(embedded.login_url, "uns", sink):
        pass
    async with sending(embedded.login_url, "uns", OutboxConfig(probe_s=60)) as (outbox, pump):
        outbox.put([meta(), *(frame for tick in range(30) for frame in tick_frames(tick))])
        await until(lambda: outbox.counters.sent == outbox.counters.put)
        await pump.publisher.flushed()
        async with receiving(embedded.login_url, "uns", sink):
            assert await pump.drain(LIMIT_S)
        assert outbox.counters.resent == 0
    assert sink.numbered == outbox.counters.put


async def test_a_publisher_of_many_sites_is_heard_in_its_order(embedded: EmbeddedBroker) -> None:
    roots = ("acme/east", "acme/west", "beta/north")
    pieces = [records(RecordKind.KPI, [(EquipmentPath(roots[n % 3]), T0 + n, FIGURE)]) for n in range(300)]
    elsewhere = records(RecordKind.KPI, [(EquipmentPath("gamma/south"), T0, FIGURE)])

    async def opened() -> UnsSource:
        source = UnsSource(embedded.login_url, "hub", roots, single=True)
        await source.open()
        return source

    await (await opened()).close()
    link = make_publisher(embedded.login_url, "uns", "brain/b")
    await link.open()
    for number, piece in enumerate([elsewhere, *pieces]):
        await link.publish(piece.stamped("brain/b", "r", number))
    await link.flushed(LIMIT_S)  # no outbox behind it would send again what its end cuts off
    await link.close()
    source, seen = await opened(), []
    async with asyncio.timeout(LIMIT_S):
        async for delivery in source.deliveries():
            seen += [frame.seq for frame in delivery.frames]
            await delivery.ack()
            if len(seen) >= len(pieces):
                break
    assert seen == list(range(1, 301))
    await source.close()


async def test_an_ingest_that_died_with_much_unread_is_back_before_it_reads(embedded: EmbeddedBroker) -> None:
    address = BrokerAddress.of(embedded.login_url)
    config = ConnectionConfig("hub", filters=(("uns/#", 1),), retained=("base/#",), keep_session=True)
    first = Connection(address, config)
    await first.open()
    await first.wait_online()
    other = Connection(address, ConnectionConfig("other"))
    await other.open()
    await other.wait_online()
    for number in range(300):  # more than the broker sends without acknowledgement
        await other.publish(f"uns/{number}", b"x", 1)
    await other.flushed()
    await other.close()
    await first.receive()
    await first.close()
    again = Connection(address, config)
    await again.open()
    async with asyncio.timeout(CONNECT_S / 2):
        await again.wait_online()
    await again.close()


async def test_a_late_ingest_hears_of_every_unit_however_many(embedded: EmbeddedBroker) -> None:
    sink = RecordingSink()
    units = [EquipmentPath(f"{SITE}/a/b/u{number}") for number in range(1_000)]
    async with sending(embedded.login_url, "uns") as (outbox, _):
        outbox.put([meta_frame(0, [(unit, PlaceMaster(en=unit.name, zh=unit.name)) for unit in units])])
        await until(lambda: outbox.counters.sent == len(units))
        async with receiving(embedded.login_url, "uns", sink):
            await sink.holds(lambda s: {path for kind, path, _ in s.rows if kind == "meta"} == set(units))


async def test_a_client_that_freezes_is_given_up_with_its_will(embedded: EmbeddedBroker) -> None:
    address, seen = BrokerAddress.of(embedded.login_url), asyncio.Queue[bytes]()
    watcher = Connection(address, ConnectionConfig("watcher", filters=(("gone", 1),)))
    watcher.handle("gone", lambda message: seen.put_nowait(message.payload))
    await watcher.open()
    await watcher.wait_online()
    program = (
        "import os, signal; import paho.mqtt.client as p; c = p.Client(p.CallbackAPIVersion.VERSION2, 'x', protocol=5);"
        f"c.username_pw_set({address.user!r}, {address.password!r}); c.will_set('gone', 'x', 1);"
        "c.on_connect = lambda *_: os.kill(os.getpid(), signal.SIGSTOP);"
        f"c.connect('127.0.0.1', {embedded.port}, 2); c.loop_forever()"
    )
    frozen = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await asyncio.wait_for(seen.get(), LIMIT_S) == b"x"
    frozen.kill()
    await frozen.wait()
    await watcher.close()


async def test_messages_of_a_megabyte_pass(embedded: EmbeddedBroker) -> None:
    config = ConnectionConfig("both", will=lambda: Will("big", b""), filters=(("big", 1),))
    both = Connection(BrokerAddress.of(embedded.login_url), config)
    await both.open()
    await both.wait_online()
    await both.publish("big", b"z" * 1_000_000, 1)
    async with asyncio.timeout(LIMIT_S):
        assert [len(message.payload) for message in await both.receive()] == [1_000_000]
    await both.close()
