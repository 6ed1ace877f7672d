"""The codecs of the transports as wires without a broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from brokers.links import pieces
from brokers.mqtt.codec import decode, encode
from brokers.naming import parse_sparkplug_topic, parse_uns_topic, sparkplug_node, uns_topic
from brokers.sparkplug.edge import EdgeNode
from brokers.sparkplug.host import HostNode
from twin.equipment import Level
from twin.records import Frame
from twin.sparkplug.protobuf import parse


class UnsWire:
    """Every frame cut, numbered, written as JSON under its topic and read again."""

    def __init__(self) -> None:
        self.numbers: Counter[str] = Counter()
        self.size = 0

    def __call__(self, frame: Frame) -> Iterable[Frame]:
        for piece in pieces(frame, by_window=True):
            path = piece.paths[0]
            publisher = "/".join(path.split("/")[: Level.SITE])
            payload = encode(piece.stamped(publisher, "run1", self.numbers[publisher]))
            self.numbers[publisher] += 1
            self.size += len(payload)
            yield decode(parse_uns_topic(uns_topic(path, piece.kind)), payload)


class SparkplugWire:
    """Births and data of one edge node as protobuf, read by a host application."""

    def __init__(self, publisher: str) -> None:
        self.publisher, self.number = publisher, 0
        self.edge = EdgeNode(publisher)
        self.edge.connecting()
        self.host = HostNode(sparkplug_node(publisher))

    def __call__(self, frame: Frame) -> Iterable[Frame]:
        for piece in pieces(frame, most_rows=200):
            for packet in self.edge.messages(piece.stamped(self.publisher, "run1", self.number)):
                word, identity = parse_sparkplug_topic(packet.topic)
                yield from self.host.take(word, identity.device, parse(packet.payload))
            self.number += 1
