"""Machines outside that drive units of a plant; see :mod:`twin.behaviours.drive`."""

from __future__ import annotations

from typing import Any

from twin.behaviours.drive import Drive
from twin.behaviours.workplace import Workplace
from twin.engine.kernel import COMMAND, Kernel
from twin.engine.station import Station
from twin.errors import FactoryError, Problem
from twin.stations import stations


class Driving:
    """From a simulated time on, not before now, a machine outside drives a unit, or no longer does.

    Args:
        station: The unit.
        on: Whether it does.

    Raises:
        FactoryError: The unit is of a kind that nothing outside can drive.
    """

    def __init__(self, station: Station, on: bool):
        self.station, self.on = drivable(station), on

    def begin(self, kernel: Kernel, at_s: float) -> None:
        """Do it at that time: at once, if that is now."""
        if at_s > kernel.now:
            kernel.at(at_s, self.change, COMMAND)
        else:
            kernel.do(self.change)

    def change(self) -> None:
        """The time has come."""
        drive = self.station.drive
        if drive is None and self.on:
            Drive(self.station)
        elif drive is not None and not self.on:
            drive.end()


def drivable_kinds() -> list[str]:
    """Kinds of units that a machine outside can drive."""
    kinds: list[tuple[str, Any]] = [(kind, stations[kind]) for kind in stations.kinds()]
    return [kind for kind, entry in kinds if issubclass(entry, Workplace) and entry.drivable]


def drivable(station: Station) -> Workplace:
    """A unit as a machine outside can drive it.

    Raises:
        FactoryError: It cannot.
    """
    if isinstance(station, Workplace) and station.drivable:
        return station
    kind = station.setting.config.kind
    raise FactoryError(
        str(Problem(str(station.path), "a unit that a machine outside can drive", f"one of kind {kind}"))
    )


class Counted:
    """Parts that the machine outside has made at a unit that it drives.

    Args:
        station: The unit.
        good: Good parts.
        scrap: Scrapped ones.
    """

    def __init__(self, station: Station, good: int, scrap: int):
        self.drive, self.good, self.scrap = drivable(station).drive, good, scrap

    def take(self) -> None:
        """Let them go; those of a unit that nothing outside drives now are nobody's."""
        if self.drive is not None:
            self.drive.count(self.good, self.scrap)
