"""Stations without a place of their own: parts pass when the next station takes them."""

from __future__ import annotations

from twin.engine.station import Load, Station
from twin.engine.waits import Waits, any_gives, any_takes


class Passage(Station):
    """A point on the way. What may pass is offered on; what a successor asks for is asked for upstream.

    Subclasses say in ``admits`` what may pass, and do in ``passing`` what follows.
    """

    __slots__ = ()

    def passing(self, part: Load) -> None:
        """A part is about to pass; undone by :meth:`refused`."""

    def passed(self, part: Load) -> None:
        """A part has passed."""

    def refused(self, part: Load) -> None:
        """The part did not pass after all."""

    def before_giving(self) -> Waits:
        return (any_gives(self.predecessors),)

    def before_taking(self, item: str) -> Waits:
        return (any_takes(self.successors, (item,)),)

    def offer(self, part: Load) -> bool:
        if self.closed or not self.admits(part):
            return False
        self.passing(part)
        if not self.forward(part):
            self.refused(part)
            return False
        self.parts += 1
        self.passed(part)
        self.show()
        return True

    def _giver(self, taker: Station) -> Station | None:
        givers = self.predecessors
        for step in range(len(givers)):
            giver = givers[(self.turn_in + step) % len(givers)]
            part = giver.peek(self)
            if part is not None and self.admits(part) and taker.admits(part):
                return giver
        return None

    def peek(self, taker: Station) -> Load | None:
        giver = None if self.closed else self._giver(taker)
        return None if giver is None else giver.peek(self)

    def take(self, taker: Station) -> Load | None:
        giver = None if self.closed else self._giver(taker)
        part = None if giver is None else giver.take(self)
        if giver is None or part is None:
            return None
        self.turn_in = (self.predecessors.index(giver) + 1) % len(self.predecessors)
        self.passing(part)
        self.parts += 1
        self.passed(part)
        self.kernel.soon.append(self.show)
        return part

    def pull(self) -> None:
        if not self.closed:
            for taker in self.successors:
                taker.pull()
