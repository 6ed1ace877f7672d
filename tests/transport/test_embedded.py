"""The embedded broker: ready when it says so, closed to strangers, gone when told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from brokers.connect import publisher
from brokers.embedded import EmbeddedBroker, Subscriptions
from tests.counterparts import free_port, port_open
from tests.transport.parts import LIMIT_S, SITE, RecordingSink, meta, receiving, sending
from twin.errors import FatalError, RetriableError


@pytest.fixture
async def embedded() -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker()
    await broker.start()
    yield broker
    await broker.stop()


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
    link = publisher(f"mqtt://{login}127.0.0.1:{embedded.port}?version=3.1.1", "uns", SITE)
    with pytest.raises(FatalError, match="check user and password"):
        await link.open()


async def test_a_client_finds_out_that_it_speaks_an_older_mqtt(embedded: EmbeddedBroker) -> None:
    sink, url = RecordingSink(), embedded.login_url.removesuffix("?version=3.1.1")
    async with receiving(url, "uns", sink), sending(url, "uns") as (outbox, pump):
        outbox.put([meta()])
        assert await pump.drain(LIMIT_S)
    assert sink.numbered == 6


async def test_nobody_there_is_worth_another_try() -> None:
    with pytest.raises(RetriableError):
        await publisher(f"mqtt://127.0.0.1:{free_port()}", "uns", SITE).open()


async def test_an_unknown_host_is_not() -> None:
    with pytest.raises(FatalError, match="known host"):
        await publisher("mqtt://no.such.host.invalid", "uns", SITE).open()


async def test_it_ends_with_its_parent(embedded: EmbeddedBroker) -> None:
    assert embedded._process is not None
    embedded._process.stdin.close()  # type: ignore[union-attr]  # what the system does when the parent dies
    assert await asyncio.wait_for(embedded.wait(), LIMIT_S) == 0


def test_subscriptions_may_change_while_they_are_gone_through() -> None:
    known = Subscriptions({"a": [1], "b": [2], "c": [3]})
    seen = {}
    for topic, subscribers in known.items():
        seen[topic] = subscribers
        known[f"{topic}/new"] = [4]
        known.pop("b", None)
    assert seen == {"a": [1], "c": [3]}
    assert list(known) == ["a", "c", "a/new", "c/new"]
