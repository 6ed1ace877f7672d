"""One session with an MQTT broker, which ends for good when it ends."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devices.connections._broker_options import BrokerOptions
from twin.errors import Problem, ProblemsError, RetriableError

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of messages on their way from the network to the event loop; above it they are dropped and counted."""
CLOSE_S = 2.0
REFUSALS = {"Not authorized", "Bad user name or password", "Bad username or password", "Banned",
            "Client identifier not valid"}  # fmt: skip
Came = Callable[[str, bytes, bool], None]
"""Takes a message: its topic, its content, and whether the broker had kept it."""


class BrokerSession:
    """A session, all of it in one event loop.

    Args:
        options: The broker, and how it lets us in.
        base: Folder of the files that the options name.
        came: Takes each message.
        ended: Is told once the connection has ended.
    """

    def __init__(self, options: BrokerOptions, base: Path, came: Came, ended: Callable[[RetriableError], None]) -> None:
        self._options, self._base, self._came, self._ended = options, base, came, ended
        self._url = urlsplit(options.broker)
        self.dropped = 0
        """Messages that came while too many waited."""
        self._waiting = 0
        self._lock = threading.Lock()
        self._client: paho.Client | None = None
        self._asked: dict[int, asyncio.Future[list[str]]] = {}
        self._sent: dict[int, asyncio.Future[list[str]]] = {}

    async def open(self) -> None:
        """Connect.

        Raises:
            RetriableError: The broker is away.
            ProblemsError: It does not let us in.
        """
        self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = self._loop.create_future()
        self._client = client = self._made(answer)
        port = self._url.port or (8883 if self._url.scheme == "mqtts" else 1883)
        try:
            async with asyncio.timeout(2 * self._options.timeout):
                keepalive = max(1, int(self._options.timeout))
                await asyncio.to_thread(client.connect, str(self._url.hostname), port, keepalive)
                client.loop_start()
                said = await answer
        except ssl.SSLCertVerificationError as error:
            hint = "name the file of its authority in the option authority"
            problem = Problem(f"{self._options.broker} certificate", "one that is trusted", str(error), hint)
            raise ProblemsError([problem]) from None
        except (OSError, TimeoutError) as error:
            raise self.away(f"expected a broker, got {error or 'no answer'}") from None
        if said in REFUSALS:
            problem = Problem(f"{self._options.broker} options.user", "a broker that lets us in", said)
            raise ProblemsError([problem])
        if said != "Success":
            raise self.away(f"expected a broker, got {said}")

    def away(self, text: str) -> RetriableError:
        """An error of this broker."""
        return RetriableError(f"{self._options.broker}: {text}")

    def _made(self, answer: asyncio.Future[str]) -> paho.Client:
        options = self._options
        client = paho.Client(CallbackAPIVersion.VERSION2, options.client_id, reconnect_on_failure=False)
        client.connect_timeout = options.timeout
        if options.user is not None and options.password is not None:
            secret = options.password.read(self._base, f"{options.broker} options.password")
            client.username_pw_set(options.user, secret)
        if self._url.scheme == "mqtts":
            client.tls_set_context(self._trust())
        client.on_connect = lambda *a: self._call(_settle, answer, str(a[3]))
        client.on_disconnect = lambda *a: self._call(self._gone, answer, str(a[3]))
        client.on_subscribe = lambda *a: self._call(self._answered, self._asked, a[2], [str(one) for one in a[3]])
        client.on_publish = lambda *a: self._call(self._answered, self._sent, a[2], [str(a[3])])
        client.on_message = self._arrived
        return client

    def _trust(self) -> ssl.SSLContext:
        authority = self._options.authority
        try:
            return ssl.create_default_context(cafile=str(self._base / authority) if authority else None)
        except OSError as error:
            problem = Problem(f"{self._options.broker} options.authority", "a file of certificates", str(error))
            raise ProblemsError([problem]) from None

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(function, *arguments)

    def _gone(self, answer: asyncio.Future[str], reason: str) -> None:
        _settle(answer, reason)
        self._ended(self.away(f"the connection ended, {reason}"))
        for future in (*self._asked.values(), *self._sent.values()):
            _settle(future, [reason])

    @staticmethod
    def _answered(asked: dict[int, asyncio.Future[list[str]]], number: int, said: list[str]) -> None:
        if number in asked:
            _settle(asked[number], said)

    async def refused(self, topics: Sequence[str], qos: int) -> dict[str, str]:
        """Subscribe; those that the broker does not grant, with its reason.

        Raises:
            RetriableError: The broker is away.
        """
        said: dict[str, str] = {}
        for start in range(0, len(topics), 100):
            some = topics[start : start + 100]
            said |= dict(zip(some, await self._subscribed(some, qos), strict=False))
        return {topic: reason for topic, reason in said.items() if not reason.startswith("Granted")}

    async def _subscribed(self, topics: Sequence[str], qos: int) -> list[str]:
        if self._client is None:
            raise self.away("there is no connection")
        future: asyncio.Future[list[str]] = self._loop.create_future()
        code, number = self._client.subscribe([(topic, qos) for topic in topics])
        if code or number is None:
            raise self.away(f"expected to subscribe, got {paho.error_string(code)}")
        self._asked[number] = future
        try:
            async with asyncio.timeout(self._options.timeout):
                return await future
        except TimeoutError:
            raise self.away("expected an answer to a subscription, got none") from None
        finally:
            del self._asked[number]

    def _arrived(self, _client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        """Hand a message over, from the network's thread."""
        size = len(message.payload)
        with self._lock:
            if self._waiting + size > MOST_BYTES:
                self.dropped += 1
                return
            self._waiting += size
        self._call(self._take, message.topic, bytes(message.payload), bool(message.retain))

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        with self._lock:
            self._waiting -= len(payload)
        self._came(topic, payload, retained)

    def send(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 0, without waiting for anything."""
        if self._client is not None:
            self._client.publish(topic, payload, 0)

    async def publish(self, topic: str, payload: str | bytes, qos: int, where: str) -> None:
        """Publish a message and wait until the broker has it; at QoS 0 until it is on its way.

        Raises:
            RetriableError: The broker is away.
            ProblemsError: It refuses.
        """
        if self._client is None or not self._client.is_connected():
            raise self.away("there is no connection")
        sent = self._client.publish(topic, payload, qos)
        future = self._sent[sent.mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(self._options.timeout):
                while not sent.is_published() and not future.done():
                    await asyncio.wait([future], timeout=0.05)
            said = future.result() if future.done() else ["Success"]
        except TimeoutError:
            raise self.away("expected an answer to a message, got none") from None
        finally:
            del self._sent[sent.mid]
        if said != ["Success"] and not said[0].startswith("No matching"):
            raise ProblemsError([Problem(where, "a broker that takes it", said[0])])

    async def close(self) -> None:
        """Leave; never raises, also when the broker does not answer."""
        client, self._client = self._client, None
        if client is None:
            return
        client.on_disconnect = client.on_message = None
        client.disconnect()
        stopping = asyncio.create_task(asyncio.to_thread(client.loop_stop))
        await asyncio.wait([stopping], timeout=CLOSE_S)
        sock = client.socket()
        if not stopping.done() and sock is not None:
            with suppress(OSError):
                sock.close()


def _settle(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)
