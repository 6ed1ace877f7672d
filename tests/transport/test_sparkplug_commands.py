"""Commands to an edge node: many at once, and some that mean nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brokers.naming import sparkplug_node, sparkplug_topic
from brokers.outbox import Outbox
from brokers.sparkplug.metrics import REBIRTH
from brokers.sparkplug.publisher import SparkplugPublisher
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import SITE, UNITS, meta
from tests.transport.wire import Wire, watching
from twin.sparkplug.protobuf import DataType, Payload

TOPIC = sparkplug_topic(sparkplug_node(SITE), "NCMD")
SET = 1 + len(UNITS)


@pytest.fixture
async def edge(mosquitto: Mosquitto) -> AsyncIterator[SparkplugPublisher]:
    publisher = SparkplugPublisher(mosquitto.url, SITE)
    yield publisher
    await publisher.close()


async def born(edge: SparkplugPublisher, wire: Wire) -> None:
    """Connect and say all there is."""
    outbox = Outbox(SITE, edge.split)
    edge.begin(outbox.run)
    await edge.open()
    outbox.put([meta()])
    for _ in range(SET):
        await edge.publish(await outbox.take())  # type: ignore[arg-type]
    await wire.holds(lambda _: len(wire.sparkplug("NDATA", "DDATA")) == SET)
    wire.seen.clear()


def command(*metrics: dict[str, object]) -> bytes:
    payload = Payload(timestamp=1)
    for metric in metrics:
        payload.metrics.add(timestamp=1, **metric)
    return bytes(payload.SerializeToString())


ASK = {"name": REBIRTH, "datatype": DataType.BOOLEAN, "boolean_value": True}


async def test_twenty_who_ask_for_a_rebirth_get_one(mosquitto: Mosquitto, edge: SparkplugPublisher) -> None:
    async with watching(mosquitto.port) as wire:
        await born(edge, wire)
        for _ in range(20):
            wire.client.publish(TOPIC, command(ASK))
        await wire.holds(lambda _: len(wire.sparkplug("NBIRTH", "DBIRTH")) == SET)
        wire.client.publish(TOPIC, command(ASK))
        await wire.holds(lambda _: len(wire.sparkplug("NBIRTH", "DBIRTH")) == 2 * SET)
    assert edge.rebirths == 2
    assert [seen.word for seen in wire.sparkplug("NBIRTH", "DBIRTH")].count("NBIRTH") == 2


async def test_a_metric_without_meaning_harms_no_other_of_its_command(
    mosquitto: Mosquitto, edge: SparkplugPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[tuple[str, str, object]] = []
    edge.on_command = lambda *words: heard.append(words)
    unknown = {"alias": 999_999, "datatype": DataType.DOUBLE, "double_value": 1.0}
    wanted = {"name": "speed", "datatype": DataType.DOUBLE, "double_value": 2.0}
    async with watching(mosquitto.port) as wire:
        await born(edge, wire)
        wire.client.publish(TOPIC, command(unknown, ASK, wanted))
        await wire.holds(lambda _: len(wire.sparkplug("NBIRTH", "DBIRTH")) == SET)
    assert heard == [(SITE, "speed", 2.0)]
    assert edge.malformed == 1
    assert dict(edge.refusals.counts) == {"metric: expected an alias of a birth": 1}
    assert any("got 999999" in record.getMessage() for record in caplog.records)


async def test_a_retained_command_is_refused(mosquitto: Mosquitto, edge: SparkplugPublisher) -> None:
    """It would be carried out again at each connection."""
    heard: list[object] = []
    edge.on_command = lambda *words: heard.append(words)
    wanted = {"name": "speed", "datatype": DataType.DOUBLE, "double_value": 2.0}
    async with watching(mosquitto.port) as wire:
        wire.client.publish(TOPIC, command(wanted), qos=1, retain=True).wait_for_publish(5)
        await born(edge, wire)
        wire.client.publish(TOPIC, command(ASK))
        await wire.holds(lambda _: len(wire.sparkplug("NBIRTH", "DBIRTH")) == SET)
        wire.client.publish(TOPIC, b"", qos=1, retain=True).wait_for_publish(5)
    assert heard == []
    assert dict(edge.refusals.counts) == {"command: expected one that is not retained": 1}


async def test_a_command_that_is_no_payload_is_told(mosquitto: Mosquitto, edge: SparkplugPublisher) -> None:
    async with watching(mosquitto.port) as wire:
        await born(edge, wire)
        wire.client.publish(TOPIC, b"\xff\xff").wait_for_publish(5)
        wire.client.publish(TOPIC, command(ASK))
        await wire.holds(lambda _: len(wire.sparkplug("NBIRTH", "DBIRTH")) == SET)
    assert edge.malformed == 1
