"""Work on a unit that takes some time, and perhaps a crew."""

from __future__ import annotations

from collections.abc import Callable

from twin.behaviours.requests import Request
from twin.engine.station import Station


class Task:
    """A repair or a maintenance: begins at once, or when a crew is there.

    A crew that leaves, e.g. at the end of its shift, leaves the rest to the next.

    Args:
        station: The unit.
        crew: Skill of the worker who does it; None: nobody is needed.
        priority: Rank among those who wait for the same crew; lower comes first.
        done: Called at the end.
        attended: Called with True when a crew begins and with False when it leaves.
    """

    __slots__ = ("attended", "done", "due", "left", "request", "station")

    def __init__(
        self,
        station: Station,
        crew: str | None,
        priority: int,
        done: Callable[[], None],
        attended: Callable[[bool], None] | None = None,
    ):
        self.station, self.done, self.attended = station, done, attended
        self.request = None if crew is None else Request(self, {crew: 1}, priority)
        self.left, self.due = 0.0, -1.0

    def begin(self, length_s: float) -> None:
        """Begin, with so many seconds of work ahead."""
        self.left = length_s
        if self.request is None:
            self._work()
        else:
            self.station.setting.allocator.ask(self.request)

    def _work(self) -> None:
        kernel = self.station.kernel
        self.due = kernel.now + self.left
        kernel.at(self.due, self.finish)

    def on_granted(self, request: Request) -> None:  # noqa: ARG002 - a task has one request
        """The crew is here."""
        if self.attended is not None:
            self.attended(True)
        self._work()

    def on_lost(self, request: Request) -> None:
        """The crew leaves: what is left waits for the next."""
        if self.due >= 0:
            self.left = self.due - self.station.kernel.now
            self.due = -1.0
            if self.attended is not None:
                self.attended(False)
        self.station.setting.allocator.give_back(request)
        self.station.setting.allocator.ask(request)

    def finish(self) -> None:
        """It may be done."""
        if self.due != self.station.kernel.now:
            return
        self.due = -1.0
        if self.request is not None:
            self.station.setting.allocator.give_back(self.request)
            if self.attended is not None:
                self.attended(False)
        self.done()
