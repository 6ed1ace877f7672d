"""Stations that move material with drives of their own: conveyor, storage."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar

from twin.behaviours.breakable import Breakable
from twin.behaviours.life import CYCLES, renew_life
from twin.engine.codes import BREAK, OFF
from twin.engine.station import Setting, Station
from twin.engine.timer import Timer


class Mover(Breakable):
    """Stops when it fails and outside shifts, and so do all its timers; its failures wear with PRODUCING."""

    holds_on: ClassVar[int] = Station.holds_on | BREAK | OFF
    stores: ClassVar[bool] = True
    __slots__ = ("timers",)

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config: Any = setting.config
        self.timers: list[Timer] = []
        self.slots = ()  # it has no operations that a failure could undo
        self.add_failures(config.failures)
        renew_life(self)

    def timer(self, action: Any) -> Timer:
        """A timer that stands still while the unit is held."""
        timer = Timer(self.kernel, action)
        self.timers.append(timer)
        return timer

    def enter(self, code: int) -> None:
        super().enter(code)
        if self.fail_at < inf:
            self.arm()

    def stroke(self) -> None:
        """An item has been moved: a cycle of lives in cycles."""
        for life in self.lives:
            if life.basis == CYCLES:
                life.stroke()

    def suspend(self) -> None:
        for timer in self.timers:
            timer.suspend()

    def resume(self) -> None:
        for timer in self.timers:
            timer.resume()
