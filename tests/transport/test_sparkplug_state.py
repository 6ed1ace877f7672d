"""STATE on both sides: whom an edge node believes that its primary host is there, and how a host insists on it."""

from __future__ import annotations

from typing import Any

import orjson

from brokers.outbox import Outbox
from brokers.sparkplug.publisher import SparkplugPublisher
from brokers.sparkplug.source import SparkplugSource
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import SITE, running
from tests.transport.test_sparkplug_commands import ASK, TOPIC, command
from tests.transport.wire import Wire, throw_out, watching


def state(wire: Wire, host: str, online: bool, stamp: int) -> None:
    body = orjson.dumps({"online": online, "timestamp": stamp})
    wire.client.publish(f"spBv1.0/STATE/{host}", body, 1, True)


def said(wire: Wire, host: str) -> list[dict[str, Any]]:
    return [orjson.loads(one.payload) for one in wire.sparkplug("STATE") if one.topic.endswith(f"/{host}")]


def offline(wire: Wire) -> list[dict[str, Any]]:
    return [one for one in said(wire, "twin") if not one["online"]]


async def test_an_edge_node_believes_the_newest_state_of_its_own_host(mosquitto: Mosquitto) -> None:
    edge = SparkplugPublisher(mosquitto.url, SITE, primary_host="scada", rebirth_s=0.0)
    edge.begin(Outbox(SITE, edge.split).run)
    async with watching(mosquitto.port) as wire:
        state(wire, "other", True, 10**12)
        state(wire, "scada", False, 50)
        await wire.holds(lambda _: said(wire, "scada"))
        async with running(edge.open()):
            state(wire, "scada", True, 100)
            await wire.holds(lambda _: wire.sparkplug("NBIRTH"))
            assert [one.word for one in wire.sparkplug()][:3] == ["STATE", "STATE", "STATE"]
            state(wire, "scada", False, 99)  # of a session before
            state(wire, "other", False, 10**12)
            wire.client.publish(TOPIC, command(ASK), 1)
            await wire.holds(lambda _: len(wire.sparkplug("NBIRTH")) == 2)
            assert not wire.sparkplug("NDEATH")
            state(wire, "scada", False, 100)
            await wire.holds(lambda _: wire.sparkplug("NDEATH"))
        await edge.close()


async def test_a_host_that_is_said_to_be_offline_says_that_it_is_not(mosquitto: Mosquitto) -> None:
    host = SparkplugSource(mosquitto.url, "client", host_id="twin")
    async with watching(mosquitto.port) as wire:
        await host.open()
        await wire.holds(lambda _: said(wire, "twin"))
        first = said(wire, "twin")[0]
        state(wire, "twin", False, first["timestamp"] + 1)
        await wire.holds(lambda _: [one["online"] for one in said(wire, "twin")][:3] == [True, False, True])
        await throw_out(mosquitto.port, "client")
        await wire.holds(lambda _: len(offline(wire)) == 2)
        assert offline(wire)[1]["timestamp"] == first["timestamp"], "the will is as its birth"
        await wire.holds(lambda _: said(wire, "twin")[-1]["online"])
        await host.close()
        await wire.holds(lambda _: not said(wire, "twin")[-1]["online"])
