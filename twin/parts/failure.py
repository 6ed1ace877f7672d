"""Failure modes: wear with operation or with time, repair, and the work goes on."""

from __future__ import annotations

from math import inf

from twin.config import FailureConfig
from twin.sim.allocation import Request
from twin.sim.station import OFF, REPAIRING, Station


class Repairer:
    """Does the repairs of a mode: at once, or when a crew is there.

    With a crew the unit is FAILED until it comes and REPAIR while it works; a crew that leaves, e.g. at
    the end of its shift, leaves the rest of the repair to the next.

    Args:
        mode: The mode.
        config: The same as configured.
    """

    __slots__ = ("due", "left", "mode", "request", "station")

    def __init__(self, mode: FailureMode, config: FailureConfig):
        self.mode, self.station = mode, mode.station
        self.request = None if config.crew is None else Request(self, {config.crew: 1}, config.priority)
        self.left, self.due = 0.0, -1.0

    def begin(self, length_s: float) -> None:
        """Begin a repair of so many seconds of work."""
        self.left = length_s
        if self.request is None:
            self._work()
        else:
            self.station.setting.allocator.ask(self.request)

    def _work(self) -> None:
        kernel = self.station.kernel
        self.due = kernel.now + self.left
        kernel.at(self.due, self.finish)

    def granted(self, request: Request) -> None:  # noqa: ARG002 - a mode has one request
        """The crew is here."""
        self.station.stop(self.mode.id, REPAIRING, alarm=False)
        self._work()

    def lost(self, request: Request) -> None:
        """The crew leaves."""
        self._let_go(request)
        self.left = self.due - self.station.kernel.now
        self.due = -1.0
        self.station.setting.allocator.ask(request)

    def _let_go(self, request: Request) -> None:
        self.station.setting.allocator.give_back(request)
        self.station.restart(self.mode.id, REPAIRING, alarm=False)

    def finish(self) -> None:
        """The repair may be done."""
        if self.due != self.station.kernel.now:
            return
        self.due = -1.0
        if self.request is not None:
            self._let_go(self.request)
        self.mode.mend()


class FailureMode:
    """One failure mode of a unit.

    Operating modes live on the unit's operating clock (time in PRODUCING), calendar modes on simulated
    time outside OFF_SHIFT. A new life begins when the repair ends; repairs go on around the clock.

    Args:
        station: The unit.
        config: The mode.
    """

    __slots__ = ("active", "after", "calendar", "id", "left", "length", "repair", "repairer", "station", "until")

    def __init__(self, station: Station, config: FailureConfig):
        self.station, self.id = station, config.id
        self.after = station.stream(f"failure:{config.id}", config.after)
        self.repair = station.stream(f"repair:{config.id}", config.repair)
        self.calendar = config.basis == "calendar"
        self.repairer = Repairer(self, config)
        self.active = False
        self.until = inf
        self.left: float | None = None
        self.length = 0.0

    def renew(self) -> None:
        """Begin a new life now."""
        self.active = False
        self.length = self.after.draw()
        if not self.calendar:
            self.until = self.station.operated() + self.length
        elif self.station.held & OFF:
            self.left = self.length
        else:
            self._expect(self.length)

    def _expect(self, left: float) -> None:
        self.left = None
        self.until = self.station.kernel.now + left
        self.station.kernel.at(self.until, self.expire)

    def expire(self) -> None:
        """The life of a calendar mode may be over."""
        if self.until == self.station.kernel.now and not self.active:
            self.fail()

    def fail(self) -> None:
        """Fail now."""
        self.active = True
        self.until = inf
        self.station.stop(self.id)
        self.repairer.begin(self.repair.draw())

    def mend(self) -> None:
        """The repair is done."""
        self.renew()
        renew_life(self.station)
        self.station.restart(self.id)

    def off_shift(self, off: bool) -> None:
        """Stop or go on with the clock of a calendar mode."""
        if not self.calendar or self.active:
            return
        if off and self.left is None:
            self.left = self.until - self.station.kernel.now
            self.until = inf
        elif not off and self.left is not None:
            self._expect(self.left)

    def wear(self) -> float:
        """Share of the life that is used, 0 to 1."""
        if self.active or self.length <= 0:
            return 1.0
        if self.left is not None:
            left = self.left
        else:
            left = self.until - (self.station.kernel.now if self.calendar else self.station.operated())
        return min(1.0, max(0.0, 1.0 - left / self.length))


def renew_life(station: Station) -> None:
    """Set the operating time at which the next operating mode fails."""
    station.life = min((m.until for m in station.modes if not m.calendar and not m.active), default=inf)


def fail_next(station: Station) -> None:
    """Fail the operating mode whose life is over first."""
    modes = [mode for mode in station.modes if not mode.calendar and not mode.active]
    mode = min(modes, key=_until)
    mode.fail()
    renew_life(station)


def _until(mode: FailureMode) -> float:
    return mode.until
