"""Publishes frames as an edge node of Sparkplug B."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import orjson

from brokers.links import Command, Offered, pieces
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import Connection, ConnectionConfig
from brokers.mqtt.ends import SendingEnd
from brokers.mqtt.message import Message, Will
from brokers.naming import SPARKPLUG, control_topic, parse_sparkplug_topic, sparkplug_path, sparkplug_topic
from brokers.sparkplug.edge import EdgeNode, Packet
from brokers.sparkplug.metrics import COMMAND, REBIRTH
from twin.errors import RetriableError
from twin.records import Frame
from twin.sparkplug.protobuf import get_value, parse

log = logging.getLogger(__name__)


class SparkplugPublisher(SendingEnd):
    """One edge node: one connection and one ordered writer.

    Data go at QoS 0 in a clean session, as the specification demands; what is lost is sent again
    by the outbox, marked historical.

    Args:
        url: Address of the broker.
        publisher: Publisher id; ``enterprise/site`` gives group and edge node.
        client_id: MQTT client id; default made from the publisher.
        primary_host: Id of the host without which nothing is sent; None: send always.
        datatype_in_data: Repeat data types in data messages.
        rebirth_s: Commands for a rebirth that come within this time are answered together.
    """

    def __init__(
        self,
        url: str,
        publisher: str,
        client_id: str | None = None,
        primary_host: str | None = None,
        datatype_in_data: bool = False,
        rebirth_s: float = 1.0,
    ):
        self.on_command: Command = lambda *_: None
        self.rebirths = 0
        self._node = EdgeNode(publisher, datatype_in_data)
        self._order = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._rebirth_s, self._rebirthing = rebirth_s, False
        self._host_online, self._host_ms = asyncio.Event(), -1
        self._host = primary_host
        state = f"{SPARKPLUG}/STATE/{primary_host}" if primary_host else None
        if not primary_host:
            self._host_online.set()
        handlers = {
            sparkplug_topic(self._node.identity, "NCMD"): self._take_node_command,
            sparkplug_topic(self._node.identity._replace(device="+"), "DCMD"): self._take_device_command,
            **({state: self._take_state} if state else {}),
        }
        filters = tuple((name, 1) for name in (*handlers, control_topic("mark", publisher)))
        name = client_id or f"edge-{publisher}"
        config = ConnectionConfig(name, will=self._will, filters=filters, max_inflight=200)
        super().__init__(publisher, Connection(BrokerAddress.of(url), config, self._greet))
        for name, handler in handlers.items():
            self._connection.handle(name, handler)

    def begin(self, run: str) -> None:
        """Name the run that is about to be sent, so that the first births have it; before ``open``."""
        self._node.run = run

    def offer(self, offered: Offered) -> None:
        """Say in births which commands are taken; before ``open``."""
        self._node.offer(offered)

    def split(self, frame: Frame) -> Sequence[Frame]:
        """One piece per device."""
        return pieces(frame, most_rows=200)

    async def publish(self, frame: Frame) -> None:
        """Send one piece, with the births it needs.

        Raises:
            RetriableError: There is no connection, or the primary host is offline.
        """
        async with self._order:
            if not self._connection.online or not self._host_online.is_set():
                raise RetriableError(f"edge node {self.publisher}: expected to be online")
            for packet in self._node.messages(frame):
                await self._send(packet)

    async def lost(self, path: str) -> None:
        """Say that a device is lost (DDEATH); its next piece brings it back.

        Raises:
            RetriableError: There is no connection.
        """
        async with self._order:
            packet = self._node.device_death(path)
            if packet is not None:
                await self._send(packet)

    async def close(self) -> None:
        """Send NDEATH and disconnect."""
        for task in self._tasks:
            task.cancel()
        async with self._order:
            if self._connection.online:
                await self._connection.last(self._send(self._node.death()))
            await self._connection.close()

    async def _send(self, packet: Packet, first: bool = False) -> None:
        await self._connection.publish(packet.topic, packet.payload, first=first)

    def _will(self) -> Will:
        packet = self._node.connecting()
        return Will(packet.topic, packet.payload, qos=1, retain=False)

    async def _greet(self) -> None:
        if not self._host_online.is_set():
            log.warning("edge node %s: waits for its primary host %s", self.publisher, self._host)
        await self._host_online.wait()
        async with self._order:
            for packet in self._node.births():
                await self._send(packet, first=True)

    async def _rebirth(self) -> None:
        """Births for all who ask from the first command on until they begin."""
        await asyncio.sleep(self._rebirth_s)
        try:
            async with self._order:
                self._rebirthing = False
                if self._connection.online:
                    self.rebirths += 1
                    for packet in self._node.births():
                        await self._send(packet)
        except RetriableError as error:
            log.debug("rebirth: %s", error)

    async def _leave(self) -> None:
        """The primary host is gone: say goodbye, connect anew and wait for it."""
        async with self._order:
            if self._connection.online:
                await self._send(self._node.death())
                await self._connection.flushed()
        await self._connection.restart()

    def _start(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take_node_command(self, message: Message) -> None:
        for name, value in self._commands(message, None):
            if name == REBIRTH:
                if value and not self._rebirthing:
                    self._rebirthing = True
                    self._start(asyncio.get_running_loop().create_task(self._rebirth()))
            else:
                self.on_command(self.publisher, name.removeprefix(COMMAND), value)

    def _take_device_command(self, message: Message) -> None:
        identity = parse_sparkplug_topic(message.topic)[1]
        try:
            path = sparkplug_path(identity)
        except ValueError as error:
            self._refuse(message, error)
            return
        for name, value in self._commands(message, identity.device):
            self.on_command(path, name.removeprefix(COMMAND), value)

    def _commands(self, message: Message, device: str | None) -> list[tuple[str, object]]:
        """Names and values of the metrics that are understood; the rest is counted and told."""
        found: list[tuple[str, object]] = []
        if message.retain:  # said before we listened, and said again at each connection
            self._refuse(message, ValueError("command: expected one that is not retained"))
            return found
        try:
            metrics = parse(message.payload).metrics
        except ValueError as error:
            self._refuse(message, error)
            return found
        for metric in metrics:
            try:
                name, datatype = self._node.commanded(device, metric)
                found.append((name, get_value(metric, datatype)))
            except ValueError as error:
                self._refuse(message, error)
        return found

    def _take_state(self, message: Message) -> None:
        try:
            body = orjson.loads(message.payload)
            online, stamp = bool(body["online"]), int(body["timestamp"])
        except (ValueError, KeyError, TypeError):
            wanted = "state: expected a JSON object that says whether the host is online, and since when"
            self._refuse(message, ValueError(wanted))
            return
        if stamp < self._host_ms:
            return
        self._host_ms = stamp
        if online:
            self._host_online.set()
        elif self._host_online.is_set():
            self._host_online.clear()
            self._start(asyncio.get_running_loop().create_task(self._leave()))
