"""Publishes frames in the unified namespace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from brokers.links import online_payload, pieces
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.codec import SCHEMA, encode
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.mqtt.ends import SendingEnd
from brokers.mqtt.message import Will
from brokers.naming import control_topic, uns_topic
from twin.records import Frame, RecordKind

RETAINED = {RecordKind.STATE, RecordKind.META, RecordKind.KPI}


class UnsPublisher(SendingEnd):
    """One message per device and tick, JSON, QoS 1; state, master data and latest indicators retained.

    The retained messages are sent again after each reconnect, because the broker may have lost them.
    Availability is a retained message on ``ff/v1/availability/<publisher>`` with a last will.

    Args:
        url: Address of the broker.
        publisher: Publisher id, also in every message; usually the site's path.
        client_id: MQTT client id; default made from the publisher.
    """

    def __init__(self, url: str, publisher: str, client_id: str | None = None):
        self._run = ""
        self._retained: dict[str, bytes] = {}
        self._figures: dict[str, Frame] = {}
        config = ConnectionConfig(
            client_id or f"pub-{publisher}",
            will=lambda: Will(self._availability, self._available(False)),
            filters=((control_topic("mark", publisher), 1),),
        )
        super().__init__(publisher, Connection(BrokerAddress.of(url), config, self._greet))

    @property
    def _availability(self) -> str:
        return control_topic("availability", self.publisher)

    def begin(self, run: str) -> None:
        """Name the run that is about to be sent; before ``open``."""
        self._run = run

    def split(self, frame: Frame) -> Sequence[Frame]:
        """One piece per path, indicators also by window."""
        return pieces(frame, by_window=True)

    async def publish(self, frame: Frame) -> None:
        """Send one piece; returns when it is on its way.

        Raises:
            RetriableError: There is no connection.
        """
        window = str(frame.column("window")[0]) if frame.kind is RecordKind.KPI else ""
        topic = uns_topic(frame.paths[0], frame.kind, window)
        retain = self._retains(topic, frame)
        if retain and frame.kind is RecordKind.KPI:
            frame = self._figures[topic] = completed(frame, self._figures.get(topic))
        payload = encode(frame)
        if retain:
            self._retained[topic] = payload
        await self._connection.publish(topic, payload, 1, retain, _properties(frame.run))

    def _retains(self, topic: str, frame: Frame) -> bool:
        """Whether a new subscriber should get this piece; a revised earlier window must not hide the latest."""
        if frame.kind not in RETAINED or frame.historical:
            return False
        latest = self._figures.get(topic)
        return latest is None or frame.time_ns[-1] >= latest.time_ns[-1]

    async def close(self) -> None:
        """Say that this publisher is offline and disconnect."""
        if self._connection.online:
            said = self._connection.publish(self._availability, self._available(False), 1, True)
            await self._connection.last(said)
        await self._connection.close()

    def _available(self, online: bool) -> bytes:
        return online_payload(online, self._run)

    async def _greet(self) -> None:
        await self._connection.publish(self._availability, self._available(True), 1, True, first=True)
        for topic, payload in list(self._retained.items()):
            await self._connection.publish(topic, payload, 1, True, first=True)


def completed(frame: Frame, before: Frame | None) -> Frame:
    """Indicators of a window with those that were said of the same window before and have not changed since.

    A revision says what is different only; who subscribes later gets one message and wants the whole window.
    """
    if before is None or before.time_ns[-1] != frame.time_ns[-1]:
        return frame
    said = set(frame.column("kpi").tolist())
    rest = before.take([row for row, kpi in enumerate(before.column("kpi").tolist()) if kpi not in said])
    paths, times = (*frame.paths, *rest.paths), np.concatenate([frame.time_ns, rest.time_ns])
    return replace(frame, paths=paths, time_ns=times, values=np.concatenate([frame.values, rest.values]))


@lru_cache(16)
def _properties(run: str) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = 1
    properties.UserProperty = [("schema", SCHEMA), ("run", run)]
    return properties
