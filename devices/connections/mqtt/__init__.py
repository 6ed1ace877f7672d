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
    period: 1 s
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

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from devices.connection import ConnectionOptions, Wanted
from devices.connections import connections
from devices.connections._late import LateConnection, Link
from devices.connections.mqtt.messages import wrong_address
from devices.connections.mqtt.options import MqttOptions


@connections.register("mqtt", MqttOptions)
class MqttConnection(LateConnection):
    """A machine that publishes at an MQTT broker: any JSON by path, last will, retained values."""

    Options: ClassVar[type[ConnectionOptions]] = MqttOptions

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        return wrong_address(item)

    @staticmethod
    def link(options: Any, wanted: Sequence[Wanted], base: Path) -> Link:
        """A session with the broker."""
        from devices.connections.mqtt.link import TopicLink

        return TopicLink(options, wanted, base)
