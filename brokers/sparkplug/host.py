"""What a host application knows of the edge nodes. No input or output."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from brokers.attendance import Sign
from brokers.mqtt.codec import MalformedError
from brokers.naming import SparkplugId, foreign_path, publisher_problem, sparkplug_path, tag_problem
from brokers.refusals import Refusals
from brokers.sparkplug.metrics import (
    BDSEQ,
    PUBLISHER,
    RUN,
    SEQUENCE,
    TIME,
    MetricSpec,
    spec_for,
)
from brokers.sparkplug.tables import fitted, table, width_of
from twin.equipment import EquipmentPath
from twin.master import SCHEMAS, EquipmentMaster, meta_frame
from twin.records import UNCERTAIN, Frame, RecordKind, records
from twin.sparkplug.protobuf import DataType, Metric, get_value
from twin.tags import TagSpec

MOST_METRICS = 100_000
MOST_TAGS = 5_000
"""Numbers that one device which is not ours may have."""
MOST_DEVICES = 10_000
MOST_SETS = 2_000
"""Sets of tags that the times of one message may have."""
UNMAPPED = "birth: expected metrics as our publishers name them (numbers are kept; no states, quantities or indicators)"
MS = 1_000_000
_NO_METRIC: Any = Metric()
MOST_MS = 2**63 // MS - 1
"""Latest time whose ns are 64 bits."""


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
        now_ns: Time of arrival, for what has no time of its own.
        refusals: Where metrics are counted that are left out.

    Attributes:
        online: Born and not dead.
        devices: Devices and whether they are online.
        wants_rebirth: The host must ask for a rebirth.
    """

    identity: SparkplugId
    now_ns: Callable[[], int] = time.time_ns
    refusals: Refusals = field(default_factory=Refusals)
    online: bool = False
    devices: dict[str, bool] = field(default_factory=dict)
    wants_rebirth: bool = False
    counters: NodeCounters = field(default_factory=NodeCounters)
    publisher: str = ""
    run: str = ""
    _bd_seq: int | None = None
    _next_seq: int = 0
    _aliases: dict[str | None, dict[int, MetricSpec | None]] = field(default_factory=dict)
    _names: dict[str | None, dict[str, MetricSpec]] = field(default_factory=dict)
    _masters: dict[tuple[EquipmentPath, str], str] = field(default_factory=dict)
    _unmapped: set[EquipmentPath] = field(default_factory=set)

    def take(self, word: str, device: str | None, payload: Any) -> list[Frame]:
        """Take a message of this node, e.g. ``DDATA``, and give the frames in it.

        Raises:
            ValueError: It has no meaning, e.g. too many metrics or a name that makes no path.
        """
        if payload.timestamp > MOST_MS:
            self._refuse(f"payload: expected a time in ms of 64 bits in ns, got {payload.timestamp}", device)
            payload.timestamp = 0
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
            if device not in self.devices and len(self.devices) >= MOST_DEVICES:
                raise ValueError(f"host: expected at most {MOST_DEVICES} devices of an edge node")
            self.devices[device] = True
        self._aliases[device], self._names[device] = {}, {}
        named = [(self._define(device, metric), metric) for metric in payload.metrics if metric.name]
        if self.publisher:
            return self._masters_in(device, named)
        return self._foreign_birth(device, named, payload.timestamp)

    def _node_birth(self, payload: Any) -> None:
        texts = {metric.name: metric for metric in payload.metrics}
        publisher = texts[PUBLISHER].string_value if PUBLISHER in texts else ""
        if publisher and (problem := publisher_problem(publisher)):
            raise ValueError(f"birth: {problem}")
        self.publisher = publisher
        self.run = texts[RUN].string_value if RUN in texts else ""
        self._bd_seq = get_value(texts[BDSEQ], DataType.INT64) if BDSEQ in texts else None
        self._aliases.clear()
        self._names.clear()
        self.devices.clear()
        self.online, self.wants_rebirth = True, False
        self._next_seq = (payload.seq + 1) % 256

    def _define(self, device: str | None, metric: Any) -> MetricSpec:
        name, datatype = metric.name, metric.datatype
        spec = spec_for(name, datatype) if self.publisher else self._foreign_spec(device, name, datatype)
        aliases, names = self._aliases[device], self._names[device]
        if metric.HasField("alias"):
            ambiguous = metric.alias in aliases and aliases[metric.alias] != spec
            aliases[metric.alias] = None if ambiguous else spec
            if ambiguous:
                self._refuse(f"metric: expected an alias for one metric of a birth, got {metric.alias} again", device)
        if name in names:
            self._refuse(f"metric: expected each name once in a birth, got {name!r:.100} again", device)
        names[name] = spec
        return spec

    def _refuse(self, problem: str, device: str | None) -> None:
        self.refusals.error(ValueError(problem), "/".join(filter(None, (*self.identity[:2], device))))

    def _foreign_spec(self, device: str | None, name: str, datatype: int) -> MetricSpec:
        number = datatype in range(DataType.INT8, DataType.STRING)
        control = name == BDSEQ or name.startswith(("Node Control/", "Device Control/"))
        problem = tag_problem(name)
        if not (problem or number or control):
            problem = f"expected a number, got data type {datatype} (what is none is not kept)"
        if problem:
            self._refuse(f"metric: {problem}", device)
        kind = RecordKind.TELEMETRY if number and not control and not problem else None
        return MetricSpec(name, datatype, kind, name)

    def _node_death(self, payload: Any) -> None:
        found = [get_value(metric, DataType.INT64) for metric in payload.metrics if metric.name == BDSEQ]
        if self.online and (not found or self._bd_seq is None or found[0] == self._bd_seq):
            self.online = False
            self.devices = dict.fromkeys(self.devices, False)

    def sign(self, word: str, device: str | None, before: bool) -> Sign | None:
        """What a message that was taken says of who is there; None when nothing changes.

        Args:
            word: Its type.
            device: Its device.
            before: Whether the node was online before it.
        """
        if word == "NBIRTH":
            return Sign(self.publisher, True) if self.publisher else None
        if word == "DDEATH":
            return Sign(self.publisher, False, (self._path(device),))
        if word == "NDEATH" and before and not self.online:
            paths = () if self.publisher else tuple(self._path(name) for name in (None, *self.devices))
            return Sign(self.publisher, False, paths)
        return None

    def _masters_in(self, device: str | None, named: list[tuple[MetricSpec, Any]]) -> list[Frame]:
        texts = {spec.column: metric for spec, metric in named if spec.kind is RecordKind.META}
        schema = texts["schema"].string_value if "schema" in texts else ""
        if schema not in SCHEMAS or "body" not in texts:
            return []
        path, body = self._path(device), texts["body"].string_value
        if self._masters.get((path, schema)) == body:
            return []
        if len(self._masters) > 2 * MOST_DEVICES:
            self._masters.clear()
        self._masters[path, schema] = body
        frame = records(RecordKind.META, [(path, texts["body"].timestamp * MS, (schema, body))])
        return [Frame(frame.kind, frame.paths, frame.time_ns, frame.tags, frame.values, historical=True)]

    def _foreign_birth(self, device: str | None, named: list[tuple[MetricSpec, Any]], sent_ms: int) -> list[Frame]:
        known = [(spec, metric) for spec, metric in named if spec.kind is RecordKind.TELEMETRY]
        if not known:
            return []
        if len(known) > MOST_TAGS:
            raise ValueError(f"birth: expected at most {MOST_TAGS} metrics that are numbers, got {len(known)}")
        path = self._path(device)
        if path not in self._unmapped and len(self._unmapped) < MOST_DEVICES:
            self._unmapped.add(path)
            self.refusals.add(UNMAPPED, str(path))
        tags = tuple(_tag_of(spec, metric) for spec, metric in known)
        title = self.identity.node if device is None else device
        master = EquipmentMaster(kind="unit", tags=tags, en=title, zh=title)
        values = self._foreign(path, known, sent_ms)
        time_ns = int(values[-1].time_ns[-1]) if values else self._time(_NO_METRIC, sent_ms)[0]
        return [meta_frame(time_ns, [(path, master)]), *values]

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
            if spec is not None:
                named.append((spec, metric))
                continue
            self.counters.unknown += 1
            self.wants_rebirth = True
            if self.publisher:
                return []  # a row of ours is whole or not at all
        path = self._path(device)
        sent_ms = payload.timestamp
        return self._own(path, named, sent_ms) if self.publisher else self._foreign(path, named, sent_ms)

    def _check_seq(self, payload: Any) -> None:
        if payload.seq != self._next_seq:
            self.counters.gaps += 1
            self.wants_rebirth = True
        self._next_seq = (payload.seq + 1) % 256

    def _spec(self, device: str | None, metric: Any) -> MetricSpec | None:
        if metric.name:
            return self._names.get(device, {}).get(metric.name)
        return self._aliases.get(device, {}).get(metric.alias)

    def _path(self, device: str | None) -> EquipmentPath:
        identity = self.identity._replace(device=device)
        return sparkplug_path(identity) if self.publisher else foreign_path(identity)

    def _own(self, path: EquipmentPath, named: list[tuple[MetricSpec, Any]], sent_ms: int) -> list[Frame]:
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
        place = (self.publisher, self.run, seq)
        try:
            return [self._rows(path, data, exact, sent_ms).stamped(*place)]
        except (ValueError, OverflowError) as error:
            kind = data[0][0].kind or RecordKind.TELEMETRY
            raise MalformedError(str(error), place if seq >= 0 else None, kind) from None

    def _rows(
        self, path: EquipmentPath, data: list[tuple[MetricSpec, Any]], exact: dict[int, int], sent_ms: int
    ) -> Frame:
        width = width_of(data)
        if len(data) % width:
            raise ValueError(f"payload: expected rows of {width} metrics, got {len(data)} metrics")
        starts = range(0, len(data), width)
        times = np.array([exact.get(at) or self._time(data[at][1], sent_ms)[0] for at in starts], np.int64)
        specs, metrics = [spec for spec, _ in data[:width]], [metric for _, metric in data]
        kind = specs[0].kind or RecordKind.TELEMETRY
        values, quality = table(kind, specs, metrics)
        tags, values = fitted(kind, specs, values, partial(self.refusals.error, sender=str(path)))
        historical = data[0][1].is_historical
        paths = (path,) * len(times)
        return Frame(kind, paths, times, tags, values, quality, historical=historical, sent_ns=sent_ms * MS)

    def _time(self, metric: Any, sent_ms: int) -> tuple[int, bool]:
        """Time of a metric in ns, else of its payload, else of its arrival, and whether anybody said it."""
        said_ms = metric.timestamp or sent_ms
        return (said_ms * MS, True) if said_ms else (self.now_ns(), False)

    def _foreign(self, path: EquipmentPath, named: list[tuple[MetricSpec, Any]], sent_ms: int) -> list[Frame]:
        """Frames of a device that is not ours: a table for each set of tags, a row for each time."""
        by_time: dict[tuple[int, bool], dict[str, tuple[MetricSpec, Any]]] = {}
        unsaid = self._time(_NO_METRIC, sent_ms)
        for spec, metric in named:
            if metric.timestamp > MOST_MS:
                self._refuse(f"metric: expected a time in ms of 64 bits in ns, got {metric.timestamp}", path.name)
            elif spec.kind is RecordKind.TELEMETRY:
                time = (metric.timestamp * MS, True) if metric.timestamp else unsaid
                by_time.setdefault(time, {})[spec.column] = (spec, metric)
        tables: dict[tuple[tuple[str, ...], bool], list[tuple[int, dict[str, tuple[MetricSpec, Any]]]]] = {}
        for (time_ns, said), row in sorted(by_time.items()):
            tables.setdefault((tuple(row), said), []).append((time_ns, row))
        if len(tables) > MOST_SETS:
            raise ValueError(f"payload: expected at most {MOST_SETS} sets of tags in its rows, got {len(tables)}")
        return [_foreign_frame(path, rows, said, sent_ms * MS) for (_, said), rows in tables.items()]


def _foreign_frame(
    path: EquipmentPath, rows: list[tuple[int, dict[str, tuple[MetricSpec, Any]]]], said: bool, sent_ns: int
) -> Frame:
    first = rows[0][1]
    metrics = [metric for _, row in rows for _, metric in row.values()]
    values, quality = table(RecordKind.TELEMETRY, [spec for spec, _ in first.values()], metrics)
    if not said:
        doubt = np.full(values.shape, UNCERTAIN)
        quality = doubt if quality is None else np.maximum(quality, doubt)
    times = np.array([time_ns for time_ns, _ in rows], np.int64)
    historical = any(metric.is_historical for metric in metrics)
    kind, paths = RecordKind.TELEMETRY, (path,) * len(rows)
    return Frame(kind, paths, times, tuple(first), values, quality, historical=historical, sent_ns=sent_ns)


def _tag_of(spec: MetricSpec, metric: Any) -> TagSpec:
    texts = dict(zip(metric.properties.keys, metric.properties.values, strict=False))
    unit = texts["engUnit"].string_value if "engUnit" in texts else "1"
    return TagSpec(spec.name, unit, 0.0, 0.0, spec.name, spec.name)
