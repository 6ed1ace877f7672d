"""Stations with failure modes that wear with their operation."""

from __future__ import annotations

from typing import Any

from twin.behaviours.failure import Failing, FailureMode
from twin.behaviours.life import end_next
from twin.config.plant import FailureConfig


class Breakable(Failing):
    """A station that fails. A kind calls :meth:`arm` when a failure comes before the end of its work."""

    __slots__ = ("slots",)

    slots: tuple[Any, ...]
    """Its places."""

    def at_work(self) -> tuple[Any, ...]:
        """Places whose work a failure may undo."""
        return self.slots

    def add_failures(self, configs: tuple[FailureConfig, ...]) -> None:
        """Add failure modes."""
        self.modes = tuple(FailureMode(self, config) for config in configs)
        for mode in self.modes:
            mode.renew()

    def arm(self) -> None:
        """An operating failure comes before the end of an operation: wait for it."""
        if self.armed != self.fail_at:
            self.armed = self.fail_at
            self.kernel.at(self.fail_at, self.fail)

    def fail(self) -> None:
        """The operating clock may have reached the end of a life."""
        if self.kernel._now == self.fail_at:
            end_next(self)
