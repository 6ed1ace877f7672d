"""Lives: what ends after some operating time, calendar time or number of operations."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Literal

from twin.engine.codes import OFF
from twin.engine.station import Station
from twin.streams import Stream

Basis = Literal["operating", "calendar", "cycles"]
OPERATING: Basis = "operating"
CALENDAR: Basis = "calendar"
CYCLES: Basis = "cycles"


class Life:
    """One life after another on a clock of a unit.

    Operating lives run on time in PRODUCING, calendar lives on simulated time outside OFF_SHIFT, lives
    in cycles on completed operations.

    Args:
        station: The unit.
        basis: Its clock.
        end: Called when a life is over.
        law: Lengths of lives, in s or operations; None: they are given, see :meth:`start`.
    """

    __slots__ = ("basis", "count", "end", "law", "left", "length", "station", "until")

    def __init__(self, station: Station, basis: Basis, end: Callable[[], None], law: Stream | None = None):
        self.station, self.basis, self.end, self.law = station, basis, end, law
        self.until = inf
        self.left: float | None = None
        self.length = 0.0
        self.count = 0
        station.lives = (*station.lives, self)

    @property
    def running(self) -> bool:
        """Whether it will end some time."""
        return self.until < inf or self.left is not None

    @property
    def clock(self) -> float:
        """What its clock shows."""
        if self.basis == CYCLES:
            return self.count
        return self.station.kernel.now if self.basis == CALENDAR else self.station.operated()

    def renew(self) -> None:
        """Begin a new life now."""
        assert self.law is not None  # noqa: S101 - lives without a law are only started
        self.start(self.law.draw())

    def start(self, length: float) -> None:
        """Begin a life of this length now; of operating lives tell the unit by :func:`renew_life`.

        A unit that a machine outside drives has none.
        """
        if self.station.driven:
            return
        self.length = length
        self.left = None
        if self.basis != CALENDAR:
            self.until = self.clock + length
        elif self.station.held & OFF:
            self.until, self.left = inf, length
        else:
            self._expect(length)

    def stop(self) -> None:
        """It does not end any more."""
        self.until, self.left = inf, None

    def _expect(self, left: float) -> None:
        self.left = None
        self.until = self.station.kernel.now + left
        self.station.kernel.at(self.until, self.expire)

    def expire(self) -> None:
        """A calendar life may be over."""
        if self.until == self.station.kernel.now:
            self.reach()

    def reach(self) -> None:
        """The life is over."""
        self.stop()
        self.end()

    def stroke(self) -> None:
        """One more operation."""
        self.count += 1
        if self.count >= self.until:
            self.until = inf
            self.station.kernel.soon.append(self.reach)

    def use(self) -> None:
        """One more use of something that is free now."""
        self.count += 1
        if self.count >= self.until:
            self.reach()

    def off_shift(self, off: bool) -> None:
        """Stop or go on with the clock of a calendar life."""
        if self.basis != CALENDAR:
            return
        if off and self.left is None and self.until < inf:
            self.left = self.until - self.station.kernel.now
            self.until = inf
        elif not off and self.left is not None:
            self._expect(self.left)

    def remaining(self) -> float:
        """How much of the life is left, on its clock."""
        if not self.running:
            return 0.0
        return self.left if self.left is not None else self.until - self.clock

    def used(self) -> float:
        """Share of the life that is used, 0 to 1."""
        if self.length <= 0:
            return 1.0
        return min(1.0, max(0.0, 1.0 - self.remaining() / self.length))


def renew_life(station: Station) -> None:
    """Set the operating time at which the next operating life ends."""
    until = inf
    for life in station.lives:
        if life.basis == OPERATING and life.until < until:
            until = life.until
    station.life = until
    station.show_life()


def end_next(station: Station) -> None:
    """End the operating life that is over first."""
    worn = [life for life in station.lives if life.basis == OPERATING]
    (worn[0] if len(worn) == 1 else min(worn, key=_until)).reach()
    renew_life(station)


def _until(life: Life) -> float:
    return life.until


class Strokes:
    """A stage that counts the operations of a unit for its lives in cycles.

    Args:
        station: The unit.
    """

    __slots__ = ("lives",)

    def __init__(self, station: Station):
        self.lives = tuple(life for life in station.lives if life.basis == CYCLES)

    def enter(self, slot: object) -> float:  # noqa: ARG002 - a stage
        """Nothing to wait for."""
        return 0.0

    def leave(self, slot: object) -> None:  # noqa: ARG002 - one count for all places
        """One operation more."""
        for life in self.lives:
            life.stroke()
