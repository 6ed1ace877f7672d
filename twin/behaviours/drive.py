"""A unit that a machine outside drives: a part leaves it when that machine says that it has made one.

The unit takes parts from its neighbours and gives them on as ever; only that its work has no time of its own. What it
has in its places waits until the machine has counted a part. So nothing is ever invented, and what has entered is at
each moment equal to what has left, what was lost and what is inside. Where the machine has counted parts for which the
unit had none, or none that its neighbours would take, it is ahead of them by so many; they leave as soon as they can.

What the machine has and the unit would have beside it is left aside meanwhile: failures, maintenance, setups, people
and tools, the calendar, and the drawing of scrap. No PART row is left of parts that pass in this way: the rows of the
machine are those of the unit. When the machine no longer drives it, the work on what is inside begins anew.
"""

from __future__ import annotations

from collections import deque

from twin.behaviours.carried import leave
from twin.behaviours.life import renew_life
from twin.behaviours.workplace import NOT_DUE, Slot, Workplace
from twin.engine.phase import DONE, IDLE, PREPARING, WAITING, WORKING
from twin.engine.station import WAIT


class Drive:
    """The only stage of a unit while a machine outside drives it.

    Args:
        station: The unit, which it takes over at once.
    """

    __slots__ = ("_before", "good", "scrap", "station", "waiting")

    def __init__(self, station: Workplace):
        self.station = station
        self.good = self.scrap = 0
        """Parts that the machine has counted and that have not left yet."""
        self.waiting: deque[Slot] = deque()
        self._before = (station.stages, station.exits, station.general, station.watched, station.simple, station.single)
        self._begin()

    @property
    def ahead(self) -> int:
        """By how many parts the machine is ahead of the unit."""
        return self.good + self.scrap

    def _begin(self) -> None:
        station = self.station
        station.drive, station.driven = self, True
        for life in station.lives:
            life.stop()
        renew_life(station)
        station.stages, station.exits = (self,), ()
        station.simple = station.single = False
        station.go_general()
        for slot in station.slots:
            slot.wake = slot.end
            if slot.phase not in (IDLE, DONE):
                self._take_over(slot)
        station.closed = False
        station.pull()
        station.show()

    def _take_over(self, slot: Slot) -> None:
        """Whatever is done with a part, the machine does it from now on."""
        station = self.station
        station.working -= slot.phase == WORKING
        station.preparing -= slot.phase == PREPARING
        slot.phase, slot.due, slot.stage, slot.over = WAITING, NOT_DUE, 0, False
        if station.needs is not None:
            station.needs.of(slot).drop()
        self.waiting.append(slot)

    def enter(self, slot: Slot) -> float:
        """A part has come: it stays until the machine has counted one."""
        self.waiting.append(slot)
        if self.ahead:
            self.station.kernel.soon.append(self.serve)
        return WAIT

    def leave(self, slot: Slot) -> None:
        """Nothing is kept of it."""

    def count(self, good: int, scrap: int) -> None:
        """The machine has made so many parts."""
        self.good += good
        self.scrap += scrap
        self.serve()

    def serve(self) -> None:
        """Let go what has been counted, as far as it is here; good parts before scrapped ones."""
        while self.waiting and self.ahead:
            slot = self.waiting.popleft()
            good = self.good > 0
            self.good -= good
            self.scrap -= not good
            if self.station.needs is not None:
                slot.part = leave(slot.part, self.station)
            slot.pass_on(good)

    def end(self) -> None:
        """The unit works by itself again: on what it has from the begin, with new lives, by its calendar."""
        station, waiting = self.station, tuple(self.waiting)
        self.waiting.clear()
        station.drive, station.driven = None, False
        station.stages, station.exits, *rest = self._before
        station.general, station.watched, station.simple, station.single = rest
        for slot in station.slots:
            slot.wake = slot.end if station.stages or station.exits else slot.finish
        for mode in station.modes:
            if not mode.active:
                mode.renew()
        for upkeep in station.upkeep:
            upkeep.renew()
        renew_life(station)
        for slot in waiting:
            slot.begin(slot.part)
        if station.held & station.holds_on:
            station.closed = True
            station.suspend()
        station.pull()
        station.show()
