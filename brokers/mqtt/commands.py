"""Commands to a running plant over the broker: asked, told when accepted, and kept before they take effect.

========================= ============================================================================
``…/command/<name>``      somebody asks the plant of a scenario for something
``…/command-told/<name>`` the plant refuses it with the reason, or says at which instant it will be done
``…/command-kept/<name>`` the hub has it in the record of the run: now it may take effect
========================= ============================================================================

Whoever waits for an answer says his part again every second, so no message that is lost stops anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Any

import orjson

from brokers.counterpart import Body, Keep, Wake
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.bodies import body_of
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.mqtt.message import Message
from brokers.naming import control_topic
from brokers.refusals import Refusals
from twin.errors import ModelError, Problem, RetriableError

log = logging.getLogger(__name__)

AGAIN_S = 1.0
"""Time after which something without an answer is said again."""
MOST_WAITING = 100
"""Commands that a plant has not looked at yet; what comes besides is left to be said again."""
MOST_KNOWN = 1_000
"""Refused commands that are known when they are refused again."""


def _read(message: Message, run: str) -> dict[str, Any] | None:
    """What a message of this run says of a command; None when it is another's or none."""
    body = body_of(message.payload, run)
    return body if body is not None and isinstance(body.get("id"), str) else None


class CommandSender:
    """The hub's side: asks the plant, and keeps what it accepted before that takes effect.

    Args:
        url: Address of the broker.
        name: Name of the scenario.
        run: Id of the run.
        keep: Keeps what was accepted durably, once or more often.
    """

    def __init__(self, url: str, name: str, run: str, keep: Keep):
        self._run, self._keep = run, keep
        self._ask, self._told, self._kept = (
            control_topic(word, name) for word in ("command", "command-told", "command-kept")
        )
        self._answers: dict[str, asyncio.Future[Body]] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._refused: deque[str] = deque(maxlen=MOST_KNOWN)
        self.refusals = Refusals()
        """Why the plant refused what it was asked, by whomever."""
        config = ConnectionConfig(f"commands-{name}", filters=((self._told, 1),))
        self._connection = Connection(BrokerAddress.of(url), config)
        self._connection.handle(self._told, self._hear)

    async def open(self) -> None:
        """Connect; comes back by itself later.

        Raises:
            ConnectorError: The broker does not answer, or refuses us.
        """
        await self._connection.open()

    async def close(self) -> None:
        """Disconnect."""
        for task in self._keeping.values():
            task.cancel()
        await asyncio.gather(*self._keeping.values(), return_exceptions=True)
        await self._connection.close()

    async def send(self, name: str, asked: Body, limit_s: float) -> Body:
        """Ask the plant for something.

        Args:
            name: Id of the command; one that is sent twice is done once.
            asked: What is wanted.
            limit_s: Longest wait.

        Returns:
            What the plant accepted, kept by now.

        Raises:
            ModelError: It refuses.
            RetriableError: No answer within the time.
        """
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(limit_s):
                return await self._answered(name, asked, answer)
        except TimeoutError:
            hint = f"whether {name} is done stands in the list of commands"
            raise RetriableError(
                f"command: expected the plant's answer within {limit_s:g} s, got none ({hint})"
            ) from None
        finally:
            del self._answers[name]

    async def _answered(self, name: str, asked: Body, answer: asyncio.Future[Body]) -> Body:
        payload = orjson.dumps({"run": self._run, "id": name, "ask": asked})
        while not answer.done():
            with suppress(RetriableError):
                await self._connection.publish(self._ask, payload, 1)
            await asyncio.wait([answer], timeout=AGAIN_S)
        body = answer.result()
        if "refused" in body:
            problems = [Problem(*map(str, row)) for row in body["refused"]]
            raise ModelError(problems)
        return body

    def _hear(self, message: Message) -> None:
        body = _read(message, self._run)
        if body is None:
            return
        name = body["id"]
        if "refused" in body:
            self._count(name, body["refused"])
            self._resolve(name, body)
        elif name not in self._keeping:
            task = self._keeping[name] = asyncio.get_running_loop().create_task(self._take(name, body))
            task.add_done_callback(lambda _: self._keeping.pop(name))

    def _count(self, name: str, rows: Any) -> None:
        """Count a refusal once, however often it is said."""
        if name not in self._refused:
            self._refused.append(name)
            rows = rows if isinstance(rows, list) and rows else [["command", "one that can be done"]]
            where, expected = map(str, [*rows[0], ""][:2])
            self.refusals.count(ModelError([Problem(where, expected, "")]))

    async def _take(self, name: str, body: Body) -> None:
        try:
            await self._keep(body)
            await self._connection.publish(self._kept, orjson.dumps({"run": self._run, "id": name}), 1)
        except RetriableError:
            return  # it is told again
        except ValueError as error:
            log.warning("command: %s", error)
            return
        self._resolve(name, body)

    def _resolve(self, name: str, body: Body) -> None:
        answer = self._answers.get(name)
        if answer is not None and not answer.done():
            answer.set_result(body)


class CommandReceiver:
    """The plant's side: hears what is wanted, and waits for what it accepted to be kept.

    Args:
        url: Address of the broker.
        name: Name of the scenario.
        run: Id of the run.
        client: Name of this process at the broker.
        wake: Called when something is wanted.
    """

    def __init__(self, url: str, name: str, run: str, client: str, wake: Wake):
        self.asked: deque[tuple[str, Any]] = deque()
        """Id and content of what is wanted and was not looked at yet."""
        self._run, self._wake = run, wake
        ask, self._told, kept = (control_topic(word, name) for word in ("command", "command-told", "command-kept"))
        self._waiting: dict[str, asyncio.Event] = {}
        config = ConnectionConfig(client, filters=((ask, 1), (kept, 1)))
        self._connection = Connection(BrokerAddress.of(url), config)
        self._connection.handle(ask, self._hear)
        self._connection.handle(kept, self._hear_kept)

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
        body = _read(message, self._run)
        if body is not None and len(self.asked) < MOST_WAITING:
            self.asked.append((body["id"], body.get("ask")))
            self._wake()

    def _hear_kept(self, message: Message) -> None:
        body = _read(message, self._run)
        if body is not None and body["id"] in self._waiting:
            self._waiting[body["id"]].set()

    async def refuse(self, name: str, problems: ModelError) -> None:
        """Say why something is not done."""
        rows = [(one.where, one.expected, one.got, one.hint) for one in problems.problems]
        with suppress(RetriableError):  # it is asked again
            await self._connection.publish(self._told, orjson.dumps({"run": self._run, "id": name, "refused": rows}), 1)

    async def tell(self, body: Body) -> None:
        """Say what was accepted until it is kept; cancelled, it may or may not be."""
        kept = self._waiting[body["id"]] = asyncio.Event()
        try:
            while not kept.is_set():
                with suppress(RetriableError):
                    await self._connection.publish(self._told, orjson.dumps({"run": self._run, **body}), 1)
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S):
                        await kept.wait()
        finally:
            del self._waiting[body["id"]]
