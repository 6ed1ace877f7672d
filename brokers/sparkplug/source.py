"""Receives frames as a host application of Sparkplug B."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import orjson

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.codec import kept_place
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.mqtt.ends import ReceivingEnd
from brokers.mqtt.message import Message, Will, slices
from brokers.naming import SPARKPLUG, SparkplugId, control_topic, parse_sparkplug_topic, sparkplug_node, sparkplug_topic
from brokers.sparkplug.edge import now_ms
from brokers.sparkplug.host import HostNode
from brokers.sparkplug.metrics import REBIRTH
from twin.errors import RetriableError
from twin.ports import Delivery
from twin.records import Frame
from twin.sparkplug.compressed import inflated
from twin.sparkplug.protobuf import DataType, Payload, parse, set_value

log = logging.getLogger(__name__)

MOST_BYTES = 8 * 1024 * 1024
MOST_NODES = 10_000
LONGEST_PAUSE = 16
"""Between two requests for a rebirth, in shortest pauses."""
DATA_WORDS = {"NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"}


class SparkplugSource(ReceivingEnd):
    """A host application with its STATE, which asks for a rebirth when it does not understand.

    There is no acknowledgement on the wire (QoS 0): what is lost is named by marks.

    Args:
        url: Address of the broker.
        client_id: MQTT client id.
        roots: Publishers to listen to, e.g. ``enterprise/site``, or enterprises; empty text: all.
        rebirth_s: Least time between two requests for a rebirth of one node.
        host_id: Id of the host application; default the client id.
    """

    def __init__(
        self,
        url: str,
        client_id: str = "ingest",
        roots: Sequence[str] = ("",),
        rebirth_s: float = 1.0,
        host_id: str | None = None,
    ):
        self.host_id = host_id or client_id
        self.nodes: dict[tuple[str, str], HostNode] = {}
        """What is known of each edge node, by group and node."""
        self._rebirth_s = rebirth_s
        self._asked: dict[tuple[str, str], tuple[float, float]] = {}
        self._stamp, self._leaving = 0, False
        self._saying: asyncio.Task[None] | None = None
        filters = ((self._state_topic, 1), *((_filter(root), 0) for root in roots))
        config = ConnectionConfig(client_id, will=self._will, filters=filters, retained=(control_topic("base", "#"),))
        super().__init__(Connection(BrokerAddress.of(url), config, self._greet))
        self._connection.handle(self._state_topic, self._take_state)

    @property
    def _state_topic(self) -> str:
        return f"{SPARKPLUG}/STATE/{self.host_id}"

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """What arrives, until closed; each delivery holds what was waiting, up to a number of bytes."""
        while messages := await self._connection.receive():
            for some in slices(messages):
                frames = [frame for message in some for frame in self._frames(message)]
                for message in some:
                    self._connection.acknowledge(message)
                await self._ask_rebirths()
                yield Delivery(frames, _nothing_to_acknowledge)

    async def command(self, identity: SparkplugId, metric: str, datatype: DataType, value: object) -> None:
        """Send NCMD, or DCMD when there is a device.

        Raises:
            RetriableError: There is no connection.
        """
        payload = Payload(timestamp=now_ms())
        set_value(payload.metrics.add(name=metric, timestamp=payload.timestamp, datatype=datatype), datatype, value)
        word = "NCMD" if identity.device is None else "DCMD"
        await self._connection.publish(sparkplug_topic(identity, word), payload.SerializeToString())

    async def close(self) -> None:
        """Say that the host is offline and disconnect."""
        self._leaving = True
        if self._connection.online:
            await self._connection.publish(self._state_topic, _state(False, now_ms()), 1, True)
            await self._connection.flushed()
        await self._connection.close()

    def _will(self) -> Will:
        self._stamp = now_ms()
        return Will(self._state_topic, _state(False, self._stamp))

    async def _greet(self) -> None:
        await self._connection.publish(self._state_topic, _state(True, self._stamp), 1, True, first=True)
        for node in self.nodes.values():
            node.wants_rebirth = True  # what it sent meanwhile is lost

    def _frames(self, message: Message) -> list[Frame]:
        if message.topic.startswith(f"{SPARKPLUG}/STATE/"):
            return []  # of another host
        try:
            word, identity = parse_sparkplug_topic(message.topic)
            if word not in DATA_WORDS:
                return []
            if len(message.payload) > MOST_BYTES:
                raise ValueError(f"payload: expected at most {MOST_BYTES} bytes, got {len(message.payload)}")
            node = self._node(identity)
            before = node.online
            frames = node.take(word, identity.device, inflated(parse(message.payload), MOST_BYTES))
            if (sign := node.sign(word, identity.device, before)) is not None:
                self.on_sign(sign)
            return frames
        except OverflowError:
            self._refuse(message, ValueError("payload: expected times and whole numbers of 64 bits"))
            return []
        except (ValueError, TypeError) as error:
            self._refuse(message, error)
            return kept_place(error)

    def _node(self, identity: SparkplugId) -> HostNode:
        key = identity[:2]
        node = self.nodes.get(key)
        if node is None:
            if len(self.nodes) >= MOST_NODES:
                raise ValueError(f"host: expected at most {MOST_NODES} edge nodes")
            node = self.nodes[key] = HostNode(SparkplugId(*key), refusals=self.refusals)
        return node

    async def _ask_rebirths(self) -> None:
        now = asyncio.get_running_loop().time()
        for key, node in self.nodes.items():
            asked, pause_s = self._asked.get(key, (-1e9, 0.0))
            if node.wants_rebirth and now - asked >= pause_s:
                self._asked[key] = now, next_pause_s(pause_s, now - asked, self._rebirth_s)
                node.wants_rebirth = False
                node.counters.rebirths += 1
                try:
                    await self.command(node.identity, REBIRTH, DataType.BOOLEAN, True)
                except RetriableError as error:
                    log.debug("rebirth of %s: %s", node.identity, error)

    def _take_state(self, message: Message) -> None:
        try:
            online = bool(orjson.loads(message.payload)["online"])
        except (ValueError, KeyError, TypeError):
            self._refuse(message, ValueError("state: expected a JSON object that says whether the host is online"))
            return
        if not online and self._connection.online and not self._leaving:
            again = self._connection.publish(self._state_topic, _state(True, self._stamp), 1, True)
            self._saying = asyncio.get_running_loop().create_task(_quietly(again))


def next_pause_s(pause_s: float, since_s: float, least_s: float) -> float:
    """How long no other rebirth is asked for: longer each time where the one before has explained nothing.

    Args:
        pause_s: The pause that was kept.
        since_s: Time since the request before.
        least_s: Shortest pause.

    >>> next_pause_s(1.0, 1.2, 1.0), next_pause_s(16.0, 17.0, 1.0), next_pause_s(16.0, 100.0, 1.0)
    (2.0, 16.0, 1.0)
    """
    in_vain = since_s < 4 * max(pause_s, least_s)
    return min(LONGEST_PAUSE * least_s, 2 * pause_s) if in_vain and pause_s else least_s


def _filter(root: str) -> str:
    if not root:
        return f"{SPARKPLUG}/#"
    if "/" not in root:
        return f"{SPARKPLUG}/{root}/#"
    node = sparkplug_node(root)
    return f"{SPARKPLUG}/{node.group}/+/{node.node}/#"


def _state(online: bool, stamp_ms: int) -> bytes:
    return orjson.dumps({"online": online, "timestamp": stamp_ms})


async def _nothing_to_acknowledge() -> None:
    pass


async def _quietly(sending: Coroutine[Any, Any, None]) -> None:
    with suppress(RetriableError):
        await sending
