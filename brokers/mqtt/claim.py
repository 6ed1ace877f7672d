"""One run of a name at a broker: retained claims, last wills that take them back, and a question whether they hold.

A process that is a part of a run claims that part only, e.g. the sites that it serves; each claim has a topic of
its own, so those of different parts stand side by side.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.mqtt.message import Message, Will
from brokers.naming import control_topic
from twin.errors import FatalError, RetriableError

LOOK_S = 0.5
"""Time in which a retained claim comes after the subscription."""
ANSWER_S = 4.0
"""Time in which whoever holds a claim says so; without an answer it is one that nobody took back."""


class IdentityTakenError(FatalError):
    """Somebody else is at the broker under our name."""


@dataclass(frozen=True)
class Holder:
    """Who holds a claim.

    Args:
        since_ns: When it was made, ns since 1970 UTC.
        token: Of this one holder; the smaller one wins at the same moment.
        run: Id of its run.
        host: Its machine.
        pid: Its process there.
        parts: What it claims of the run; empty: all of it.
    """

    since_ns: int
    token: str
    run: str
    host: str
    pid: int
    parts: tuple[str, ...] = ()

    @classmethod
    def read(cls, payload: bytes) -> Holder | None:
        """Who makes a claim; None when nobody does, or in words that are not ours."""
        try:
            body = orjson.loads(payload)
            parts = tuple(map(str, body.get("parts", ())))
            who = str(body["token"]), str(body["run"]), str(body["host"])
            return cls(int(body["since_ns"]), *who, int(body["pid"]), parts)
        except (ValueError, KeyError, TypeError):
            return None

    def written(self) -> bytes:
        """The claim as JSON."""
        return orjson.dumps(vars(self))

    def before(self, other: Holder) -> bool:
        """Whether it was there first."""
        return (self.since_ns, self.token) < (other.since_ns, other.token)

    def shared(self, other: Holder) -> tuple[str, ...] | None:
        """Parts that both claim, empty for all of the run; None when they claim different ones."""
        if not self.parts or not other.parts:
            return self.parts or other.parts
        both = tuple(part for part in self.parts if part in other.parts)
        return both or None


class NameClaim:
    """Says at a broker that a name is in use, and gives way to whoever used it before.

    Args:
        url: Address of the broker.
        name: Name that one run at a time may have there.
        run: Id of the run, for messages.
        parts: What this process is of the run, e.g. the sites that it serves; empty: all of it.

    Example::

        claim = Claim(url, "workshop", "20260105-060000")
        await claim.hold()  # raises when it is taken
        await claim.keep()  # for as long as the run lives
        await claim.close()
    """

    def __init__(self, url: str, name: str, run: str, parts: Sequence[str] = ()):
        self.name = name
        self._me = Holder(time.time_ns(), uuid.uuid4().hex, run, socket.gethostname(), os.getpid(), tuple(parts))
        self._held = False
        self._seen: Holder | None = None
        self._older: asyncio.Future[Holder] = asyncio.get_running_loop().create_future()
        self._alive = asyncio.Event()
        self._found = asyncio.Event()
        self._saying: set[asyncio.Task[None]] = set()
        self._silent: set[str] = set()
        self._topic, self._question = (
            control_topic("claim", f"{name}/{self._me.token}"),
            control_topic("claim-asked", name),
        )
        claims = control_topic("claim", f"{name}/+")
        config = ConnectionConfig(
            f"claim-{name}-{self._me.token[:12]}", self._will, ((self._question, 1),), retained=(claims,)
        )
        self._connection = Connection(BrokerAddress.of(url), config, self._greet)
        self._connection.handle(claims, self._hear)
        self._connection.handle(self._question, lambda _: self._say_again())

    def _will(self) -> Will | None:
        return Will(self._topic, b"") if self._held else None

    async def hold(self, limit_s: float = 15.0) -> None:
        """Take the name, unless somebody who is alive has it.

        Args:
            limit_s: Longest wait for the broker.

        Raises:
            IdentityTakenError: Somebody has it.
            RetriableError: The broker does not answer in time.
            FatalError: It refuses us.
        """
        await self._open(limit_s)
        await self._connection.publish(self._question, b"?", 1)
        await _within(self._found, LOOK_S)
        if self._found.is_set():
            await _within(self._alive, ANSWER_S)
        if self._alive.is_set() and self._seen is not None:
            await self._connection.close()
            raise self._taken(self._seen)
        for topic in self._silent:  # of those that are gone; one that was only frozen says it again
            await self._connection.publish(topic, b"", 1, True)
        self._held = True
        await self._connection.flushed()
        await self._connection.restart()
        await self._connection.wait_online()

    async def _open(self, limit_s: float) -> None:
        until = time.monotonic() + limit_s
        while True:
            try:
                await self._connection.open()
                return await self._connection.wait_online()
            except RetriableError:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(0.5)

    async def keep(self) -> None:
        """Hold the name until cancelled.

        Raises:
            IdentityTakenError: Somebody who had it before is back, e.g. from a network cut off.
        """
        raise self._taken(await asyncio.shield(self._older))

    async def close(self) -> None:
        """Give the name back and disconnect."""
        if self._held and not self._older.done() and self._connection.online:
            self._held = False
            await self._connection.last(self._connection.publish(self._topic, b"", 1, True))
        await self._connection.close()

    def _taken(self, holder: Holder) -> IdentityTakenError:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(holder.since_ns / 1e9))
        both = holder.shared(self._me)
        what = f"process for {', '.join(both)}" if both else "run"
        return IdentityTakenError(
            f"{self._connection.address}: expected no other {what} of {self.name}, got run {holder.run} on "
            f"{holder.host}, process {holder.pid}, since {since} UTC (end it, or use another broker)"
        )

    async def _greet(self) -> None:
        if self._held:
            await self._connection.publish(self._topic, self._me.written(), 1, True, first=True)

    def _hear(self, message: Message) -> None:
        holder = Holder.read(message.payload)
        if holder is None:
            if message.topic == self._topic:  # taken back by the last will of a connection that we had before
                self._say_again()
            return
        if holder.token == self._me.token or holder.shared(self._me) is None:
            return
        self._found.set()
        if message.retain:  # it may be of somebody who is gone
            self._silent.add(message.topic)
        else:
            self._silent.discard(message.topic)
            self._seen = holder
            self._alive.set()
            self._yield_to(holder)
        self._say_again()

    def _yield_to(self, holder: Holder) -> None:
        if self._held and holder.before(self._me) and not self._older.done():
            self._older.set_result(holder)

    def _say_again(self) -> None:
        if self._held and not self._older.done():
            task = asyncio.get_running_loop().create_task(self._said())
            self._saying.add(task)
            task.add_done_callback(self._saying.discard)

    async def _said(self) -> None:
        with suppress(RetriableError):
            await self._connection.publish(self._topic, self._me.written(), 1, True)


async def _within(event: asyncio.Event, limit_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event.wait()
