"""What processes that run alone tell of themselves: ``…/account/<name>/<part>``, retained and said again and again.

Retained, so that a hub that was away, and the next process of the same part, know what the ones before had told;
said again as a sign of life, so that nobody takes what is old for what holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic

import orjson

from brokers.counterpart import Body, Heard, Word
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.bodies import body_of
from brokers.mqtt.connection import LAST_S, Connection, ConnectionConfig
from brokers.mqtt.message import Message
from brokers.naming import control_topic
from brokers.refusals import Refusals
from twin.errors import RetriableError

LOOK_S = 5.0
"""Longest wait for what the process before has told."""
MOST_PARTS = 1_000
QUESTION = b"?"
"""What a process says to its own topic: what the broker had kept there comes before it."""


class AccountSender:
    """The side of a process that runs alone.

    Args:
        url: Address of the broker.
        name: Name of the scenario.
        run: Id of the run.
        part: What the process is of the run, as one level of a topic, e.g. ``plant``.
    """

    def __init__(self, url: str, name: str, run: str, part: str):
        self._run = run
        self._topic = control_topic("account", f"{name}/{part}")
        self._before: Body | None = None
        self._looked = asyncio.Event()
        config = ConnectionConfig(f"account-{name}-{part}", filters=((self._topic, 1),))
        self._connection = Connection(BrokerAddress.of(url), config)
        self._connection.handle(self._topic, self._hear)

    async def open(self) -> Body | None:
        """Connect; comes back by itself later.

        Returns:
            What the part told last, in this run.

        Raises:
            ConnectorError: The broker does not answer, or refuses us.
        """
        await self._connection.open()
        await self._connection.wait_online()
        with suppress(TimeoutError, RetriableError):
            async with asyncio.timeout(LOOK_S):
                await self._connection.publish(self._topic, QUESTION, 1)
                await self._looked.wait()
        return self._before

    async def say(self, body: Body) -> None:
        """Tell the present account, as a sign of life too; left out while there is no connection."""
        with suppress(RetriableError):
            told = {"run": self._run, "said_ns": time.time_ns(), **body}
            await self._connection.publish(self._topic, orjson.dumps(told), 1, True)

    async def close(self) -> None:
        """Disconnect, when the broker has what was told."""
        await self._connection.flushed(LAST_S)
        await self._connection.close()

    def _hear(self, message: Message) -> None:
        if message.retain and not self._looked.is_set():
            self._before = body_of(message.payload, self._run)
        elif message.payload == QUESTION:
            self._looked.set()


class AccountReceiver(Generic[Word]):
    """The hub's side.

    Args:
        url: Address of the broker.
        name: Name of the scenario.
        run: Id of the run.
        understand: Reads what a part tells; raises ValueError where that is nothing of ours.
    """

    def __init__(self, url: str, name: str, run: str, understand: Callable[[Body], Word]):
        self.heard: dict[str, Heard[Word]] = {}
        """What each part told last."""
        self.refusals = Refusals()
        self._run, self._understand = run, understand
        self._topics = control_topic("account", f"{name}/+")
        config = ConnectionConfig(f"accounts-{name}", filters=((self._topics, 1),))
        self._connection = Connection(BrokerAddress.of(url), config)
        self._connection.handle(self._topics, self._hear)

    async def open(self) -> None:
        """Connect; comes back by itself later.

        Raises:
            ConnectorError: The broker does not answer, or refuses us.
        """
        await self._connection.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    def _hear(self, message: Message) -> None:
        body, part = body_of(message.payload, self._run), message.topic.rpartition("/")[2]
        if body is None or (part not in self.heard and len(self.heard) >= MOST_PARTS):
            return
        before = self.heard.get(part)
        try:
            heard = Heard(self._understand(body), int(body.get("said_ns", 0)), None if before is None else before.at)
        except (ValueError, TypeError):
            self.refusals.add("account: expected that of a role", message.topic)
            return
        if not message.retain:
            heard.at = time.monotonic()
        self.heard[part] = heard
