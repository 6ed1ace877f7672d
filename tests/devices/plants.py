"""Small plants for the tests of devices, and a hand-made engine: events and views written down by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.config.plant import (
    AreaConfig,
    DeviceConfig,
    EnterpriseConfig,
    FailureConfig,
    ItemConfig,
    LineConfig,
    PlantConfig,
    PowerConfig,
    SiteConfig,
    StationConfig,
)
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind
from twin.states import UnitState
from twin.stations.machine import MachineConfig
from twin.stations.sink import SinkConfig
from twin.stations.source import SourceConfig

SITE = EquipmentPath("acme/works")
LINE = EquipmentPath("acme/works/shop/line1")
POWER = PowerConfig(producing="12 kW", setup="5 kW", idle="3 kW", down="1 kW", off="0.2 kW")
EPOCH = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


class Happening(NamedTuple):
    """An event as an engine traces it."""

    sim_s: float
    unit: int
    kind: RecordKind
    values: tuple[Any, ...]


@dataclass
class View:
    """A plant at one moment as an engine shows it."""

    state: NDArray[np.uint8]
    energy_kwh: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    parts: NDArray[np.int64]
    wear: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    counted: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def view(units: int, sim_s: float, state: UnitState, wear: float = 0.0) -> View:
    """All units in one state, having produced at 12 kW and one part a minute."""
    return View(
        np.full(units, state, np.uint8),
        np.full(units, 12.0 * sim_s / 3600),
        np.full(units, 12.0),
        np.full(units, int(sim_s // 60), np.int64),
        np.full(units, wear),
    )


def enters(sim_s: float, unit: int, state: UnitState) -> Happening:
    """A unit enters a state."""
    return Happening(sim_s, unit, RecordKind.STATE, (state.name, "line1", None))


def machine(name: str, device: DeviceConfig | None, **options: Any) -> MachineConfig:
    """A machine with 60 s cycles and a bearing that shows its wear in vibration."""
    wears = FailureConfig(id="bearing", after="4 h", repair="30 min", signature="vibration")
    fields = {"cycle": "60 s", "power": POWER, "failures": (wears,), **options}
    return MachineConfig(id=name, kind="machine", device=device, **fields)


def plant(*stations: StationConfig, **options: Any) -> PlantConfig:
    """A plant with one line."""
    site = SiteConfig(id="works", areas=(AreaConfig(id="shop", lines=(LineConfig(id="line1", stations=stations),)),))
    enterprise = EnterpriseConfig(id="acme", title="Acme", sites=(site,))
    items = {"blank": ItemConfig(title="Blank", value="4 CNY"), "shaft": ItemConfig(title="Shaft")}
    return PlantConfig(epoch=EPOCH, items=items, enterprises=(enterprise,), **options)


def machines(count: int, profile: str = "cnc", **device: Any) -> PlantConfig:
    """Machines with one profile, without anything around them."""
    return plant(*(machine(f"m{n}", DeviceConfig(profile=profile, **device)) for n in range(count)))


def flow(first: DeviceConfig, second: DeviceConfig | None) -> PlantConfig:
    """Source, two machines, sink."""
    return plant(
        SourceConfig(id="in", kind="source", mix={"blank": 1}),
        machine("m1", first, scrap=0.05),
        machine("m2", second, makes="shaft"),
        SinkConfig(id="out", kind="sink"),
    )


def telemetry(frames: list[Frame]) -> list[Frame]:
    """Telemetry frames of devices, without those that hold nothing but the meters' energy."""
    return [frame for frame in frames if frame.kind is RecordKind.TELEMETRY and len(frame.tags) > 1]


def series(frames: list[Frame], tag: str, path: EquipmentPath) -> NDArray[np.float64]:
    """The readings of one tag of one device, in the order in which they were sent."""
    found = [
        float(frame.values[row, frame.tags.index(tag)])
        for frame in telemetry(frames)
        for row, each in enumerate(frame.paths)
        if each == path
    ]
    return np.array(found)


def identity(frames: list[Frame]) -> set[tuple[str, str]]:
    """Every series that frames of telemetry belong to."""
    return {(path, tag) for frame in telemetry(frames) for path in frame.paths for tag in frame.tags}
