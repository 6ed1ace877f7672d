"""Following edge nodes at a broker."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

from devices.connection import ALIVE_S, BrowsedItem, DataValue, Scalar, Wanted
from devices.connections._broker import BrokerSession
from devices.connections._told import ReadingQueue, changed, deadbands
from devices.connections.sparkplug.address import MetricAddress, wrong_address
from devices.connections.sparkplug.nodes import NO_BIRTH, BornMetric, NodeState
from devices.connections.sparkplug.options import SparkplugOptions
from devices.connections.sparkplug.values import is_value, metric_of, misfit
from twin.errors import Problem, ProblemsError
from twin.records import BAD
from twin.sparkplug.compressed import inflated
from twin.sparkplug.protobuf import DataType, Payload, parse

SPARKPLUG = "spBv1.0"
QUIET_S = 1.0
"""Time in s without a birth after which none of a device is waited for."""
REBIRTH = "Node Control/Rebirth"
TYPES = {DataType.BOOLEAN: "bool", DataType.FLOAT: "float32", DataType.DOUBLE: "float64", DataType.STRING: "text",
         DataType.TEXT: "text", DataType.UUID: "text"}  # fmt: skip


class NodeLink:
    """A connection; see ``devices/connections/sparkplug/__init__.py``."""

    def __init__(self, options: SparkplugOptions, wanted: Sequence[Wanted], base: Path) -> None:
        self._options = options
        self.queue = ReadingQueue(options.broker, math.inf)
        self._session = BrokerSession(options, base, self._take, self.queue.fail)
        self._deadbands = deadbands(wanted)
        items: dict[tuple[str, str], dict[tuple[str, str], str]] = {
            (group, node): {} for group, node in (one.split("/") for one in options.nodes)
        }
        for one in wanted:
            group, node, device, metric = MetricAddress.of(one.item)
            items.setdefault((group, node), {})[device, metric] = one.item
        self.nodes = {of: NodeState(*of, wanted=some, wait_s=options.rebirth_wait) for of, some in items.items()}
        self._born = asyncio.Event()
        self._pulse: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, subscribe and ask for births.

        Raises:
            RetriableError: The broker is away.
            ProblemsError: It does not let us in.
        """
        await self._session.open()
        self.queue.put(self._all_bad(NO_BIRTH))
        topics = {f"{SPARKPLUG}/{group}/+/{name}/#": node for (group, name), node in self.nodes.items()}
        for topic, reason in (await self._session.refused(list(topics), 1)).items():
            self.queue.put(self._all_bad(f"not subscribed: {reason}", topics[topic]))
        for node in self.nodes.values():
            self._ask(node)
        self._pulse = asyncio.create_task(self._beat())

    def _all_bad(self, reason: str, of: NodeState | None = None) -> list[DataValue]:
        nodes = self.nodes.values() if of is None else [of]
        return [DataValue(item, None, None, BAD, reason) for node in nodes for item in node.wanted.values()]

    async def _beat(self) -> None:
        """A node that is born is there until its last will is told."""
        while True:
            await asyncio.sleep(ALIVE_S / 2)
            if not self.nodes or any(node.online for node in self.nodes.values()):
                self.queue.heard()
            for node in self.nodes.values():
                self._ask(node)

    # messages

    def _take(self, topic: str, content: bytes, _retained: bool) -> None:
        _, group, word, name, *device = topic.split("/")
        node = self.nodes.get((group, name))
        if node is None or word in ("NCMD", "DCMD") or len(device) > 1:
            return
        try:
            told = node.take(word, "".join(device), self._parsed(content))
        except ValueError as error:
            told = node.unreadable(f"a message of the node cannot be read: {error}")
        self._tell(told)
        self._ask(node)
        if word.endswith("BIRTH"):
            self._born.set()
            self._born = asyncio.Event()

    def _parsed(self, content: bytes) -> object:
        if len(content) > self._options.largest:
            raise ValueError(f"expected at most {self._options.largest} bytes, got {len(content)}")
        return inflated(parse(content), self._options.largest)

    def _tell(self, told: list[DataValue]) -> None:
        for one in told:
            deadband = self._deadbands.get(one.item, 0.0)
            if not deadband or changed(self.queue.held.get(one.item), one, deadband):
                self.queue.put([one])

    def _ask(self, node: NodeState) -> None:
        """Ask for a birth where something is unexplained, once."""
        if self._options.rebirth and node.asks_rebirth(time.monotonic()):
            payload = Payload(timestamp=_now_ms())
            payload.metrics.append(metric_of(REBIRTH, True, DataType.BOOLEAN, payload.timestamp))
            self._session.send(f"{SPARKPLUG}/{node.group}/NCMD/{node.node}", payload.SerializeToString())

    def met(self) -> dict[str, int]:
        """Messages that were left out or had no room, and births asked for, of all nodes."""
        nodes = self.nodes.values()
        missed, rebirths = sum(node.gaps for node in nodes), sum(node.rebirths for node in nodes)
        return {"missed": missed, "rebirths": rebirths, "overflowed": self._session.dropped}

    # the other way, and the end

    async def write(self, item: str, value: Scalar) -> None:
        """Command a metric.

        Raises:
            RetriableError: The broker is away, or the node or device is not there.
            ProblemsError: There is no such metric, or the value does not fit it.
        """
        address = MetricAddress.of(item)
        where = f"{self._options.broker} {item}"
        metric = (await self._births(address)).get(address.metric)
        if metric is None:
            raise ProblemsError([Problem(where, "a metric of the birth", "none such")])
        if expected := misfit(value, metric.datatype):
            raise ProblemsError([Problem(where, expected, repr(value))])
        payload = Payload(timestamp=_now_ms())
        payload.metrics.append(metric_of(address.metric, value, metric.datatype, payload.timestamp))
        word, tail = ("DCMD", f"/{address.device}") if address.device else ("NCMD", "")
        topic = f"{SPARKPLUG}/{address.group}/{word}/{address.node}{tail}"
        await self._session.publish(topic, payload.SerializeToString(), 0, where)

    async def _births(self, address: MetricAddress) -> dict[str, BornMetric]:
        """Metrics of a device or node, as soon as it is born."""
        node = self.nodes.get((address.group, address.node))
        if node is None:
            problem = Problem(f"{self._options.broker} {address}", "an item of a node that is followed", "another node")
            raise ProblemsError([problem])
        try:
            async with asyncio.timeout(self._options.timeout):
                while address.device not in node.born:
                    await self._born.wait()
        except TimeoutError:
            raise self._session.away(f"{address}: expected that it is born, got no birth") from None
        return node.born[address.device]

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """Metrics of all births, once each node is born and none follows, or the timeout is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.timeout):
                while not all(node.online for node in self.nodes.values()):
                    await self._born.wait()
                while True:
                    await asyncio.wait_for(self._born.wait(), QUIET_S)
        for node in list(self.nodes.values()):
            for address, metric in list(node.addresses()):
                if not wrong_address(str(address)):
                    yield _browsed(address, metric)

    async def close(self) -> None:
        """Leave; never raises, also when the broker does not answer."""
        if self._pulse is not None:
            self._pulse.cancel()
        await self._session.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _browsed(address: MetricAddress, metric: BornMetric) -> BrowsedItem:
    *folders, name = address.metric.split("/")
    places = tuple(one for one in (*address[:3], *folders) if one)
    known = DataType._value2member_map_.get(metric.datatype)
    kind = TYPES.get(known, str(known.name).lower()) if isinstance(known, DataType) else f"data type {metric.datatype}"
    return BrowsedItem(str(address), name, places, kind, metric.unit, is_value(metric.datatype), metric.value)
