"""What edge node and host say when they connect: the session, and the will of each, read from the packet itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import orjson
import pytest

from brokers.sparkplug.publisher import SparkplugPublisher
from brokers.sparkplug.source import SparkplugSource
from tests.counterparts import free_port
from tests.transport.parts import LIMIT_S, SITE
from twin.sparkplug.protobuf import parse

CHECKED = (
    *("principles-persistence-clean-session-50", "principles-persistence-clean-session-311"),
    *("message-flow-phid-sparkplug-clean-session-50", "message-flow-phid-sparkplug-clean-session-311"),
    *("host-topic-phid-death-required", "host-topic-phid-death-payload-timestamp-connect"),
    *("payloads-state-will-message", "payloads-state-will-message-payload", "payloads-state-will-message-qos"),
    *("payloads-state-will-message-retain", "operational-behavior-host-application-connect-will"),
    *(
        "operational-behavior-host-application-connect-will-payload",
        "operational-behavior-host-application-death-payload",
    ),
    *(
        "operational-behavior-host-application-connect-will-qos",
        "operational-behavior-host-application-connect-will-topic",
    ),
    "operational-behavior-host-application-connect-will-retained",
)
"""Statements of the specification that are checked here, without ``tck-id-``."""
VERSIONS = {"5": 5, "3.1.1": 4}


class Connect(NamedTuple):
    """A CONNECT packet of MQTT."""

    version: int
    clean: bool
    expiry_s: int
    topic: str
    payload: bytes
    qos: int
    retain: bool


class Reader:
    """Fields of a packet, one after the other."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def field(self) -> bytes:
        return self.take(self.number(2))

    def length(self) -> int:
        found = shift = 0
        while (byte := self.number(1)) & 0x80:
            found, shift = found | (byte & 0x7F) << shift, shift + 7
        return found | byte << shift

    def properties(self) -> dict[int, int]:
        """Those of CONNECT and wills that we use: all are numbers."""
        sizes, found = {0x11: 4, 0x21: 2, 0x27: 4, 0x22: 2, 0x17: 1, 0x19: 1, 0x18: 4, 0x01: 1, 0x02: 4}, {}
        end = self.length() + self._at
        while self._at < end:
            name = self.number(1)
            found[name] = self.number(sizes[name])
        return found


def read(packet: bytes) -> Connect:
    reader = Reader(packet)
    assert reader.number(1) == 0x10
    reader.length()
    assert reader.field() == b"MQTT"
    version, flags = reader.number(1), reader.number(1)
    reader.number(2)
    expiry_s = reader.properties().get(0x11, 0) if version == 5 else 0
    reader.field()
    if version == 5:
        reader.properties()
    topic, payload = reader.field().decode(), reader.field()
    return Connect(version, bool(flags & 2), expiry_s, topic, payload, flags >> 3 & 3, bool(flags & 0x20))


async def packet_of(make: Callable[[str], Any], version: str) -> Connect:
    """The first packet that a client sends to a broker that never answers."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(65_536)
        if data and not heard.done():
            heard.set_result(data)
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", port := free_port())
    client = make(f"mqtt://127.0.0.1:{port}?version={version}")
    opening = asyncio.create_task(client.open())
    try:
        return read(await asyncio.wait_for(heard, LIMIT_S))
    finally:
        opening.cancel()
        with suppress(Exception, asyncio.CancelledError):
            await opening
        await client.close()
        server.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_edge_node_begins_a_clean_session_with_its_death_as_will(version: str) -> None:
    said = await packet_of(lambda url: SparkplugPublisher(url, SITE), version)
    assert (said.version, said.clean, said.expiry_s) == (VERSIONS[version], True, 0)
    assert (said.topic, said.qos, said.retain) == ("spBv1.0/yujiang/NDEATH/vehicle", 1, False)
    assert [metric.name for metric in parse(said.payload).metrics] == ["bdSeq"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_host_begins_a_clean_session_with_its_offline_state_as_will(version: str) -> None:
    said = await packet_of(lambda url: SparkplugSource(url, "client", host_id="twin"), version)
    assert (said.version, said.clean, said.expiry_s) == (VERSIONS[version], True, 0)
    assert (said.topic, said.qos, said.retain) == ("spBv1.0/STATE/twin", 1, True)
    body = orjson.loads(said.payload)
    assert body.keys() == {"online", "timestamp"}
    assert body["online"] is False
    assert 1_500_000_000_000 < body["timestamp"] < 4_000_000_000_000
