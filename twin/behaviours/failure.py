"""Failure modes: wear with operation or with time, repair, and the work goes on."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from twin.behaviours.life import Life, renew_life
from twin.behaviours.task import Task
from twin.config.plant import FailureConfig
from twin.engine.codes import DOWN, MINOR, REPAIRING
from twin.engine.station import Station


class Follows(Protocol):
    """What looks at the wear of a mode; see :class:`twin.behaviours.maintenance.Watch`."""

    def follow(self) -> None:
        """The mode has a new life."""


class Place(Protocol):
    """Where work is that a failure may undo."""

    def undo(self, scrap: bool) -> None:
        """Begin the operation anew, or spoil its part."""


class Failing(Station):
    """A unit that fails, as its modes see it; see :class:`twin.behaviours.breakable.Breakable`."""

    __slots__ = ()

    @abstractmethod
    def at_work(self) -> tuple[Place, ...]:
        """Places whose work a failure may undo."""


class FailureMode:
    """One failure mode of a unit.

    A new life begins when the repair ends; repairs go on around the clock. With a crew the unit is
    FAILED until it comes and REPAIR while it works; a minor stop is MINOR_STOP all the time.

    Args:
        station: The unit.
        config: The mode.
    """

    __slots__ = ("active", "id", "life", "reason", "repair", "station", "task", "then", "watches")

    def __init__(self, station: Failing, config: FailureConfig):
        self.station, self.id, self.then = station, config.id, config.then
        self.reason = MINOR if config.minor else DOWN
        after = station.stream(f"failure:{config.id}", config.after)
        self.life = Life(station, config.basis, self.fail, after)
        self.repair = station.stream(f"repair:{config.id}", config.repair)
        attended = None if config.minor else self.attend
        self.task = Task(station, config.crew, config.priority, self.mend, attended)
        self.watches: tuple[Follows, ...] = ()
        self.active = False

    def renew(self) -> None:
        """Begin a new life now."""
        self.active = False
        self.life.renew()
        for watch in self.watches:
            watch.follow()

    def fail(self) -> None:
        """Fail now, unless it has, or is a machine outside."""
        if self.active or self.station.driven:
            return
        self.active = True
        self.life.stop()
        station = self.station
        work = station.at_work() if self.then != "resume" else ()
        station.stop(self.id, self.reason)
        for slot in work:
            slot.undo(scrap=self.then == "scrap")
        self.task.begin(station.factor("repair") * self.repair.draw())
        for upkeep in station.upkeep:
            upkeep.take_opportunity()

    def fail_now(self) -> None:
        """Fail before the end of the life."""
        self.fail()
        renew_life(self.station)

    def attend(self, there: bool) -> None:
        """A crew begins or leaves."""
        if there:
            self.station.stop(self.id, REPAIRING, alarm=False)
        else:
            self.station.restart(self.id, REPAIRING, alarm=False)

    def mend(self) -> None:
        """The repair is done."""
        self.renew()
        renew_life(self.station)
        self.station.restart(self.id, self.reason)

    def wear(self) -> float:
        """Share of the life that is used, 0 to 1."""
        return self.life.used()
