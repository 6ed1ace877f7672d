"""The two ends of a path through an MQTT broker: what every publisher and every source does with its connection."""

from __future__ import annotations

from collections.abc import Callable

from brokers.attendance import Sign
from brokers.links import Base, base_payload, ignore_base, ignore_mark, ignore_sign, mark_payload, read_base, read_mark
from brokers.mqtt.connection import Connection
from brokers.mqtt.message import Message
from brokers.naming import control_topic
from twin.ports import Mark


class _End:
    def __init__(self, connection: Connection):
        self.malformed = 0
        self.refusals = connection.refusals
        self._connection = connection

    async def open(self) -> None:
        """Connect, subscribe and say what has to be said first.

        Raises:
            RetriableError: Nobody answers.
            NotLetInError: Unknown host or refused.
        """
        await self._connection.open()
        await self._connection.wait_online()

    def _refuse(self, message: Message, error: Exception) -> None:
        self.malformed += 1
        self.refusals.error(error, message.topic)


class SendingEnd(_End):
    """Sends the pieces of one publisher, and is told by marks what is stored of them.

    Args:
        publisher: Publisher id.
        connection: Not yet opened; it is subscribed to the publisher's marks.
    """

    def __init__(self, publisher: str, connection: Connection):
        super().__init__(connection)
        self.publisher = publisher
        self.on_mark: Callable[[Mark], None] = ignore_mark
        connection.handle(control_topic("mark", publisher), self._take_mark)

    async def wait_online(self) -> None:
        """Return when pieces can be sent."""
        await self._connection.wait_online()

    async def announce(self, base: Base) -> None:
        """Say which pieces will not come; retained, so that a new ingest knows."""
        await self._connection.publish(control_topic("base", base.publisher), base_payload(base), 1, True)

    async def flushed(self, limit_s: float = 5.0) -> None:
        """Wait until the broker has taken what was sent, at most so long."""
        await self._connection.flushed(limit_s)

    def _take_mark(self, message: Message) -> None:
        try:
            mark = read_mark(self.publisher, message.payload)
        except ValueError as error:
            self._refuse(message, error)
        else:
            self.on_mark(mark)


class ReceivingEnd(_End):
    """Receives the pieces of publishers, is told where they begin, and tells them what is stored.

    Args:
        connection: Not yet opened; it is subscribed to what publishers say of their beginnings.
    """

    def __init__(self, connection: Connection):
        super().__init__(connection)
        self.on_base: Callable[[Base], None] = ignore_base
        self.on_sign: Callable[[Sign], None] = ignore_sign
        connection.handle(control_topic("base", "#"), self._take_base)

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

    async def mark(self, mark: Mark) -> None:
        """Tell a publisher what is stored.

        Raises:
            RetriableError: There is no connection.
        """
        await self._connection.publish(control_topic("mark", mark.publisher), mark_payload(mark), 1)

    def _take_base(self, message: Message) -> None:
        publisher = message.topic.removeprefix(control_topic("base", ""))
        try:
            base = read_base(publisher, message.payload)
        except ValueError as error:
            self._refuse(message, error)
        else:
            self.on_base(base)
