"""What a host application knows of the edge nodes. No input or output."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brokers.columns import misfit
from brokers.naming import SparkplugId, sparkplug_path
from brokers.sparkplug.metrics import (
    BDSEQ,
    PUBLISHER,
    QUALITIES,
    QUALITY,
    RUN,
    SEQUENCE,
    TIME,
    MetricSpec,
    spec_for,
)
from brokers.sparkplug.protobuf import DataType, get_value
from twin.equipment import EquipmentPath
from twin.master import SCHEMAS, EquipmentMaster, meta_frame
from twin.records import BAD, COLUMNS, Frame, RecordKind, records
from twin.tags import TagSpec

MOST_METRICS = 100_000
Alias = tuple[str | None, MetricSpec]


@dataclass
class NodeCounters:
    """What went wrong with one edge node.

    Args:
        gaps: Data messages whose ``seq`` was not the next.
        unknown: Messages or metrics without a birth.
        rebirths: Rebirths asked for.
    """

    gaps: int = 0
    unknown: int = 0
    rebirths: int = 0


@dataclass
class HostNode:
    """One edge node as the host sees it.

    Args:
        identity: Group and edge node.

    Attributes:
        online: Born and not dead.
        devices: Devices and whether they are online.
        wants_rebirth: The host must ask for a rebirth.
    """

    identity: SparkplugId
    online: bool = False
    devices: dict[str, bool] = field(default_factory=dict)
    wants_rebirth: bool = False
    counters: NodeCounters = field(default_factory=NodeCounters)
    publisher: str = ""
    run: str = ""
    _bd_seq: int | None = None
    _next_seq: int = 0
    _aliases: dict[int, Alias] = field(default_factory=dict)
    _names: dict[tuple[str | None, str], MetricSpec] = field(default_factory=dict)
    _masters: dict[tuple[EquipmentPath, str], str] = field(default_factory=dict)

    def take(self, word: str, device: str | None, payload: Any) -> list[Frame]:
        """Take a message of this node, e.g. ``DDATA``, and give the frames in it.

        Raises:
            ValueError: It has no meaning, e.g. too many metrics or a name that makes no path.
        """
        if len(payload.metrics) > MOST_METRICS:
            raise ValueError(f"payload: expected at most {MOST_METRICS} metrics, got {len(payload.metrics)}")
        if word in ("NBIRTH", "DBIRTH"):
            return self._birth(device, payload)
        if word in ("NDATA", "DDATA"):
            return self._data(device, payload)
        if word == "NDEATH":
            self._node_death(payload)
        elif word == "DDEATH":
            self._check_seq(payload)
            self.devices[str(device)] = False
        return []

    # births and deaths

    def _birth(self, device: str | None, payload: Any) -> list[Frame]:
        if device is None:
            self._node_birth(payload)
        elif not self.online:
            self.counters.unknown += 1
            self.wants_rebirth = True
            return []
        else:
            self._check_seq(payload)
            self.devices[device] = True
        named = [(self._define(device, metric), metric) for metric in payload.metrics if metric.name]
        if self.publisher:
            return self._masters_in(device, named)
        return self._foreign_birth(device, named)

    def _node_birth(self, payload: Any) -> None:
        texts = {metric.name: metric for metric in payload.metrics}
        self.publisher = texts[PUBLISHER].string_value if PUBLISHER in texts else ""
        self.run = texts[RUN].string_value if RUN in texts else ""
        self._bd_seq = get_value(texts[BDSEQ], DataType.INT64) if BDSEQ in texts else None
        self._aliases.clear()
        self._names.clear()
        self.devices.clear()
        self.online, self.wants_rebirth = True, False
        self._next_seq = (payload.seq + 1) % 256

    def _define(self, device: str | None, metric: Any) -> MetricSpec:
        name, datatype = metric.name, metric.datatype
        spec = spec_for(name, datatype) if self.publisher else _foreign_spec(name, datatype)
        if metric.HasField("alias"):
            self._aliases[metric.alias] = (device, spec)
        self._names[device, name] = spec
        return spec

    def _node_death(self, payload: Any) -> None:
        found = [get_value(metric, DataType.INT64) for metric in payload.metrics if metric.name == BDSEQ]
        if self.online and found and (self._bd_seq is None or found[0] == self._bd_seq):
            self.online = False
            self.devices = dict.fromkeys(self.devices, False)

    def _masters_in(self, device: str | None, named: list[tuple[MetricSpec, Any]]) -> list[Frame]:
        texts = {spec.column: metric for spec, metric in named if spec.kind is RecordKind.META}
        schema = texts["schema"].string_value if "schema" in texts else ""
        if schema not in SCHEMAS:
            return []
        path, body = self._path(device), texts["body"].string_value
        if self._masters.get((path, schema)) == body:
            return []
        self._masters[path, schema] = body
        frame = records(RecordKind.META, [(path, texts["body"].timestamp * 1_000_000, (schema, body))])
        return [Frame(frame.kind, frame.paths, frame.time_ns, frame.tags, frame.values, historical=True)]

    def _foreign_birth(self, device: str | None, named: list[tuple[MetricSpec, Any]]) -> list[Frame]:
        known = [(spec, metric) for spec, metric in named if spec.kind is RecordKind.TELEMETRY]
        if not known:
            return []
        path = self._path(device)
        tags = tuple(_tag_of(spec, metric) for spec, metric in known)
        master = EquipmentMaster(kind="unit", tags=tags, en=path.name, zh=path.name)
        time_ns = max(metric.timestamp for _, metric in known) * 1_000_000
        return [meta_frame(time_ns, [(path, master)]), *self._foreign(path, known)]

    # data

    def _data(self, device: str | None, payload: Any) -> list[Frame]:
        if not self.online or (device is not None and not self.devices.get(device)):
            self.counters.unknown += 1
            self.wants_rebirth = True
            return []
        self._check_seq(payload)
        named = []
        for metric in payload.metrics:
            spec = self._spec(device, metric)
            if spec is None:
                self.counters.unknown += 1
                self.wants_rebirth = True
                return []
            named.append((spec, metric))
        path = self._path(device)
        return self._own(path, named) if self.publisher else self._foreign(path, named)

    def _check_seq(self, payload: Any) -> None:
        if payload.seq != self._next_seq:
            self.counters.gaps += 1
            self.wants_rebirth = True
        self._next_seq = (payload.seq + 1) % 256

    def _spec(self, device: str | None, metric: Any) -> MetricSpec | None:
        if metric.name:
            return self._names.get((device, metric.name))
        owner, spec = self._aliases.get(metric.alias, (None, None))
        return spec if owner == device else None

    def _path(self, device: str | None) -> EquipmentPath:
        identity = self.identity._replace(device=device)
        return sparkplug_path(identity) if self.publisher else _foreign_path(identity)

    def _own(self, path: EquipmentPath, named: list[tuple[MetricSpec, Any]]) -> list[Frame]:
        seq = -1
        exact: dict[int, int] = {}
        data: list[tuple[MetricSpec, Any]] = []
        for spec, metric in named:
            if spec.name == SEQUENCE:
                seq = metric.long_value
            elif spec.name == TIME:
                exact[len(data)] = metric.long_value
            elif spec.kind is not None:
                data.append((spec, metric))
        if not data:
            return []
        width = _width(data)
        if len(data) % width:
            raise ValueError(f"payload: expected rows of {width} metrics, got {len(data)} metrics")
        starts = range(0, len(data), width)
        times = np.array([exact.get(at, data[at][1].timestamp * 1_000_000) for at in starts], np.int64)
        specs, metrics = [spec for spec, _ in data[:width]], [metric for _, metric in data]
        kind = specs[0].kind or RecordKind.TELEMETRY
        values, quality = _table(kind, specs, metrics)
        historical = data[0][1].is_historical
        tags = tuple(spec.column for spec in specs)
        _check(kind, specs, values)
        paths = (path,) * len(times)
        return [Frame(kind, paths, times, tags, values, quality, self.publisher, self.run, seq, historical)]

    def _foreign(self, path: EquipmentPath, named: list[tuple[MetricSpec, Any]]) -> list[Frame]:
        by_time: dict[int, list[tuple[MetricSpec, Any]]] = {}
        for spec, metric in named:
            if spec.kind is RecordKind.TELEMETRY:
                by_time.setdefault(metric.timestamp * 1_000_000, []).append((spec, metric))
        frames = []
        for time_ns, row in sorted(by_time.items()):
            unique = {spec.column: (spec, metric) for spec, metric in row}
            specs, metrics = [spec for spec, _ in unique.values()], [metric for _, metric in unique.values()]
            values, quality = _table(RecordKind.TELEMETRY, specs, metrics)
            historical = any(metric.is_historical for metric in metrics)
            times = np.array([time_ns], np.int64)
            frames.append(
                Frame(RecordKind.TELEMETRY, (path,), times, tuple(unique), values, quality, historical=historical)
            )
        return frames


def _check(kind: RecordKind, specs: list[MetricSpec], values: np.ndarray[Any, Any]) -> None:
    tags = tuple(spec.column for spec in specs)
    if any(spec.kind is not kind for spec in specs):
        raise ValueError(f"payload: expected metrics of {kind} only, got {sorted({str(s.kind) for s in specs})}")
    if kind is RecordKind.TELEMETRY:
        if len(set(tags)) < len(tags):
            raise ValueError(f"payload: expected each tag once in a row, got {tags[:20]}")
    elif tags != COLUMNS[kind]:
        raise ValueError(f"payload: expected {kind} metrics {COLUMNS[kind]}, got {tags}")
    elif problem := misfit(kind, values):
        raise ValueError(f"payload: {kind}: {problem}")


def _width(data: list[tuple[MetricSpec, Any]]) -> int:
    first = data[0][0]
    if first.kind is not RecordKind.TELEMETRY and first.kind is not None:
        return len(COLUMNS[first.kind])
    again = (at for at, (spec, _) in enumerate(data) if at and spec is first)
    return next(again, len(data))


def _table(
    kind: RecordKind, specs: list[MetricSpec], metrics: list[Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, np.dtype[np.uint8]] | None]:
    width, telemetry = len(specs), kind is RecordKind.TELEMETRY
    if telemetry and all(spec.datatype == DataType.DOUBLE for spec in specs):
        numbers: list[Any] = [metric.double_value for metric in metrics]
    else:
        numbers = [get_value(metric, specs[at % width].datatype) for at, metric in enumerate(metrics)]
    values = np.array(numbers, dtype=np.float64 if telemetry else object).reshape(-1, width)
    quality: np.ndarray[Any, np.dtype[np.uint8]] | None = None
    for at, metric in enumerate(metrics):
        null = telemetry and metric.is_null
        if null or metric.HasField("properties"):
            quality = np.zeros(values.shape, np.uint8) if quality is None else quality
            quality.flat[at] = _quality(metric, null)
            if null:
                values.flat[at] = np.nan
    return values, quality


def _quality(metric: Any, null: bool) -> int:
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == QUALITY:
            return QUALITIES.get(value.int_value, int(BAD))
    return int(BAD) if null else 0


def _foreign_spec(name: str, datatype: int) -> MetricSpec:
    number = datatype in range(DataType.INT8, DataType.STRING)
    control = name == BDSEQ or name.startswith(("Node Control/", "Device Control/"))
    kind = RecordKind.TELEMETRY if number and not control else None
    return MetricSpec(name, datatype, kind, name)


def _tag_of(spec: MetricSpec, metric: Any) -> TagSpec:
    texts = dict(zip(metric.properties.keys, metric.properties.values, strict=False))
    unit = texts["engUnit"].string_value if "engUnit" in texts else "1"
    return TagSpec(spec.name, unit, 0.0, 0.0, spec.name, spec.name)


def _foreign_path(identity: SparkplugId) -> EquipmentPath:
    parts: Iterable[str] = (part for part in identity if part is not None)
    return EquipmentPath("/".join(re.sub(r"[^a-z0-9_-]", "-", part.lower()).lstrip("-_") or "x" for part in parts))
