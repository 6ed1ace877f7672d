"""What a host knows of one edge node, from its messages. No input or output.

Source: Eclipse Sparkplug specification 3.0.0, chapters 4 (topics), 5 (operational behaviour).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from devices.connection import DataValue
from devices.connections.sparkplug.address import MetricAddress
from devices.connections.sparkplug.values import data_value, scalar_of
from twin.records import BAD, UNCERTAIN

MOST_METRICS = 200_000
"""Metrics of one node with its devices."""
NO_BIRTH = "no birth so far"
BDSEQ = "bdSeq"
Owner = str
"""A device; empty: the node."""


@dataclass(slots=True)
class BornMetric:
    """A metric as its birth says it.

    Args:
        datatype: Sparkplug data type.
        unit: Unit of measure, where the birth has one.
        value: What it had at its birth.
    """

    datatype: int
    unit: str = ""
    value: Any = None


@dataclass
class NodeState:
    """One edge node.

    Args:
        group: Its group.
        node: Its name.
        wanted: Items that are wanted of it, by device and metric.
        wait_s: Shortest time in s between two requests for a birth.

    Attributes:
        online: Born and not dead.
        born: Metrics of the node and of the devices that are born and not dead.
        gaps: Messages whose number was not the next.
        historical: Values of the past that were left out.
        rebirths: Births asked for.
    """

    group: str
    node: str
    wanted: Mapping[tuple[Owner, str], str] = field(default_factory=dict)
    wait_s: float = 10.0
    online: bool = False
    born: dict[Owner, dict[str, BornMetric]] = field(default_factory=dict)
    gaps: int = 0
    historical: int = 0
    rebirths: int = 0
    _unexplained: bool = True
    _heard: bool = False
    _asked_s: float | None = None
    _bd_seq: int | None = None
    _next_seq: int = 0
    _aliases: dict[Owner, dict[int, str]] = field(default_factory=dict)
    _held: dict[str, DataValue] = field(default_factory=dict)

    def take(self, word: str, device: Owner, payload: Any) -> list[DataValue]:
        """What a message, e.g. ``DDATA``, says of the items that are wanted."""
        taking = {"NBIRTH": self._node_birth, "DBIRTH": self._device_birth, "NDATA": self._data, "DDATA": self._data,
                  "NDEATH": self._node_death, "DDEATH": self._device_death}  # fmt: skip
        if word not in taking or (word[0] == "D") != bool(device):
            return []
        self._heard = word != "NDEATH"
        told = list(taking[word](device, payload))
        self._held |= {one.item: one for one in told}
        return told

    def unreadable(self, problem: str) -> list[DataValue]:
        """What is left of the values after a message that cannot be read: none is sure."""
        told = list(self._doubted(problem)) if self.online else []
        self._heard = self._unexplained = True
        self._held |= {one.item: one for one in told}
        return told

    def asks_rebirth(self, now_s: float) -> bool:
        """Whether a birth is to be asked for now: once of a node that is silent, else as long as it explains nothing.

        Args:
            now_s: A time in s that never goes back.
        """
        due = self._asked_s is None or now_s - self._asked_s >= self.wait_s
        if not (self._unexplained and due):
            return False
        self._asked_s = now_s
        self._unexplained = self._heard
        self.rebirths += 1
        return True

    # births and deaths

    def _node_birth(self, _: Owner, payload: Any) -> Iterator[DataValue]:
        self.online, self._unexplained = True, False
        self._bd_seq = _bd_seq_of(payload)
        self._next_seq = (payload.seq + 1) % 256
        self.born.clear()
        self._aliases.clear()
        yield from self._birth("", payload)
        yield from (self._bad(item, NO_BIRTH) for (device, _), item in self.wanted.items() if device)

    def _device_birth(self, device: Owner, payload: Any) -> Iterator[DataValue]:
        if not self.online:
            self._unexplained = True
            return
        yield from self._numbered(payload)
        yield from self._birth(device, payload)

    def _birth(self, device: Owner, payload: Any) -> Iterator[DataValue]:
        room = MOST_METRICS - sum(map(len, self.born.values()))
        born: dict[str, BornMetric] = {}
        aliases = self._aliases[device] = {}
        for metric in payload.metrics[: max(0, room)]:
            if not metric.name:
                continue
            born[metric.name] = BornMetric(metric.datatype, _unit_of(metric), _shown(metric))
            if metric.HasField("alias"):
                twice = aliases.get(metric.alias, metric.name) != metric.name
                aliases[metric.alias] = "" if twice else metric.name  # said of two metrics it stands for none
        self.born[device] = born
        yield from self._values(device, payload)
        missing = (item for (of, name), item in self.wanted.items() if of == device and name not in born)
        yield from (self._bad(item, "no such metric in the birth") for item in missing)

    def _node_death(self, _: Owner, payload: Any) -> Iterator[DataValue]:
        """A node's last will; one of a session before this one says nothing."""
        of = _bd_seq_of(payload)
        if self.online and None not in (of, self._bd_seq) and of != self._bd_seq:
            return
        self.online = self._unexplained = False
        self.born.clear()
        yield from (self._bad(item, "the node is offline") for item in self.wanted.values())

    def _device_death(self, device: Owner, payload: Any) -> Iterator[DataValue]:
        if not self.online:
            self._unexplained = True
            return
        yield from self._numbered(payload)
        self.born.pop(device, None)
        yield from (self._bad(item, "the device is offline") for (of, _), item in self.wanted.items() if of == device)

    # data

    def _data(self, device: Owner, payload: Any) -> Iterator[DataValue]:
        if not self.online:
            self._unexplained = True
            return
        yield from self._numbered(payload)
        if device in self.born:
            yield from self._values(device, payload)
        else:
            self._unexplained = True

    def _numbered(self, payload: Any) -> Iterator[DataValue]:
        """Doubt everything when messages are missing."""
        lost = (payload.seq - self._next_seq) % 256
        self._next_seq = (payload.seq + 1) % 256
        if lost:
            self.gaps += 1
            self._unexplained = True
            yield from self._doubted(f"messages of the node are missing before number {payload.seq}")

    def _doubted(self, reason: str) -> Iterator[DataValue]:
        for item, held in self._held.items():
            if held.quality != BAD:
                yield DataValue(item, held.value, None, UNCERTAIN, reason)

    def _values(self, device: Owner, payload: Any) -> Iterator[DataValue]:
        for metric in payload.metrics:
            name = metric.name or self._aliases[device].get(metric.alias, "")
            known = self.born[device].get(name)
            if known is None:
                self._unexplained = True
            elif metric.is_historical:
                self.historical += 1
            elif (item := self.wanted.get((device, name))) is not None:
                yield data_value(item, metric, metric.datatype or known.datatype, payload.timestamp)

    @staticmethod
    def _bad(item: str, reason: str) -> DataValue:
        return DataValue(item, None, None, BAD, reason)

    def addresses(self) -> Iterator[tuple[MetricAddress, BornMetric]]:
        """All metrics of births."""
        for device, metrics in self.born.items():
            for name, metric in metrics.items():
                yield MetricAddress(self.group, self.node, device, name), metric


def _bd_seq_of(payload: Any) -> int | None:
    said = (one for one in payload.metrics if one.name == BDSEQ)
    return next((int(one.long_value or one.int_value) for one in said), None)


def _unit_of(metric: Any) -> str:
    texts = dict(zip(metric.properties.keys, metric.properties.values, strict=False))
    return str(texts["engUnit"].string_value) if "engUnit" in texts else ""


def _shown(metric: Any) -> Any:
    try:
        return None if metric.is_null else scalar_of(metric, metric.datatype)
    except ValueError:
        return None
