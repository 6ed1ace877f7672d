"""What the compiled kernel can run; everything else is named, so that the engine takes over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from twin.behaviours.failure import FailureMode
from twin.behaviours.life import CYCLES, Life
from twin.behaviours.processor import Processor
from twin.behaviours.setup import Setups
from twin.behaviours.task import Task
from twin.behaviours.workplace import Slot
from twin.config.plant import (
    AreaConfig,
    BreakConfig,
    CalendarConfig,
    EnterpriseConfig,
    FailureConfig,
    LineConfig,
    PlantConfig,
    ProcessConfig,
    SetupConfig,
    ShiftConfig,
    SiteConfig,
    StationConfig,
)
from twin.engine.codes import BREAK, DOWN, OFF
from twin.engine.station import Part, Station
from twin.plant.plant import Plant
from twin.stations.assembly import Assembly
from twin.stations.buffer import Buffer
from twin.stations.inspection import Inspection
from twin.stations.machine import Machine
from twin.stations.sink import Sink
from twin.stations.source import Source
from twin.stations.transport import Transport
from twin.zone import DAY_NS

_STATION = {"id", "kind", "title", "to", "device", "calendar", "power", "link", "position", "air", "gas"}
_PROCESS = _STATION | {"cycle", "cycles", "ideal_cycle", "failures", "setup", "scrap"}
KINDS: dict[type[Station], set[str]] = {
    Source: _STATION | {"mix", "interval", "limit"},
    Machine: _PROCESS | {"capacity", "makes"},
    Assembly: _PROCESS | {"bom", "makes", "sets"},
    Inspection: _PROCESS | {"capacity", "rework", "rework_to", "rework_max"},
    Buffer: _STATION | {"capacity", "initial"},
    Transport: _STATION | {"time", "capacity"},
    Sink: _STATION | {"interval", "final"},
}
"""Kinds that can be lowered, exactly these classes, and the fields of their configuration that are understood."""

_PLACE = {"id", "title", "calendar"}
CONFIGS: dict[type[Any], set[str]] = {
    PlantConfig: {"zone", "epoch", "items", "districts", "calendars", "enterprises", "chain", "perturbations"},
    EnterpriseConfig: {"id", "title", "sites"},
    SiteConfig: {"id", "title", "latitude", "longitude", "district", "zone", "calendar", "grid_factor", "areas"}
    | {"grid_factors", "tariff", "grade", "value_added_per_kwh"},
    AreaConfig: {"id", "title", "lines"},
    LineConfig: {"id", "title", "calendar", "order", "stations"},
    FailureConfig: {"id", "title", "after", "repair", "basis", "signature"},
    SetupConfig: {"duration", "by_change"},
    CalendarConfig: {"days", "shifts"},
    ShiftConfig: {"id", "start", "duration", "breaks", "days"},
    BreakConfig: {"start", "duration"},
}
"""Other configuration, likewise."""

LONGEST_NS = 50 * 366 * DAY_NS
"""No run is longer."""
PURPOSES = ("none", "cycle", "setup", "quality", "failure", "repair", "time", "demand")
"""What random numbers are drawn for."""


def reasons(plant: Plant) -> list[str]:
    """Why a plant cannot be lowered, one text per unit and feature; empty when it can."""
    found = list(_strange("plant", plant.config, CONFIGS[PlantConfig]))
    found += [reason for path, config in _places(plant.config) for reason in _strange(path, config)]
    found += list(_zones(plant.config))
    found += [reason for name, one in plant.config.calendars.items() for reason in _calendar(name, one)]
    for station in plant._stations:
        found += _station(station)
    return found + [f"{path}: buffers in a circle" for path in _circles(plant._stations)]


def _zones(config: PlantConfig) -> Iterator[str]:
    """Places whose clocks are changed: the weeks of their calendars differ."""
    begin = config.axis().origin_ns
    for path, site in (("plant", None), *config.sites()):
        zone = config.zone_of(site)
        if (site is None or site.zone) and zone.changes(begin, begin + LONGEST_NS):
            yield f"{path}: zone {zone.name}, whose clocks are changed"


def _circles(stations: Iterable[Station]) -> Iterator[str]:
    """Buffers that a part may come back to through buffers alone."""
    for start in stations:
        reached = {id(start): start} if isinstance(start, Buffer) else {}
        waiting = list(reached.values())
        while waiting:
            for follower in waiting.pop().successors:
                if follower is start:
                    yield str(start.path)
                if isinstance(follower, Buffer) and id(follower) not in reached:
                    reached[id(follower)] = follower
                    waiting.append(follower)


def _strange(where: str, config: Any, known: set[str] | None = None) -> Iterator[str]:
    """Fields that differ from their default and are not understood."""
    if known is None:
        known = next((CONFIGS[base] for base in type(config).__mro__ if base in CONFIGS), set())
    for name, field in type(config).model_fields.items():
        if name not in known and getattr(config, name) != field.get_default(call_default_factory=True):
            yield f"{where}: {name}"


def _places(config: PlantConfig) -> Iterator[tuple[str, Any]]:
    for enterprise in config.enterprises:
        yield enterprise.id, enterprise
        for site in enterprise.sites:
            yield site.id, site
            for area in site.areas:
                yield area.id, area
                for line in area.lines:
                    yield line.id, line


def _calendar(name: str, config: CalendarConfig) -> Iterator[str]:
    yield from _strange(name, config)
    for shift in config.shifts:
        yield from _strange(name, shift)
        for pause in shift.breaks:
            yield from _strange(name, pause)


def _station(station: Station) -> Iterator[str]:
    path, config = str(station.path), station.setting.config
    known = KINDS.get(type(station))
    if known is None:
        yield f"{path}: kind {config.kind}"
        return
    yield from _strange(path, config, known)
    yield from _parts(path, config)
    kinds = {(type(mode), type(mode.life), type(mode.task)) for mode in station.modes}
    if kinds - {(FailureMode, Life, Task)} or any(life.basis == CYCLES for life in station.lives):
        yield f"{path}: failures"
    if len(station.lives) != len(station.modes):
        yield f"{path}: lives that are not of its failures"
    if station.ramp is not None:
        yield f"{path}: power ramp"
    if station.driven:
        yield f"{path}: driven by a machine outside"
    if station.loops or station.losses:
        yield f"{path}: card loops"
    for what in [what for what, causes in station.influences.items() if causes]:
        yield f"{path}: influence on {what}"
    if station.held & ~(DOWN | BREAK | OFF) or any(reason != DOWN for reason, _ in station.causes):
        yield f"{path}: held for other reasons than failures, stops and its calendar"
    if isinstance(station, Processor):
        if any(type(stage) is not Setups for stage in station.stages) or len(station.stages) > 1:
            yield f"{path}: what comes before its operations"
        if station.exits:
            yield f"{path}: what comes after its operations"
        if station.general and station.quality is None:
            yield f"{path}: the general end of operations"
        if any(type(slot) is not Slot for slot in station.slots):
            yield f"{path}: places"
    if any(type(part) is not Part for part in station.contents()):
        yield f"{path}: lots"
    for stream in station.streams:
        if stream.purpose.partition(":")[0] not in PURPOSES:
            yield f"{path}: random numbers for {stream.purpose}"


def _parts(path: str, config: StationConfig) -> Iterator[str]:
    if isinstance(config, ProcessConfig):
        for mode in config.failures:
            yield from _strange(f"{path} failures", mode)
        if config.setup is not None:
            yield from _strange(f"{path} setup", config.setup)
