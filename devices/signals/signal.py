"""Declarative rows: what a tag is and how its reading comes about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from twin.states import UnitState
from twin.tags import TagSpec

PRODUCING, SETUP, IDLE, DOWN, OFF = range(5)
ACTIVITIES = 5
"""Classes of states that a signal distinguishes, the same as those of the power model."""

ACTIVITY: dict[UnitState, int] = {
    UnitState.UNKNOWN: OFF,
    UnitState.OFF_SHIFT: OFF,
    UnitState.PLANNED_BREAK: IDLE,
    UnitState.PREVENTIVE_MAINT: DOWN,
    UnitState.IDLE_NO_ORDER: IDLE,
    UnitState.SETUP: SETUP,
    UnitState.PRODUCING: PRODUCING,
    UnitState.STARVED: IDLE,
    UnitState.BLOCKED: IDLE,
    UnitState.MINOR_STOP: IDLE,
    UnitState.FAILED: DOWN,
    UnitState.REPAIR: DOWN,
    UnitState.QUALITY_HOLD: IDLE,
    UnitState.ENERGY_CURTAILED: OFF,
    UnitState.ENGINEERING_TRIAL: PRODUCING,
}

Levels = tuple[float, float, float, float, float]
"""Value reached in each class: producing, setup, idle, down, off."""
Signature = Literal["", "vibration", "temperature", "pressure", "torque"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One tag and its model.

    The reading at time t is ``lag(level[activity] + per_power * P[activity] / P[producing] + per_kw * P[activity])
    * (1 + wander * load(t)) + wear + ambient + noise``, rounded to the sensor's resolution and not below
    ``floor``. ``lag`` is a first-order lag, ``load`` a slow random factor shared by all tags of a machine, P its
    electrical power by state. The model is our own design; a counter is the integral of its level over time.

    Args:
        name: Name of the tag.
        unit: UCUM-like unit.
        span: Normal range, low and high.
        en: English title.
        zh: Chinese title.
        levels: Value by activity (producing, setup, idle, down, off); for a counter its growth per second.
        per_power: Added in proportion to the machine's power relative to that of producing.
        per_kw: Added per kW of the machine's power, for what follows from the power itself, e.g. a current.
        lag_s: Time constant in s; 0 follows at once.
        noise: Standard deviation of the sensor's noise, in ``unit``.
        wander: Relative deviation by the slow load factor; tags of one machine move together.
        spread: Relative standard deviation between machines; a signal without noise is the same on all.
        wear: Added when the life of the failure mode nearest to its end is used up.
        signature: Kind of signature it shows; strong only on units with a failure mode of this kind.
        ambient: Share of the hall's deviation from 22 Cel that shows in it.
        sweep_s: Runs from 0 to its level in this time, again and again, e.g. the number of a program's block.
        floor: Physical lower limit.
        digits: Decimal places of the sensor.
        deadband: Change that need not be reported.
        counter: Only ever grows.
        exact: Column or counter of the plant that it shows exactly, e.g. ``energy_kwh``, ``parts``, ``state``.
    """

    name: str
    unit: str
    span: tuple[float, float]
    en: str
    zh: str
    levels: Levels = (0.0, 0.0, 0.0, 0.0, 0.0)
    per_power: float = 0.0
    per_kw: float = 0.0
    lag_s: float = 0.0
    noise: float = 0.0
    wander: float = 0.0
    spread: float = 0.03
    wear: float = 0.0
    signature: Signature = ""
    ambient: float = 0.0
    sweep_s: float = 0.0
    floor: float = 0.0
    digits: int = 2
    deadband: float = 0.0
    counter: bool = False
    exact: str = ""

    @property
    def tag(self) -> TagSpec:
        """What others see of it."""
        low, high = self.span
        return TagSpec(self.name, self.unit, low, high, self.en, self.zh, deadband=self.deadband, counter=self.counter)


ENERGY = Signal("energy_kwh", "kW.h", (0, 1e9), "Active energy", "有功电能", counter=True, exact="energy_kwh", digits=6)
POWER = Signal("power_kw", "kW", (0, 1000), "Active power", "有功功率", exact="power_kw", digits=3)
AIR = Signal("air_m3", "m3", (0, 1e9), "Compressed air", "压缩空气用量", counter=True, exact="air_m3", digits=6)
GAS = Signal("gas_m3", "m3", (0, 1e9), "Natural gas", "天然气用量", counter=True, exact="gas_m3", digits=6)


def counter(tag: TagSpec) -> Signal:
    """The signal of something that a unit counts exactly."""
    span = (tag.low, tag.high)
    return Signal(tag.name, tag.unit, span, tag.en, tag.zh, counter=True, exact=tag.name, digits=6)


ALWAYS = (
    ENERGY,
    POWER,
    Signal("part_count", "1", (0, 1e9), "Part count", "产量计数", counter=True, exact="parts"),
    Signal("state_code", "1", (0, 14), "State code", "状态代码", exact="state"),
)
"""What every profile has."""


@dataclass(frozen=True)
class Profile:
    """What one kind of machine can say.

    Args:
        name: Kind.
        en: English title.
        zh: Chinese title.
        own: Signals besides those that every profile has.
        media: Meters of compressed air and gas, of units that have them, and what else they count.
    """

    name: str
    en: str
    zh: str
    own: tuple[Signal, ...]
    media: tuple[Signal, ...] = ()

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """All signals, the common ones first."""
        return (*ALWAYS, *self.media, *self.own)

    @cached_property
    def tags(self) -> tuple[TagSpec, ...]:
        """What others see of it, in the order of the columns."""
        return tuple(signal.tag for signal in self.signals)
