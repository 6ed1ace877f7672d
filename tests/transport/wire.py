"""A plain MQTT 5 subscriber that writes down everything, and a publisher for messages of any kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.transport.parts import LIMIT_S
from twin.sparkplug.protobuf import parse


class Seen(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool
    properties: Any

    @property
    def word(self) -> str:
        """Sparkplug message type."""
        segments = self.topic.split("/")
        return segments[1] if segments[1] == "STATE" else segments[2]

    @property
    def body(self) -> Any:
        return parse(self.payload)


class Wire:
    """Everything that went over the broker, in order."""

    def __init__(self, port: int, name: str = "wire"):
        self.seen: list[Seen] = []
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5)
        self.client.on_message = self._on_message
        self.client.on_connect = lambda client, *_: client.subscribe(
            [("#", SubscribeOptions(qos=1, retainAsPublished=True))]
        )
        self.subscribed = asyncio.Event()
        self.client.on_subscribe = lambda *_: self._loop.call_soon_threadsafe(self.subscribed.set)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _on_message(self, _: Any, __: Any, message: paho.MQTTMessage) -> None:
        seen = Seen(message.topic, bytes(message.payload), message.qos, message.retain, message.properties)
        self._loop.call_soon_threadsafe(self._take, seen)

    def _take(self, seen: Seen) -> None:
        self.seen.append(seen)
        self._changed.set()

    async def holds(self, condition: Callable[[list[Seen]], object]) -> None:
        """Wait until a condition on everything seen holds."""
        async with asyncio.timeout(LIMIT_S):
            while not condition(self.seen):
                self._changed.clear()
                await self._changed.wait()

    def sparkplug(self, *words: str) -> list[Seen]:
        """Sparkplug messages of some types, or all."""
        found = [seen for seen in self.seen if seen.topic.startswith("spBv1.0/")]
        return [seen for seen in found if not words or seen.word in words]


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[Wire]:
    wire = Wire(port)
    try:
        await asyncio.wait_for(wire.subscribed.wait(), LIMIT_S)
        yield wire
    finally:
        wire.client.disconnect()
        await asyncio.to_thread(wire.client.loop_stop)


async def throw_out(port: int, client_id: str) -> None:
    """Take over a client id and leave at once: the broker ends the other connection and publishes its will."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    thief = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5)

    def leave(*_: Any) -> None:
        thief.disconnect()
        loop.call_soon_threadsafe(done.set)

    thief.on_connect = leave
    thief.connect("127.0.0.1", port)
    thief.loop_start()
    await asyncio.wait_for(done.wait(), LIMIT_S)
    await asyncio.to_thread(thief.loop_stop)
