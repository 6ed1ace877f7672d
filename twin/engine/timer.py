"""A wait that stands still while its unit is held."""

from __future__ import annotations

from twin.engine.kernel import WORK, Action, Kernel

NOT_DUE = -1.0


class Timer:
    """Calls a bound method after a time; can be stopped and go on.

    Args:
        kernel: The event queue.
        action: What to call.
    """

    __slots__ = ("action", "due", "kernel", "left")

    def __init__(self, kernel: Kernel, action: Action):
        self.kernel, self.action = kernel, action
        self.due = self.left = NOT_DUE

    @property
    def running(self) -> bool:
        """Whether it was started and has not rung, stopped or not."""
        return self.due >= 0 or self.left >= 0

    def start(self, time: float) -> None:
        """Ring after a time in s."""
        self.until(self.kernel._now + time)

    def until(self, time: float) -> None:
        """Ring at a simulated time in s, at once if it has passed."""
        self.due, self.left = max(time, self.kernel._now), NOT_DUE
        self.kernel.at(self.due, self.ring, WORK)

    def ring(self) -> None:
        """The time is over, unless it was stopped meanwhile."""
        if self.kernel._now == self.due:
            self.due = NOT_DUE
            self.action()

    def cancel(self) -> None:
        """Never ring."""
        self.due = self.left = NOT_DUE

    def suspend(self) -> None:
        """Stand still."""
        if self.due >= 0:
            self.left = self.due - self.kernel._now
            self.due = NOT_DUE

    def resume(self) -> None:
        """Go on."""
        if self.left >= 0:
            self.start(self.left)
