"""Another driver stands for a unit from an instant on, while everything runs."""

from __future__ import annotations

import json
from typing import NamedTuple

from devices.drivers import is_real
from devices.unit import SIMULATED, DeviceUnit
from twin.equipment import EquipmentPath
from twin.errors import Problem, did_you_mean

OTHERS = "kinds of connections besides the driver, or simulated beside one"
"""What may stand among the other drivers of a device."""

SHADOWED = "a real machine among its driver and others, beside which the simulated one is said"
"""What a device with a shadow has."""


class DriverChange(NamedTuple):
    """From a simulated time on another driver stands for a unit.

    Args:
        at_s: Simulated time.
        path: The unit.
        driver: Its driver from then on.
        counted: Where its counters stood then, by tag.
    """

    at_s: float
    path: EquipmentPath
    driver: str
    counted: tuple[tuple[str, float], ...] = ()

    @property
    def detail(self) -> str:
        """Driver and counters as one text."""
        return f"{self.driver} {json.dumps(dict(self.counted))}" if self.counted else self.driver

    @classmethod
    def of(cls, at_s: float, path: str, detail: str) -> DriverChange:
        """The same from that text.

        >>> DriverChange.of(1.0, "e/s/a/l/m", 'opcua {"energy_kwh": 2.5}')
        DriverChange(at_s=1.0, path='e/s/a/l/m', driver='opcua', counted=(('energy_kwh', 2.5),))
        """
        driver, _, counted = detail.partition(" ")
        return cls(at_s, EquipmentPath(path), driver, tuple(sorted(json.loads(counted or "{}").items())))


def in_step(unit: DeviceUnit) -> str:
    """The driver of a unit that goes in step with the plant: simulated, unless it names another one."""
    return SIMULATED if is_real(unit.driver) else unit.driver


def in_turn(unit: DeviceUnit) -> tuple[str, ...]:
    """Drivers that may follow one another while everything runs: one in step with the plant, and real machines."""
    return (in_step(unit), *sorted({kind for kind in (unit.driver, *unit.others) if is_real(kind)}))


def wrong(unit: DeviceUnit | None, path: str, driver: str, now: str) -> list[Problem]:
    """What is wrong with a change of the driver of a unit.

    Args:
        unit: The unit; None: there is none that may change its driver.
        path: Its path.
        driver: Driver that is wanted.
        now: Driver that it has.
    """
    if unit is None:
        hint = "name the driver under others of its device"
        return [Problem(path, "a unit whose device names another driver", "one that has none", hint)]
    may = in_turn(unit)
    if driver not in may:
        hint = did_you_mean(driver, may, "name it under others of its device")
        return [Problem(f"{path} driver", f"one of {', '.join(may)}", repr(driver), hint)]
    if driver == now:
        return [Problem(f"{path} driver", "another one than it has", repr(driver))]
    return []
