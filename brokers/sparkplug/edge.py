"""State of an edge node: what it says, in which order, under which numbers. No input or output."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from brokers.links import Offered
from brokers.naming import sparkplug_device, sparkplug_node, sparkplug_topic
from brokers.sparkplug.metrics import (
    BDSEQ,
    COMMAND,
    PUBLISHER,
    QUALITY,
    QUALITY_CODES,
    REBIRTH,
    RUN,
    SEQUENCE,
    TIME,
    MetricSpec,
    folder,
    plain,
    specs_of,
)
from twin.equipment import EquipmentPath, Level
from twin.master import EquipmentMaster, read_master
from twin.records import Frame, RecordKind
from twin.sparkplug.protobuf import DataType, Payload, set_value

UNIT_KINDS = (
    RecordKind.STATE,
    RecordKind.PART,
    RecordKind.STOCK,
    RecordKind.SHIPMENT,
    RecordKind.ORDER,
    RecordKind.ALARM,
)


class Packet(NamedTuple):
    """A message to send at QoS 0, not retained."""

    topic: str
    payload: bytes


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass
class _Device:
    """One device (or the node itself): its metrics, aliases and last frames."""

    name: str | None
    metrics: dict[str, MetricSpec] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    last: dict[RecordKind, Frame] = field(default_factory=dict)
    born: bool = False


class EdgeNode:
    """Builds births, data and deaths of one edge node.

    Args:
        publisher: Publisher id; its path gives group and edge node.
        datatype_in_data: Repeat the data type in data, for consumers that need it.
    """

    def __init__(self, publisher: str, datatype_in_data: bool = False):
        self.publisher = publisher
        self.identity = sparkplug_node(publisher)
        self.run = ""
        self.born = False
        self._datatype_in_data = datatype_in_data
        self._bd_seq, self._seq, self._alias = 255, 0, 0
        self._devices: dict[str | None, _Device] = {}
        self._offered: dict[str | None, list[MetricSpec]] = {}
        node = self._device_for(publisher)
        self._add_all(node, [*specs_of(RecordKind.HEARTBEAT), *specs_of(RecordKind.META)])

    def offer(self, offered: Offered) -> None:
        """Have what can be commanded in births: ``Command/<name>``, a number where it has a size."""
        for path, names in offered.items():
            device = sparkplug_device(self.publisher, path)
            types = {name: DataType.DOUBLE if sized else DataType.BOOLEAN for name, sized in names.items()}
            self._offered[device] = [MetricSpec(COMMAND + name, datatype) for name, datatype in types.items()]
            if device in self._devices:
                self._add_all(self._devices[device], self._offered[device])

    # deaths

    def connecting(self) -> Packet:
        """The will of the next connection: NDEATH with the next ``bdSeq``."""
        self._bd_seq = (self._bd_seq + 1) % 256
        self.born = False
        return self.death()

    def death(self) -> Packet:
        """NDEATH of this connection."""
        payload = Payload(timestamp=now_ms())
        payload.metrics.add(name=BDSEQ, timestamp=payload.timestamp, datatype=DataType.INT64, long_value=self._bd_seq)
        return Packet(sparkplug_topic(self.identity, "NDEATH"), payload.SerializeToString())

    def device_death(self, path: str) -> Packet | None:
        """DDEATH of equipment that is lost; None when it was not born."""
        device = self._devices.get(sparkplug_device(self.publisher, path))
        if device is None or device.name is None or not device.born:
            return None
        device.born = False
        payload = Payload(timestamp=now_ms(), seq=self._next_seq())
        return Packet(self._topic(device, "DEATH"), payload.SerializeToString())

    # births

    def births(self) -> Iterator[Packet]:
        """NBIRTH and every DBIRTH, in the order in which they must be sent."""
        self._seq, self.born = 0, True
        yield self._birth(self._devices[None])
        for device in self._devices.values():
            if device.name is not None:
                yield self._birth(device)

    def _birth(self, device: _Device) -> Packet:
        payload = Payload(timestamp=now_ms(), seq=self._next_seq())
        if device.name is None:
            self._node_metrics(payload)
        for spec in device.metrics.values():
            metric = payload.metrics.add(name=spec.name, alias=device.aliases[spec.name], datatype=spec.datatype)
            frame = device.last.get(spec.kind) if spec.kind else None
            known = frame is not None and spec.column in frame.tags
            metric.timestamp = int(frame.time_ns[-1]) // 1_000_000 if frame is not None and known else payload.timestamp
            value = frame.values[-1, frame.tags.index(spec.column)] if frame is not None and known else None
            set_value(metric, spec.datatype, plain(value))
            _describe(metric, spec)
        device.born = True
        return Packet(self._topic(device, "BIRTH"), payload.SerializeToString())

    def _node_metrics(self, payload: Any) -> None:
        stamp = payload.timestamp
        payload.metrics.add(name=BDSEQ, timestamp=stamp, datatype=DataType.INT64, long_value=self._bd_seq)
        payload.metrics.add(name=REBIRTH, timestamp=stamp, datatype=DataType.BOOLEAN, boolean_value=False)
        for name, value in ((RUN, self.run), (PUBLISHER, self.publisher)):
            payload.metrics.add(name=name, timestamp=stamp, datatype=DataType.STRING, string_value=value)

    # data

    def messages(self, frame: Frame) -> Iterator[Packet]:
        """The data message of a stamped piece, after the births it needs."""
        if frame.run != self.run or not self.born:
            self.run = frame.run
            yield from self.births()
        device = self._device_for(frame.paths[0])
        if self._learn(device, frame) or not device.born:
            yield from [self._birth(device)] if device.name is not None else self.births()
        if not frame.historical:
            device.last[frame.kind] = frame
        yield self._data(device, frame)

    def _data(self, device: _Device, frame: Frame) -> Packet:
        payload = Payload(timestamp=now_ms(), seq=self._next_seq())
        times_ns = frame.time_ns.tolist()
        self._own(payload, device, SEQUENCE, frame.seq, times_ns[0])
        plan = [(device.aliases[folder(frame.kind) + tag], _type_of(device, frame, tag)) for tag in frame.tags]
        fill = _fill_numbers if frame.kind is RecordKind.TELEMETRY else _fill_records
        for row, time_ns in enumerate(times_ns):
            if time_ns % 1_000_000:
                self._own(payload, device, TIME, time_ns, time_ns)
            fill(payload, plan, frame, row, time_ns // 1_000_000)
        if frame.historical:
            for metric in payload.metrics:
                metric.is_historical = True
        if self._datatype_in_data:
            self._add_datatypes(payload, device)
        return Packet(self._topic(device, "DATA"), payload.SerializeToString())

    def _own(self, payload: Any, device: _Device, name: str, value: int, time_ns: int) -> None:
        payload.metrics.add(alias=device.aliases[name], timestamp=time_ns // 1_000_000, long_value=value)

    def _add_datatypes(self, payload: Any, device: _Device) -> None:
        types = {alias: device.metrics[name].datatype for name, alias in device.aliases.items()}
        for metric in payload.metrics:
            metric.datatype = types[metric.alias]

    # bookkeeping

    def commanded(self, device: str | None, metric: Any) -> tuple[str, int]:
        """Name and data type of a metric of a command, which may have an alias only, and no type.

        Raises:
            ValueError: Nothing has that alias.
        """
        name = str(metric.name) or self._name_of(metric.alias)
        known = self._devices[device].metrics.get(name) if device in self._devices else None
        return name, metric.datatype or (known.datatype if known is not None else DataType.DOUBLE)

    def _name_of(self, alias: int) -> str:
        for device in self._devices.values():
            for name, own in device.aliases.items():
                if own == alias:
                    return name
        raise ValueError(f"metric: expected an alias of a birth, got {alias}")

    def _next_seq(self) -> int:
        seq, self._seq = self._seq, (self._seq + 1) % 256
        return seq

    def _topic(self, device: _Device, word: str) -> str:
        prefix = "N" if device.name is None else "D"
        return sparkplug_topic(self.identity._replace(device=device.name), prefix + word)

    def _device_for(self, path: str) -> _Device:
        name = sparkplug_device(self.publisher, path)
        device = self._devices.get(name)
        if device is None:
            device = self._devices[name] = _Device(name)
            self._add(device, MetricSpec(SEQUENCE, DataType.INT64))
            self._add(device, MetricSpec(TIME, DataType.INT64))
            if EquipmentPath(path).level is Level.UNIT:
                for kind in UNIT_KINDS:
                    self._add_all(device, specs_of(kind))
            self._add_all(device, self._offered.get(name, []))
        return device

    def _learn(self, device: _Device, frame: Frame) -> bool:
        """Add the metrics that a frame needs; whether the device has to be born again for them."""
        before = len(device.metrics)
        if frame.kind not in device.last or frame.tags != device.last[frame.kind].tags:
            self._add_all(device, specs_of(frame.kind, frame.tags))
        if frame.kind is RecordKind.META:
            self._add_all(device, _specs_of_master(frame))
        return len(device.metrics) > before

    def _add_all(self, device: _Device, specs: list[MetricSpec]) -> None:
        for spec in specs:
            self._add(device, spec)

    def _add(self, device: _Device, spec: MetricSpec) -> None:
        if spec.name not in device.metrics:
            self._alias += 1
            device.aliases[spec.name] = self._alias
            device.metrics[spec.name] = spec
        elif spec.spec is not None:
            device.metrics[spec.name] = spec


def _specs_of_master(frame: Frame) -> list[MetricSpec]:
    found = []
    for schema, body in frame.values.tolist():
        master = read_master(schema, body)
        if isinstance(master, EquipmentMaster):
            found += [MetricSpec(t.name, DataType.DOUBLE, RecordKind.TELEMETRY, t.name, t) for t in master.tags]
    return found


def _type_of(device: _Device, frame: Frame, tag: str) -> int:
    return device.metrics[folder(frame.kind) + tag].datatype


def _describe(metric: Any, spec: MetricSpec) -> None:
    if spec.spec is None:
        return
    for key, value in (("engUnit", spec.spec.unit), ("engLow", spec.spec.low), ("engHigh", spec.spec.high)):
        metric.properties.keys.append(key)
        if isinstance(value, str):
            metric.properties.values.add(type=DataType.STRING, string_value=value)
        else:
            metric.properties.values.add(type=DataType.DOUBLE, double_value=value)


def _fill_numbers(payload: Any, plan: list[tuple[int, int]], frame: Frame, row: int, ms: int) -> None:
    add, values = payload.metrics.add, frame.values[row]
    for (alias, _), value in zip(plan, values.tolist(), strict=True):
        add(alias=alias, timestamp=ms, double_value=value)
    quality = frame.quality[row] if frame.quality is not None else None
    unknown = np.isnan(values)
    if quality is None and not unknown.any():
        return
    first = len(payload.metrics) - len(plan)
    for column in range(len(plan)):
        mark = int(quality[column]) if quality is not None else 0
        if unknown[column]:
            payload.metrics[first + column].ClearField("double_value")
            payload.metrics[first + column].is_null = True
            mark = mark or 2
        if mark:
            _set_quality(payload.metrics[first + column], mark)


def _fill_records(payload: Any, plan: list[tuple[int, int]], frame: Frame, row: int, ms: int) -> None:
    for (alias, datatype), value in zip(plan, frame.values[row].tolist(), strict=True):
        set_value(payload.metrics.add(alias=alias, timestamp=ms), datatype, plain(value))


def _set_quality(metric: Any, quality: int) -> None:
    metric.properties.keys.append(QUALITY)
    metric.properties.values.add(type=DataType.INT32, int_value=QUALITY_CODES[quality])
