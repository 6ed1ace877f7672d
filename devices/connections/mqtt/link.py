"""One connection with a broker, which ends for good when it ends."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from devices.connection import ALIVE_S, BrowsedItem, DataValue, Scalar, Wanted
from devices.connections._broker import BrokerSession
from devices.connections._told import ReadingQueue, changed
from devices.connections.mqtt.messages import Address, NoValueError, Pointer, json_of, leaves, one_value, plain, time_of
from devices.connections.mqtt.options import AliveOptions, MqttOptions
from twin.errors import Problem, ProblemsError
from twin.records import BAD, GOOD, UNCERTAIN

BROWSE_S = 2.0
NOTHING = "no message so far"


class TopicLink:
    """A connection; see ``devices/connections/mqtt/__init__.py``."""

    def __init__(self, options: MqttOptions, wanted: Sequence[Wanted], base: Path) -> None:
        self._options = options
        self.queue = ReadingQueue(options.broker, math.inf)
        self._session = BrokerSession(options, base, self._take, self.queue.fail)
        self._addresses = {one.item: (Address.of(one.item), one.deadband) for one in wanted}
        self._by_topic: dict[str, list[str]] = {}
        for item, (address, _) in self._addresses.items():
            self._by_topic.setdefault(address.topic, []).append(item)
        self._time = Pointer.of(options.time[1:]) if options.time else None
        self._online = False
        self._pulse: asyncio.Task[None] | None = None
        self._browsed: asyncio.Queue[tuple[str, bytes]] | None = None

    # life

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            RetriableError: The broker is away.
            ProblemsError: It does not let us in.
        """
        await self._session.open()
        self.queue.put(DataValue(item, None, None, BAD, NOTHING) for item in self._addresses)
        topics = list(self._by_topic)
        if self._options.alive:
            topics.insert(0, self._options.alive.topic)
        for topic, reason in (await self._session.refused(topics, self._options.qos)).items():
            self._tell_all(self._by_topic.get(topic, ()), BAD, f"not subscribed: {reason}")
        self._pulse = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        """A machine that has said it is there is there until its last will is told."""
        while True:
            await asyncio.sleep(ALIVE_S / 2)
            if self._online or not self._addresses:
                self.queue.heard()

    # messages

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
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
        await self._session.publish(address.topic, payload, 1, where)

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """What comes within two seconds, each item once."""
        self._browsed = asyncio.Queue(10_000)
        await self._session.refused(["#"], self._options.qos)
        seen: set[str] = set()
        end = asyncio.get_running_loop().time() + BROWSE_S
        while (left := end - asyncio.get_running_loop().time()) > 0:
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

    def met(self) -> dict[str, int]:
        """Messages for which there was no room."""
        return {"overflowed": self._session.dropped}

    async def close(self) -> None:
        """Leave; never raises, also when the broker does not answer."""
        if self._pulse is not None:
            self._pulse.cancel()
        await self._session.close()


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
