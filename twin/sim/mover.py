"""Stations that move material with drives of their own: conveyor, storage."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar

from twin.parts.failure import FailureMode
from twin.parts.life import CYCLES, end_next, renew_life
from twin.sim.station import BREAK, OFF, Setting, Station
from twin.sim.timer import Timer


class Mover(Station):
    """Stops when it fails and outside shifts, and so do all its timers; its failures wear with PRODUCING."""

    holds_on: ClassVar[int] = Station.holds_on | BREAK | OFF
    stores: ClassVar[bool] = True
    slots: ClassVar[tuple[Any, ...]] = ()
    """It has no operations that a failure could interrupt."""
    __slots__ = ("timers",)

    def __init__(self, setting: Setting):
        super().__init__(setting)
        self.timers: list[Timer] = []
        config: Any = setting.config
        unit: Any = self
        self.modes = tuple(FailureMode(unit, mode) for mode in config.failures)
        for mode in self.modes:
            mode.renew()
        renew_life(self)

    def timer(self, action: Any) -> Timer:
        """A timer that stands still while the unit is held."""
        timer = Timer(self.kernel, action)
        self.timers.append(timer)
        return timer

    def enter(self, code: int) -> None:
        super().enter(code)
        self.arm()

    def arm(self) -> None:
        if self.fail_at < inf and self.armed != self.fail_at:
            self.armed = self.fail_at
            self.kernel.at(self.fail_at, self.fail)

    def stroke(self) -> None:
        """An item has been moved: a cycle of lives in cycles."""
        for life in self.lives:
            if life.basis == CYCLES:
                life.stroke()

    def fail(self) -> None:
        """The operating clock may have reached the end of a life."""
        if self.kernel._now == self.fail_at:
            end_next(self)

    def suspend(self) -> None:
        for timer in self.timers:
            timer.suspend()

    def resume(self) -> None:
        for timer in self.timers:
            timer.resume()
