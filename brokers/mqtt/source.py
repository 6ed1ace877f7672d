"""Receives frames from the unified namespace."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from brokers.links import Base, ignore_base, malformed_level, mark_payload, read_base
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.codec import decode
from brokers.mqtt.connection import Connection, ConnectionConfig, Message
from brokers.naming import control_topic, meta_filters, parse_uns_topic, uns_filter
from twin.ports import Delivery, Mark
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)


class UnsSource:
    """Subscribes to a part of the namespace with a session the broker keeps.

    The broker gets its acknowledgement when the delivery is acknowledged. Of what the broker retains,
    only master data is passed on (with ``seq`` -1); the rest comes live or is sent again by its
    publisher. A message that is not what it should be is counted and acknowledged.

    Args:
        url: Address of the broker.
        client_id: MQTT client id; the same one finds its session again.
        roots: Paths at and below which to listen; empty text: everything.
    """

    def __init__(self, url: str, client_id: str = "ingest", roots: Sequence[str] = ("",)):
        self.on_base: Callable[[Base], None] = ignore_base
        self.malformed = 0
        base = control_topic("base", "#")
        filters = tuple((uns_filter(root), 1) for root in roots)
        retained = (base, *(meta for root in roots for meta in meta_filters(root)))
        config = ConnectionConfig(client_id, filters=filters, retained=retained, keep_session=True)
        self._connection = Connection(BrokerAddress.of(url), config)
        self._connection.handle(base, self._take_base)

    @property
    def dropped(self) -> int:
        """Messages dropped because nobody read them in time."""
        return self._connection.dropped

    @property
    def online(self) -> bool:
        """Whether there is a connection to the broker."""
        return self._connection.online

    @property
    def losses(self) -> int:
        """Times the connection was lost."""
        return self._connection.losses

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            RetriableError: Nobody answers.
            FatalError: Unknown host or refused.
        """
        await self._connection.open()
        await self._connection.wait_online()

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """What arrives, until closed; each delivery holds all that was waiting."""
        while messages := await self._connection.receive():
            frames = [frame for message in messages if (frame := self._frame(message)) is not None]
            yield Delivery(frames, self._acknowledger(messages))

    async def mark(self, mark: Mark) -> None:
        """Tell a publisher what is stored.

        Raises:
            RetriableError: There is no connection.
        """
        await self._connection.publish(control_topic("mark", mark.publisher), mark_payload(mark), 1)

    async def close(self) -> None:
        """Disconnect; the broker keeps what comes meanwhile."""
        await self._connection.flushed(1.0)
        await self._connection.close()

    def _frame(self, message: Message) -> Frame | None:
        try:
            topic = parse_uns_topic(message.topic)
            if message.retain and topic.kind is not RecordKind.META:
                return None
            frame = decode(topic, message.payload)
        except ValueError as error:
            self.malformed += 1
            log.log(malformed_level(self.malformed), "%s: %s", message.topic, error)
            return None
        return replace(frame, seq=-1, historical=True) if message.retain else frame

    def _acknowledger(self, messages: Sequence[Message]) -> Callable[[], Awaitable[None]]:
        async def acknowledge() -> None:
            for message in messages:
                self._connection.acknowledge(message)

        return acknowledge

    def _take_base(self, message: Message) -> None:
        publisher = message.topic.removeprefix(control_topic("base", ""))
        try:
            base = read_base(publisher, message.payload)
        except (ValueError, KeyError, TypeError):
            self.malformed += 1
            return
        self.on_base(base)
