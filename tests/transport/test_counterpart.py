"""What a live run asks of a counterpart besides records, by its address."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from brokers.connectors import Connector, connectors
from brokers.counterpart import PLAIN, Counterpart
from brokers.ends import LinkPublisherBase, LinkSourceBase
from brokers.mqtt.counterpart import MQTT
from twin.errors import FatalError, ModelError


def own(**more: Counterpart) -> Connector:
    return Connector(LinkPublisherBase, LinkSourceBase, "One of somebody's own.", **more)


@pytest.mark.parametrize("transport", ["uns", "sparkplug"])
def test_a_broker_does_all_whatever_the_records_look_like(transport: str) -> None:
    assert connectors[transport].at("mqtt://plant.example") is MQTT
    assert own().at("mqtts://plant.example") is MQTT


def test_others_do_what_their_connector_brings() -> None:
    assert own().at("nats://plant.example") is PLAIN
    brought = Counterpart(PLAIN.check, PLAIN.reach, PLAIN.claim, PLAIN.gives, PLAIN.takes)
    assert own(counterpart=brought).at("nats://plant.example") is brought
    assert own(counterpart=brought).at("mqtt://plant.example") is brought


async def test_where_nothing_is_carried_but_records_commands_are_refused_and_counted() -> None:
    async def keep(_: object) -> None:
        raise AssertionError("nothing was accepted")

    giving = PLAIN.gives("nats://plant.example", "shop", "run", keep)
    await giving.open()
    with pytest.raises(ModelError, match="expected a transport that carries commands"):
        await giving.send("one", {"effect": "hold", "target": "a/b"}, 1.0)
    await giving.close()
    assert sum(giving.refusals.counts.values()) == 1


async def test_what_was_accepted_over_another_transport_is_not_done_unrecorded() -> None:
    taking = PLAIN.takes("nats://plant.example", "shop", "run", "client", lambda: None)
    await taking.open()
    assert not taking.asked
    with pytest.raises(FatalError, match="command one: expected the transport that brought it"):
        await taking.tell({"id": "one"})
    await taking.close()


async def test_a_name_that_nobody_can_claim_is_held_until_the_end() -> None:
    claim = PLAIN.claim("nats://plant.example", "shop", "run", ("hub",))
    await claim.hold()
    keeping = asyncio.create_task(claim.keep())
    await asyncio.sleep(0)
    assert not keeping.done()
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
    await claim.close()


async def test_where_nothing_is_carried_but_records_roles_alone_are_not_heard() -> None:
    telling, hearing = PLAIN.tells("nats://x", "shop", "run", "plant"), PLAIN.hears("nats://x", "shop", "run", dict)
    await hearing.open()
    assert await telling.open() is None
    await telling.say({"role": "plant"})
    assert hearing.heard == {}
    await telling.close()
    await hearing.close()
