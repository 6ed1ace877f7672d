"""Receives frames from the unified namespace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from brokers.attendance import Sign
from brokers.door import under
from brokers.links import read_online
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.codec import decode_all, kept_place, refused_rows
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.mqtt.ends import ReceivingEnd
from brokers.mqtt.message import Message, slices
from brokers.naming import control_topic, kind_filters, parse_uns_topic, uns_filter
from twin.ports import Delivery
from twin.records import Frame, RecordKind


class UnsSource(ReceivingEnd):
    """Subscribes to a part of the namespace with a session the broker keeps.

    The broker gets its acknowledgement when the delivery is acknowledged. Of what the broker retains,
    only master data is passed on (with ``seq`` -1); the rest comes live or is sent again by its
    publisher. A message that is not what it should be is counted, with its reason, and acknowledged; where it
    has a number, a frame without rows keeps its place.

    Args:
        url: Address of the broker.
        client_id: MQTT client id; the same one finds its session again.
        roots: Paths at and below which to listen; empty text: everything.
        states: Pass on the last state of each unit that the broker retains, too.
        single: Subscribe once, to everything, and leave out here what is not below the roots. rumqttd keeps the order
            of messages within a subscription only, and a publisher may speak of what is below several roots.
        session: Let the broker keep what comes while we are away; else only what it retains is made up for.
    """

    def __init__(
        self,
        url: str,
        client_id: str = "ingest",
        roots: Sequence[str] = ("",),
        states: bool = False,
        single: bool = False,
        session: bool = True,
    ):
        self._wanted = under(roots)
        filters = tuple((uns_filter(root), 1) for root in ([""] if single else roots))
        self._kept = {RecordKind.META, RecordKind.STATE} if states else {RecordKind.META}
        kept = (name for kind in sorted(self._kept) for root in roots for name in kind_filters(kind, root))
        retained = (control_topic("base", "#"), control_topic("availability", "#"), *kept)
        config = ConnectionConfig(client_id, filters=filters, retained=retained, keep_session=session)
        super().__init__(Connection(BrokerAddress.of(url), config))
        self._connection.handle(control_topic("availability", "#"), self._take_availability)

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """What arrives, until closed; each delivery holds what was waiting, up to a number of bytes."""
        while messages := await self._connection.receive():
            for some in slices(messages):
                frames = [frame for message in some for frame in self.frames(message)]
                yield Delivery(frames, self._acknowledger(some))

    async def close(self) -> None:
        """Disconnect; the broker keeps what comes meanwhile."""
        await self._connection.flushed(1.0)
        await self._connection.close()

    def frames(self, message: Message) -> list[Frame]:
        """What is in a message; of one that cannot be taken, only what is known of it."""
        try:
            topic = parse_uns_topic(message.topic)
        except ValueError as error:
            self._refuse(message, error)
            return []
        if (message.retain and topic.kind not in self._kept) or not self._wanted(topic.path):
            return []
        try:
            frames = decode_all(topic, message.payload, partial(self.refusals.error, sender=message.topic))
        except ValueError as error:
            self._refuse(message, error)
            return ([] if message.retain else kept_place(error)) or refused_rows(topic, message.payload)
        return [replace(frame, seq=-1, historical=True) for frame in frames] if message.retain else frames

    def _acknowledger(self, messages: Sequence[Message]) -> Callable[[], Awaitable[None]]:
        async def acknowledge() -> None:
            for message in messages:
                self._connection.acknowledge(message)

        return acknowledge

    def _take_availability(self, message: Message) -> None:
        publisher = message.topic.removeprefix(control_topic("availability", ""))
        try:
            self.on_sign(Sign(publisher, read_online(message.payload)))
        except ValueError as error:
            self._refuse(message, error)
