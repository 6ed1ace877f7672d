"""A machine that publishes at an MQTT broker: JSON of any form, or plain values.

Options (under ``device.options`` with ``driver: mqtt``)::

    broker: mqtts://broker.plant:8883
    user: line3
    password: {env: BROKER_PASSWORD}
    authority: keys/ca.pem               # certificates to trust in place of the system's
    client_id: cell-3                    # default: one of its own at each connection
    qos: 1
    time: "#/ts"                         # where a message says its time: ISO 8601, or s, ms, µs or ns since 1970
    alive: {topic: cell3/status, online: online, offline: offline}
    retained: uncertain | good | ignore  # what the broker kept and whose time is not said
    largest: 1000000                     # bytes of a message; a larger one is BAD
    timeout: 5 s

Addresses are a topic, and behind ``#`` what is wanted of its JSON: a JSON pointer ``cell3/data#/spindle/speed`` or
the same with points ``cell3/data#spindle.speed``, ``cell3/data#values[0].v``. A topic alone is a plain value: a
number, true, false, or else a text.

An item is BAD until its first message has come. A broker cannot tell whether a machine is there; where the machine
has a topic for it, mostly by its last will, ``alive`` names the topic and the texts that say so (of a JSON message
the text may be anywhere in it): offline makes every item BAD, and online is taken for a sign of life. A broker that
stops to answer is noticed within two ``timeout``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from devices.connection import BrowsedItem, ConnectionOptions, DataValue, Scalar, Wanted
from devices.connections import connections
from devices.connections.mqtt.messages import wrong_address
from devices.connections.mqtt.options import MqttOptions

if TYPE_CHECKING:
    from devices.connections.mqtt.link import TopicLink


@connections.register("mqtt", MqttOptions)
class MqttConnection:
    """A machine that publishes at an MQTT broker: any JSON by path, last will, retained values."""

    Options: ClassVar[type[ConnectionOptions]] = MqttOptions

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:
        self._made = options, wanted, base
        self._link: TopicLink | None = None

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        return wrong_address(item)

    def _opened(self) -> TopicLink:
        if self._link is None:
            from devices.connections.mqtt.link import TopicLink

            self._link = TopicLink(*self._made)
        return self._link

    async def open(self) -> None:
        """Connect and subscribe."""
        await self._opened().open()

    async def readings(self) -> Sequence[DataValue]:
        """What has been published."""
        return await self._opened().queue.take()

    async def write(self, item: str, value: Scalar) -> None:
        """Publish a value at the topic of an item; below a path as an object with nothing else in it."""
        await self._opened().write(item, value)

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """What is published within two seconds, and what the broker has kept."""
        async for found in self._opened().browse():
            yield found

    async def close(self) -> None:
        """Leave the broker."""
        if self._link is not None:
            await self._link.close()
