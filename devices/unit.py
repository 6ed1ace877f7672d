"""What a driver is told: the units it speaks for, and one step of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.config import PowerConfig
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind


class PlantView(Protocol):
    """The plant as an engine shows it at one moment; every array is [units of the plant]."""

    state: NDArray[np.uint8]
    energy_kwh: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    parts: NDArray[np.int64]
    wear: NDArray[np.float64]


class Event(NamedTuple):
    """One event of the plant's trace: simulated time, unit number, kind and the kind's columns."""

    sim_s: float
    unit: int
    kind: RecordKind
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class DeviceUnit:
    """A unit and what stands for it.

    Args:
        path: Identity.
        number: Index of the unit in the plant's arrays.
        profile: Tag profile; empty for a unit without a device, which has an energy meter only.
        driver: Kind of driver.
        options: Options of the driver, not yet checked.
        power: Electrical power by state.
        signatures: Signals that drift before one of its failures.
        item: Item that it makes, where that is known without running.
        ideal_s: Planned run time per item in s.
        order: Standing job order of its line.
    """

    path: EquipmentPath
    number: int
    profile: str = ""
    driver: str = "simulated"
    options: dict[str, Any] = field(default_factory=dict)
    power: PowerConfig = PowerConfig()
    signatures: frozenset[str] = frozenset()
    item: str = ""
    ideal_s: float | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What all drivers of a site share.

    Args:
        seed: Seed of the run.
        epoch_ns: UTC time of simulated second 0.
        utc_offset_s: Offset of local time at the epoch.
        base: Directory to which names of files are relative.
    """

    seed: int
    epoch_ns: int
    utc_offset_s: float = 0.0
    base: Path = Path()


@dataclass(frozen=True, slots=True)
class Tick:
    """One step ``[t0_s, t1_s)`` of simulated time.

    Args:
        t0_s: End of the step before.
        t1_s: Time of the samples.
        view: The plant at ``t1_s``.
        events: Events of the step, of this driver's units only, in order of time.
    """

    t0_s: float
    t1_s: float
    view: PlantView
    events: Sequence[Event] = ()


class Driver(Protocol):
    """Speaks for all units of one site that name it. Must pickle, so no open handles in its state."""

    def frames(self, tick: Tick) -> list[Frame]:
        """What the units say in one step: frames of events and of telemetry, in any order."""
