"""The last of everything, in memory: what pages show before and between questions to the store.

Fed by the ingest in the event loop, read by the live stream. Bounded: a new key above the limit is
refused and counted, never silently taken. A row that cannot be shown is left out and counted with its
reason; the rows beside it are shown.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from brokers.retry import retried
from dashboards.delta import Delta, Json
from dashboards.guests import Guests
from dashboards.heartbeats import Heartbeats
from dashboards.model import PlantModel
from dashboards.rows import MS, Key, figure, kpi_row, lacking, rows, wire_key
from dashboards.silence import HeardUnits
from dashboards.streamed import opening, slim, standing_in, streamed
from twin.equipment import EquipmentPath, Level
from twin.kpi.running import RunningFigures
from twin.ports import History
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)

POWER = "power_kw"
PATIENCE_S = 120.0
"""Longest time to wait at the start for a store that is busy."""
RESTORED = (
    RecordKind.META,
    RecordKind.STATE,
    RecordKind.STOCK,
    RecordKind.ALARM,
    RecordKind.KPI,
    RecordKind.HEARTBEAT,
)
HEARD = frozenset({RecordKind.TELEMETRY, RecordKind.STATE, RecordKind.STOCK, RecordKind.ALARM, RecordKind.SHIPMENT})
"""Kinds of which a record shows that there is a unit."""


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """Bounds of the memory.

    Args:
        keys: Keys per section (units, KPI values, stocks).
        events: Events kept for the ticker.
        points: Telemetry rows per watched unit between two deltas.
        tags: Tags kept per unit, of those that say several sets of them.
    """

    keys: int = 400_000
    events: int = 200
    points: int = 256
    tags: int = 4096


@dataclass(slots=True)
class _Reading:
    """Last telemetry row of a unit."""

    time_ns: int
    tags: tuple[str, ...]
    values: Any
    quality: Any


@dataclass(slots=True)
class _Changes:
    """What has changed since the last delta."""

    shared: dict[str, dict[str, Json]] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    watched: dict[str, dict[str, Any]] = field(default_factory=dict)


class LiveState:
    """Last values of a plant.

    Args:
        now_ns: Clock for the age of heartbeats; only differences matter.
        limits: Bounds.
        guests: Who is a stranger, and how much is kept of strangers; None: nobody is one.
    """

    def __init__(
        self,
        now_ns: Callable[[], int] = time.monotonic_ns,
        limits: LiveLimits | None = None,
        guests: Guests | None = None,
    ):
        self.model = PlantModel()
        self.guests = guests or Guests(lambda _: True)
        self.limits = limits or LiveLimits()
        self.refused = 0
        self.unshown: Counter[tuple[RecordKind, str]] = Counter()
        """Rows that cannot be shown, by kind and what they lack."""
        self.frames = 0
        self.events: deque[dict[str, Any]] = deque(maxlen=self.limits.events)
        self.heard = HeardUnits(now_ns)
        self.held_s: Callable[[], float] = _not_held
        """For how long the store has taken nothing, so that nothing newer comes here, in s."""
        self._now_ns = now_ns
        self._sections: dict[str, dict[Key, dict[str, Any]]] = {
            name: {} for name in ("states", "stock", "alarms", "kpis", "sites")
        }
        self._beats = Heartbeats()
        self._running = RunningFigures()
        self._readings: dict[str, _Reading] = {}
        self._power: dict[str, dict[str, float]] = {}
        self._watching: Counter[str] = Counter()
        self._changes = _Changes()
        self._takers: dict[RecordKind, Callable[[Frame], None]] = {
            RecordKind.TELEMETRY: self._telemetry,
            RecordKind.STATE: self._states,
            RecordKind.STOCK: self._stock,
            RecordKind.SHIPMENT: self._shipments,
            RecordKind.ALARM: self._alarms,
            RecordKind.HEARTBEAT: self._heartbeats,
            RecordKind.META: self._meta,
            RecordKind.KPI: self._kpis,
        }

    def feed(self, frames: Iterable[Frame]) -> None:
        """Take frames that are in the store; an observer of the ingest."""
        for given in frames:
            taker = self._takers.get(given.kind)
            if taker is not None and len(frame := self.guests.admitted(given)):
                self.frames += 1
                taker(frame)
                if frame.kind in HEARD:
                    self._hear(frame)
                self.heard.hear(frame)

    def _hear(self, frame: Frame) -> None:
        """Units of which there are records and no master data."""
        for path in dict.fromkeys(frame.paths):
            if path not in self.model.units and len(self.model.units) < self.limits.keys:
                self.model.hear(EquipmentPath(path))

    async def load(self, history: History, patience_s: float = PATIENCE_S) -> None:
        """Take the last records of a store, so that a page is full before the first frame comes.

        Args:
            history: The store; when it is busy or away it is asked again.
            patience_s: Longest time to go on asking.

        Raises:
            StoreError: It still did not answer when the time was up.
        """
        for kind in RESTORED:
            self.feed([await retried(partial(history.latest, kind), "pages", patience_s)])
        for site in self._sections["sites"].values():
            site["arrived_ns"] = None
        self._beats = Heartbeats()
        self.heard = HeardUnits(self._now_ns)

    @property
    def data_ns(self) -> int:
        """Newest source time that any site has confirmed; 0 before the first heartbeat."""
        return max((site["t"] * MS for site in self._sections["sites"].values()), default=0)

    @property
    def agreed_ns(self) -> int:
        """Source time that half of the sites have confirmed, so that no single clock decides; 0 before the first."""
        times = sorted(site["t"] for site in self._sections["sites"].values())
        return times[(len(times) - 1) // 2] * MS if times else 0

    def section(self, name: str) -> dict[Key, dict[str, Any]]:
        """One section: states, sites (path), stock (path, item), alarms (path, code), kpis (path, id, window)."""
        return self._sections[name]

    def figures(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Last value of every KPI: path, KPI, window and row."""
        for (path, kpi, window), row in self._sections["kpis"].items():
            yield path, kpi, window, row

    def reading(self, path: str) -> dict[str, Any]:
        """Last telemetry of a unit: time in ms, value by tag (None: unknown), tags of bad quality."""
        last = self._readings.get(path)
        return {"t": None, "values": {}, "bad": []} if last is None else _point(last)

    def watch(self, path: str) -> None:
        """Begin to keep every telemetry row and KPI of a unit for the next deltas."""
        self._watching[path] += 1

    def unwatch(self, path: str) -> None:
        """End one :meth:`watch`."""
        self._watching[path] -= 1
        if self._watching[path] <= 0:
            del self._watching[path]
            self._changes.watched.pop(path, None)

    def snapshot(self) -> dict[str, Any]:
        """Everything that deltas build upon."""
        return {
            **self._about(),
            **{name: _keyed(self._sections[name]) for name in ("states", "stock", "alarms")},
            "kpis": _keyed(dict(opening(self._sections["kpis"]))),
            "sites": self.sites(),
            "events": sorted(self.events, key=_at),
        }

    def watched(self, path: str) -> dict[str, Any]:
        """What a client that begins to watch a unit needs: its last values and all its KPIs."""
        kpis = {key: row for key, row in self._sections["kpis"].items() if key[0] == path}
        return {"points": [self.reading(path)], "kpis": _keyed(kpis)}

    def sites(self) -> dict[str, dict[str, Any]]:
        """Heartbeat of each site with its age in s, the electrical power of its units in kW, and which are silent."""
        silent = self.heard.silent(self.held_s())
        return {path: self._site(path, row, silent.get(path, {})) for (path,), row in self._sections["sites"].items()}

    def take(self) -> Delta:
        """What has changed since the last call."""
        changes, self._changes = self._changes, _Changes()
        if "sites" in changes.shared:
            changes.shared["sites"] = self.sites()
        changes.shared["about"] = self._about()
        return Delta(changes.shared, sorted(changes.events, key=_at)[-self.limits.events :], changes.watched)

    def _about(self) -> dict[str, Any]:
        return {"model": self.model.version, "data": self.data_ns // MS, "held_s": round(self.held_s(), 1)}

    def _site(self, path: str, row: dict[str, Any], silent: dict[str, float]) -> dict[str, Any]:
        arrived = row["arrived_ns"]
        age_s = None if arrived is None else (self._now_ns() - arrived) / 1e9
        power = self._power.get(path)
        shown = {name: value for name, value in row.items() if name != "arrived_ns"}
        return {**shown, "age_s": age_s, "power_kw": sum(power.values()) if power else None, "silent": silent}

    def _rows(self, frame: Frame) -> Iterator[tuple[str, int, Any]]:
        """Rows that can be shown, with plain text as path, because keys of JSON objects must be exactly that."""
        for path, time_ns, values in rows(frame):
            if missing := lacking(frame.kind, values):
                self._leave(frame.kind, path, missing)
            else:
                yield str(path), time_ns, values

    def _leave(self, kind: RecordKind, path: str, missing: str) -> None:
        if (kind, missing) not in self.unshown:
            log.warning("pages: %s of %s: expected %s, got none (not shown)", kind, path, missing)
        self.unshown[kind, missing] += 1

    def _put(self, section: str, key: Key, row: dict[str, Any]) -> bool:
        """Keep a row unless a newer one is known or there is no room; says whether it was kept."""
        kept = self._sections[section]
        known = kept.get(key)
        if known is None and len(kept) >= self.limits.keys:
            self.refused += 1
            return False
        if known is None and not self.guests.takes_entry(section, str(key[0])):
            return False
        if known is not None and known["t"] > row["t"]:
            return False
        kept[key] = row
        if section != "kpis":
            self._changes.shared.setdefault(section, {})[wire_key(key)] = row
        elif streamed(key):
            self._changes.shared.setdefault(section, {})[wire_key(key)] = slim(key, row)
        return True

    def _event(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self._changes.events.append(event)

    def _telemetry(self, frame: Frame) -> None:
        power = frame.tags.index(POWER) if POWER in frame.tags else None
        for index, path in enumerate(frame.paths):
            time_ns = int(frame.time_ns[index])
            known = self._readings.get(path)
            if known is not None and known.time_ns > time_ns:
                continue
            if known is None and len(self._readings) >= self.limits.keys:
                self.refused += 1
                continue
            quality = None if frame.quality is None else frame.quality[index]
            reading = _Reading(time_ns, frame.tags, frame.values[index], quality)
            self._read(path, self._joined(known, reading), power)

    def _read(self, path: EquipmentPath, reading: _Reading, power: int | None) -> None:
        self._readings[path] = reading
        if power is not None and path.level >= Level.SITE:
            self._take_power(path, figure(dict(zip(reading.tags, reading.values, strict=True))[POWER]))
        if path in self._watching:
            points = self._changes.watched.setdefault(str(path), {}).setdefault("points", [])
            if len(points) < self.limits.points:
                points.append(_point(reading))
            else:
                points[-1] = _point(reading)

    def _take_power(self, path: EquipmentPath, power_kw: float | None) -> None:
        units = self._power.setdefault(str(path.site), {})
        if power_kw is None:
            units.pop(path, None)
        else:
            units[path] = power_kw

    def _joined(self, known: _Reading | None, new: _Reading) -> _Reading:
        """The new row, with the tags that only the row before it had (a device may send several sets of tags)."""
        said = set(new.tags)
        if known is None or known.tags == new.tags or said.issuperset(known.tags):
            return new
        kept = [index for index, tag in enumerate(known.tags) if tag not in said]
        room = max(0, self.limits.tags - len(new.tags))
        self.refused += max(0, len(kept) - room)
        kept = kept[:room]
        values = np.concatenate([new.values, known.values[kept]])
        quality = None
        if new.quality is not None or known.quality is not None:
            quality = np.concatenate([_qualities(new), _qualities(known)[kept]])
        return _Reading(new.time_ns, (*new.tags, *(known.tags[index] for index in kept)), values, quality)

    def _states(self, frame: Frame) -> None:
        for path, time_ns, (state, order, cause) in self._rows(frame):
            row = {"s": state, "t": time_ns // MS, "order": order, "cause": cause}
            known = self._sections["states"].get((path,))
            untold = state == "FAILED" and cause is None  # with a cause the alarm of that cause tells it
            if self._put("states", (path,), row) and known != row and untold:
                self._event({"kind": "failed", "path": path, "t": row["t"], "cause": cause})

    def _stock(self, frame: Frame) -> None:
        for path, time_ns, (item, on_hand) in self._rows(frame):
            self._put("stock", (path, item), {"t": time_ns // MS, "n": figure(on_hand)})

    def _shipments(self, frame: Frame) -> None:
        for path, time_ns, (shipment, event, item, quantity, origin, destination) in self._rows(frame):
            route = {"origin": origin, "destination": destination}
            what = {"kind": event, "path": path, "t": time_ns // MS, "shipment": shipment}
            self._event({**what, "item": item, "quantity": figure(quantity), **route})

    def _alarms(self, frame: Frame) -> None:
        for path, time_ns, (code, severity, active, text) in self._rows(frame):
            row = {"t": time_ns // MS, "severity": severity, "active": bool(active), "text": text}
            if self._put("alarms", (path, code), row) and not frame.historical:
                self._event({"kind": "alarm" if active else "cleared", "path": path, "code": code, **row})

    def _heartbeats(self, frame: Frame) -> None:
        for path, time_ns, (sent, dropped, lag_s) in self._rows(frame):
            row = {"t": time_ns // MS, "sent": sent, "dropped": dropped, "lag_s": figure(lag_s)}
            told = self._beats.take(path, frame.publisher, row)
            if told is not None:
                self._put("sites", (path,), {**told, "arrived_ns": self._now_ns()})

    def _meta(self, frame: Frame) -> None:
        for path, _, (schema, body) in self._rows(frame):
            if self.guests.takes_body(path, schema, body):
                self.model.note(EquipmentPath(path), schema, body)

    def _kpis(self, frame: Frame) -> None:
        for path, time_ns, values in self._rows(frame):
            row = kpi_row(time_ns, values)
            key = (path, row.pop("kpi"), row.pop("window"))
            if self._put("kpis", key, row):
                self._running.take(key, row)
                self._tell_watchers(key, row)
        for path in dict.fromkeys(frame.paths):
            self._drop_ended(str(path))

    def _drop_ended(self, path: str) -> None:
        """Figures of the running window that are no longer said are told as None, with what stands in for them."""
        kept = self._sections["kpis"]
        for key in [*self._running.ended(path, kept)]:
            del kept[key]
            self._tell_watchers(key, None)
            if streamed(key):
                changed = self._changes.shared.setdefault("kpis", {})
                changed[wire_key(key)] = None
                changed |= {wire_key(other): slim(other, kept[other]) for other in standing_in(key) if other in kept}

    def _tell_watchers(self, key: Key, row: dict[str, Any] | None) -> None:
        if key[0] in self._watching:
            self._changes.watched.setdefault(key[0], {}).setdefault("kpis", {})[wire_key(key)] = row


def _not_held() -> float:
    return 0.0


def _keyed(kept: dict[Key, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {wire_key(key): row for key, row in kept.items()}


def _qualities(reading: _Reading) -> Any:
    return np.zeros(len(reading.tags), np.uint8) if reading.quality is None else reading.quality


def _point(reading: _Reading) -> dict[str, Any]:
    values = {tag: figure(value) for tag, value in zip(reading.tags, reading.values, strict=True)}
    bad = [] if reading.quality is None else [reading.tags[index] for index in np.flatnonzero(reading.quality)]
    return {"t": reading.time_ns // MS, "values": values, "bad": bad}


def _at(event: Json) -> int:
    time_ms: int = event["t"]
    return time_ms
