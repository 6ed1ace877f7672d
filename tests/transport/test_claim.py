"""Two of the same name at one broker: the newer gives up at once with one clear line, the older goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import paho.mqtt.client as paho
import pytest

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.claim import ANSWER_S, LOOK_S, Holder, IdentityTakenError, NameClaim
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.naming import control_topic
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, until
from twin.errors import FatalError

TOPIC = control_topic("claim", "workshop/x")


@pytest.fixture
def other(mosquitto: Mosquitto) -> Iterator[paho.Client]:
    """A client that is not ours."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


@asynccontextmanager
async def held(url: str, run: str) -> AsyncIterator[tuple[NameClaim, asyncio.Task[None]]]:
    claim = NameClaim(url, "workshop", run)
    await claim.hold()
    keeping = asyncio.create_task(claim.keep())
    yield claim, keeping
    keeping.cancel()
    await claim.close()


def test_the_newer_is_told_within_ten_seconds() -> None:
    assert LOOK_S + ANSWER_S < 10


async def test_the_newer_gives_up_and_the_older_goes_on(mosquitto: Mosquitto) -> None:
    async with held(mosquitto.url, "first") as (_, keeping):
        for _ in range(2):
            with pytest.raises(IdentityTakenError, match=r"expected no other run of workshop, got run first on"):
                await NameClaim(mosquitto.url, "workshop", "second").hold()
        other = NameClaim(mosquitto.url, "brewery", "third")
        await other.hold()
        await other.close()
        assert not keeping.done()
    async with held(mosquitto.url, "fourth"):
        pass


async def test_it_holds_over_a_broker_that_forgets_everything(mosquitto: Mosquitto) -> None:
    async with held(mosquitto.url, "first") as (claim, _):
        mosquitto.kill()
        mosquitto.start()
        await until(lambda: claim._connection.losses == 2 and claim._connection.online)
        with pytest.raises(IdentityTakenError):
            await NameClaim(mosquitto.url, "workshop", "second").hold()


async def test_a_claim_that_nobody_stands_for_is_taken_over(mosquitto: Mosquitto, other: paho.Client) -> None:
    gone = Holder(1, "x", "gone", "host", 1)
    other.publish(TOPIC, gone.written(), 1, True).wait_for_publish(LIMIT_S)
    async with held(mosquitto.url, "second") as (_, keeping):
        other.publish(TOPIC, b"", 1, True).wait_for_publish(LIMIT_S)  # the last will of the one that is gone
        with pytest.raises(IdentityTakenError, match="got run second"):
            await NameClaim(mosquitto.url, "workshop", "third").hold()
        other.publish(TOPIC, gone.written(), 1, True).wait_for_publish(LIMIT_S)  # no: it was only frozen
        with pytest.raises(IdentityTakenError, match="got run gone on host, process 1"):
            await asyncio.wait_for(keeping, LIMIT_S)


async def test_parts_of_a_run_stand_side_by_side_and_each_is_claimed_once(mosquitto: Mosquitto) -> None:
    claims = [NameClaim(mosquitto.url, "workshop", "run", parts) for parts in (("hub",), ("plant a", "plant b"))]
    for claim in claims:
        await claim.hold()
    for parts, told in (
        (("hub",), "no other process for hub of workshop"),
        (("plant c", "plant b"), "no other process for plant b of workshop"),
        ((), "no other process for (hub|plant a, plant b) of workshop"),
    ):
        with pytest.raises(IdentityTakenError, match=told):
            await NameClaim(mosquitto.url, "workshop", "other", parts).hold()
    beside = NameClaim(mosquitto.url, "workshop", "run", ("plant c",))
    await beside.hold()
    for claim in (*claims, beside):
        await claim.close()
    async with held(mosquitto.url, "whole"):
        pass


async def test_a_claim_that_was_taken_over_leaves_nothing_at_the_broker(
    mosquitto: Mosquitto, other: paho.Client
) -> None:
    other.publish(TOPIC, Holder(1, "x", "gone", "host", 1).written(), 1, True).wait_for_publish(LIMIT_S)
    async with held(mosquitto.url, "second"):
        pass
    heard: list[tuple[str, bytes]] = []
    other.on_message = lambda _c, _u, message: heard.append((message.topic, message.payload))
    other.subscribe([("ff/v1/claim/#", 1), ("ready", 1)])
    other.publish("ready", b"", 1)
    await until(lambda: ("ready", b"") in heard)
    assert heard == [("ready", b"")]


async def test_what_is_no_claim_is_none(mosquitto: Mosquitto, other: paho.Client) -> None:
    other.publish(TOPIC, b"{}", 1, True).wait_for_publish(LIMIT_S)
    async with held(mosquitto.url, "first"):
        pass


async def test_a_stranger_of_the_same_id_who_comes_later_is_the_one_who_leaves(mosquitto: Mosquitto) -> None:
    """Two connections throw each other out: the one that never was alone gives up, the other stays."""
    address = BrokerAddress.of(mosquitto.url)
    older, newer = (Connection(address, ConnectionConfig("same", filters=(("t", 1),))) for _ in range(2))
    await older.open()
    await older.wait_online()
    older._steady = True  # as after its first seconds alone
    await newer.open()
    with pytest.raises(FatalError, match="expected to be the only same, got thrown out 3 times"):
        await newer.receive()
    assert older.losses <= 4
    await until(lambda: older.online)
    await older.publish("t", b"still here", 1)
    async with asyncio.timeout(LIMIT_S):
        assert (await older.receive())[-1].payload == b"still here"
    assert not newer.online
    await newer.close()
    await older.close()
