"""What a driver is told: the units it speaks for, and one step of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.signals.signal import ENERGY, Signal
from twin.config.plant import PowerConfig
from twin.engine.clock import to_ns
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind
from twin.zone import Axis, Zone

SIMULATED = "simulated"
"""The driver that every unit has."""


class PlantView(Protocol):
    """The plant as an engine shows it at one moment; every array is [units of the plant]."""

    @property
    def state(self) -> NDArray[np.uint8]:
        """Number of the state."""

    @property
    def energy_kwh(self) -> NDArray[np.float64]:
        """Energy since the start."""

    @property
    def power_kw(self) -> NDArray[np.float64]:
        """Power now."""

    @property
    def parts(self) -> NDArray[np.int64]:
        """Completed cycles since the start."""

    @property
    def air_m3(self) -> NDArray[np.float64]:
        """Compressed air taken since the start."""

    @property
    def gas_m3(self) -> NDArray[np.float64]:
        """Gas burnt since the start."""

    @property
    def counted(self) -> Mapping[str, NDArray[np.float64]]:
        """What else units count, since the start, by name."""

    @property
    def wear(self) -> NDArray[np.float64]:
        """Share of life used, 0 to 1, of the failure mode nearest to its end."""


def shown(view: PlantView, name: str) -> NDArray[np.float64]:
    """What a view shows under a name: a column, or what some units count."""
    column: NDArray[np.float64] = view.counted[name] if name in view.counted else getattr(view, name)
    return column


class TraceEvent(Protocol):
    """One event of the plant's trace."""

    @property
    def sim_s(self) -> float:
        """Simulated time."""

    @property
    def unit(self) -> int:
        """Number of the unit in the plant."""

    @property
    def kind(self) -> RecordKind:
        """Kind of record."""

    @property
    def values(self) -> tuple[Any, ...]:
        """The columns of that kind."""


@dataclass(frozen=True, slots=True)
class DeviceUnit:
    """A unit and what stands for it.

    Args:
        path: Identity.
        number: Index of the unit in the plant's arrays.
        profile: Tag profile; empty for a unit without a device, which has meters only.
        driver: Kind of driver.
        options: Options of the driver, not yet checked.
        others: Drivers that may take its place while everything runs, with their options.
        shadow: Whether the simulated machine is said beside a real one.
        drives: Whether its parts leave it as a real machine that stands for it counts them.
        power: Electrical power by state.
        signatures: Signals that drift before one of its failures.
        item: Item that it makes, where that is known without running.
        ideal_s: Planned run time per item in s.
        order: Standing job order of its line.
        metered: Whether its energy is metered.
        media: Meters of compressed air and gas that it has, and what else it counts.
    """

    path: EquipmentPath
    number: int
    profile: str = ""
    driver: str = "simulated"
    options: dict[str, Any] = field(default_factory=dict)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    shadow: bool = False
    drives: bool = False
    power: PowerConfig = field(default_factory=PowerConfig)
    signatures: frozenset[str] = frozenset()
    item: str = ""
    ideal_s: float | None = None
    order: str | None = None
    metered: bool = True
    media: tuple[Signal, ...] = ()

    @property
    def meters(self) -> tuple[Signal, ...]:
        """All its counters."""
        return (ENERGY, *self.media) if self.metered else self.media

    @property
    def drivers(self) -> dict[str, dict[str, Any]]:
        """All drivers that may stand for it, with their options; the simulated one always may."""
        return {SIMULATED: {}, **self.others, self.driver: self.options}

    def simulated(self) -> DeviceUnit:
        """The same unit, simulated."""
        return replace(self, driver=SIMULATED, options=self.drivers[SIMULATED])


@dataclass(frozen=True, slots=True)
class Setting:
    """What all drivers of a site share.

    Args:
        seed: Seed of the run.
        epoch_ns: UTC time of simulated second 0.
        zone: Local time.
        base: Directory to which names of files are relative.
        moved_days: Days by which second 0 is later than in the document whose dates are told.
    """

    seed: int
    epoch_ns: int
    zone: Zone = field(default_factory=Zone)
    base: Path = Path()
    moved_days: int = 0

    @property
    def axis(self) -> Axis:
        """Simulated time with the local time of the site."""
        return Axis(self.zone, self.epoch_ns, self.moved_days)

    def ns(self, sim_s: float) -> int:
        """A simulated time in ns since 1970 UTC."""
        return to_ns(self.epoch_ns, sim_s)


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
    events: Sequence[TraceEvent] = ()


class Driver(Protocol):
    """Speaks for all units of one site that name it. Must pickle, so no open handles in its state."""

    def frames(self, tick: Tick) -> list[Frame]:
        """What the units say in one step: frames of events and of telemetry, in any order."""
