"""One connection with a broker, which ends for good when it ends."""

from __future__ import annotations

import asyncio
import json
import math
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from devices.connection import ALIVE_S, BrowsedItem, DataValue, Scalar, Wanted
from devices.connections._told import ReadingQueue, changed
from devices.connections.mqtt.messages import Address, NoValueError, Pointer, json_of, leaves, one_value, plain, time_of
from devices.connections.mqtt.options import AliveOptions, MqttOptions
from twin.errors import Problem, ProblemsError, RetriableError
from twin.records import BAD, GOOD, UNCERTAIN

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of messages on their way from the network to the event loop; above it they are dropped and counted."""
BROWSE_S = 2.0
CLOSE_S = 2.0
REFUSALS = {"Not authorized", "Bad user name or password", "Bad username or password", "Banned",
            "Client identifier not valid"}  # fmt: skip
NOTHING = "no message so far"


class TopicLink:
    """A connection; see ``devices/connections/mqtt/__init__.py``."""

    def __init__(self, options: MqttOptions, wanted: Sequence[Wanted], base: Path) -> None:
        self._options, self._base = options, base
        self._url = urlsplit(options.broker)
        self.queue = ReadingQueue(options.broker, math.inf)
        self.dropped = 0
        """Messages that came while too many waited."""
        self._addresses = {one.item: (Address.of(one.item), one.deadband) for one in wanted}
        self._by_topic: dict[str, list[str]] = {}
        for item, (address, _) in self._addresses.items():
            self._by_topic.setdefault(address.topic, []).append(item)
        self._time = Pointer.of(options.time[1:]) if options.time else None
        self._online = False
        self._waiting = 0
        self._lock = threading.Lock()
        self._client: paho.Client | None = None
        self._asked: dict[int, asyncio.Future[list[str]]] = {}
        self._sent: dict[int, asyncio.Future[list[str]]] = {}
        self._pulse: asyncio.Task[None] | None = None
        self._browsed: asyncio.Queue[tuple[str, bytes]] | None = None

    # life

    async def open(self) -> None:
        """Connect and subscribe.

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
            raise self._away(f"expected a broker, got {error or 'no answer'}") from None
        if said in REFUSALS:
            problem = Problem(f"{self._options.broker} options.user", "a broker that lets us in", said)
            raise ProblemsError([problem])
        if said != "Success":
            raise self._away(f"expected a broker, got {said}")
        self.queue.put(DataValue(item, None, None, BAD, NOTHING) for item in self._addresses)
        await self._subscribe()
        self._pulse = asyncio.create_task(self._beat())

    def _away(self, text: str) -> RetriableError:
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
        client.on_message = self._came
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
        self.queue.fail(self._away(f"the connection ended, {reason}"))
        for future in (*self._asked.values(), *self._sent.values()):
            _settle(future, [reason])

    @staticmethod
    def _answered(asked: dict[int, asyncio.Future[list[str]]], number: int, said: list[str]) -> None:
        if number in asked:
            _settle(asked[number], said)

    async def _subscribe(self) -> None:
        topics = list(self._by_topic)
        if self._options.alive:
            topics.insert(0, self._options.alive.topic)
        for start in range(0, len(topics), 100):
            some = topics[start : start + 100]
            for topic, said in zip(some, await self._granted(some), strict=False):
                if not said.startswith("Granted"):
                    self._tell_all(self._by_topic.get(topic, ()), BAD, f"not subscribed: {said}")

    async def _granted(self, topics: Sequence[str]) -> list[str]:
        if self._client is None:
            raise self._away("there is no connection")
        future: asyncio.Future[list[str]] = self._loop.create_future()
        qos: int = self._options.qos
        code, number = self._client.subscribe([(topic, qos) for topic in topics])
        if code or number is None:
            raise self._away(f"expected to subscribe, got {paho.error_string(code)}")
        self._asked[number] = future
        try:
            async with asyncio.timeout(self._options.timeout):
                return await future
        except TimeoutError:
            raise self._away("expected an answer to a subscription, got none") from None
        finally:
            del self._asked[number]

    async def _beat(self) -> None:
        """A machine that has said it is there is there until its last will is told."""
        while True:
            await asyncio.sleep(ALIVE_S / 2)
            if self._online or not self._addresses:
                self.queue.heard()

    # messages

    def _came(self, _client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
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
        if self._browsed is not None:
            with suppress(asyncio.QueueFull):
                self._browsed.put_nowait((topic, payload))
        if (alive := self._options.alive) is not None and topic == alive.topic:
            self._attend(payload, alive)
        if not (retained and self._options.retained == "ignore"):
            self.queue.put(self._values(topic, payload, retained))

    def _attend(self, payload: bytes, alive: AliveOptions) -> None:
        """Take what the machine, or its last will, says of its being there."""
        said = {payload.decode("utf-8", "replace").strip()}
        with suppress(NoValueError):
            said |= {value for _, value in leaves(json_of(payload)) if isinstance(value, str)}
        if alive.offline in said:
            self._online = False
            self._tell_all(self._addresses, BAD, "offline")
        elif alive.online in said:
            self._online = True

    def _tell_all(self, items: Sequence[str] | dict[str, Any], quality: Any, reason: str) -> None:
        self.queue.put([DataValue(item, None, None, quality, reason) for item in items])

    def _values(self, topic: str, payload: bytes, retained: bool) -> Iterator[DataValue]:
        items = self._by_topic.get(topic, ())
        content: Any = None
        wrong = f"a message of {len(payload)} bytes" if len(payload) > self._options.largest else ""
        if items and not wrong and (self._time or any(self._addresses[item][0].pointer for item in items)):
            try:
                content = json_of(payload)
            except NoValueError as error:
                wrong = str(error) if self._time is None else ""
        for item in items:
            value = self._value(item, payload, content, retained, wrong)
            deadband = self._addresses[item][1]
            if not deadband or changed(self.queue.held.get(item), value, deadband):
                yield value

    def _value(self, item: str, payload: bytes, content: Any, retained: bool, wrong: str) -> DataValue:
        pointer = self._addresses[item][0].pointer
        try:
            if wrong and (pointer or len(payload) > self._options.largest):
                raise NoValueError(wrong)
            time_ns = time_of(self._time.find(content)) if self._time else None
            found = plain(payload) if pointer is None else one_value(pointer.find(content))
        except NoValueError as error:
            return DataValue(item, None, None, BAD, str(error))
        if retained and time_ns is None and self._options.retained == "uncertain":
            return DataValue(item, found, None, UNCERTAIN, "retained")
        return DataValue(item, found, time_ns, GOOD)

    # the other way, and the end

    async def write(self, item: str, value: Scalar) -> None:
        """Publish a value.

        Raises:
            RetriableError: The broker is away.
            ProblemsError: It refuses, or there is no value.
        """
        where = f"{self._options.broker} {item}"
        address = Address.of(item)
        if value is None:
            raise ProblemsError([Problem(where, "a value", "none")])
        text = value if address.pointer is None and isinstance(value, str) else None
        payload = text if text is not None else json.dumps(address.pointer.around(value) if address.pointer else value)
        if self._client is None or not self._client.is_connected():
            raise self._away("there is no connection")
        sent = self._client.publish(address.topic, payload, 1)
        future = self._sent[sent.mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(self._options.timeout):
                while not sent.is_published() and not future.done():
                    await asyncio.wait([future], timeout=0.05)
            said = future.result() if future.done() else ["Success"]
        except TimeoutError:
            raise self._away("expected an answer to a message, got none") from None
        finally:
            del self._sent[sent.mid]
        if said != ["Success"] and not said[0].startswith("No matching"):
            raise ProblemsError([Problem(where, "a broker that takes it", said[0])])

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """What comes within two seconds, each item once."""
        self._browsed = asyncio.Queue(10_000)
        await self._granted(["#"])
        seen: set[str] = set()
        end = self._loop.time() + BROWSE_S
        while (left := end - self._loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    topic, payload = await self._browsed.get()
            except TimeoutError:
                break
            for found in _items(topic, payload):
                if found.item not in seen and not _is_wrong(found.item):
                    seen.add(found.item)
                    yield found
        self._browsed = None

    async def close(self) -> None:
        """Leave; never raises, also when the broker does not answer."""
        client, self._client = self._client, None
        if self._pulse is not None:
            self._pulse.cancel()
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


def _is_wrong(item: str) -> bool:
    try:
        Address.of(item)
    except ValueError:
        return True
    return False


def _items(topic: str, payload: bytes) -> Iterator[BrowsedItem]:
    *folders, name = topic.split("/")
    try:
        content = json_of(payload)
        found = list(leaves(content)) if isinstance(content, dict | list) else [("", plain(payload))]
    except NoValueError:
        with suppress(NoValueError):
            yield BrowsedItem(topic, name, tuple(folders), "text", value=plain(payload))
        return
    kinds = {bool: "bool", int: "int64", float: "float64", str: "text"}
    for path, value in found:
        steps = path.split("/")[1:]
        places = (*folders, name, *steps[:-1]) if path else tuple(folders)
        item = f"{topic}#{path}" if path else topic
        yield BrowsedItem(item, steps[-1] if steps else name, places, kinds[type(value)], value=value)
