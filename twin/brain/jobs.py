"""Job orders, by the unit that released them: when they were released, when and how they ended."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from twin.brain.orders import NEVER, NUMBER, OrderStep

RELEASED, STARTED, COMPLETED, LOST = (NUMBER[event] for event in ("released", "started", "completed", "cancelled"))
UNKNOWN = -1


class KnownJobOrder:
    """What is known of a job order.

    Attributes:
        released_ns: When it was released; :data:`UNKNOWN` when nobody said, e.g. in process at the start.
        ended_ns: When it was completed, or the last of it lost; a time that never comes while it is open.
        due_ns: When it is due; a time that never comes when none was said.
        open: Pieces neither completed nor lost.
    """

    __slots__ = ("due_ns", "ended_ns", "open", "released_ns")

    def __init__(self) -> None:
        self.released_ns, self.ended_ns, self.due_ns = UNKNOWN, NEVER, NEVER
        self.open = 0.0


class Jobs(NamedTuple):
    """Job orders of a unit, or of several, that were completed in a window.

    Args:
        completed: Orders completed.
        timed: Of the completed, those whose release is known.
        flow_ns: Sum of their times from release to completion.
        due: Of the completed, those with a due date.
        on_time: Of these, completed until then.
        late_ns: Sum of completion minus due date of these; below 0 when early.
    """

    completed: int = 0
    timed: int = 0
    flow_ns: int = 0
    due: int = 0
    on_time: int = 0
    late_ns: int = 0


def together(some: Sequence[Jobs]) -> Jobs:
    """Those of several units."""
    return Jobs(*map(sum, zip(*some, strict=True))) if some else Jobs()


class JobLog:
    """Job orders that one unit released.

    Attributes:
        first_ns: When it first said something of one; a time that never comes when it never did.
    """

    def __init__(self) -> None:
        self.first_ns = NEVER
        self.known: dict[str, KnownJobOrder] = {}
        self.times = array("q")
        self.done: list[KnownJobOrder] = []

    def takes(self, step: OrderStep) -> bool:
        """Whether a step is one of a job order; any order can be cancelled."""
        return step.event in (RELEASED, STARTED, COMPLETED) or (step.event == LOST and step.order in self.known)

    def add(self, time_ns: int, step: OrderStep) -> int:
        """Keep a step; gives the time until which it changes what is known."""
        self.first_ns = min(self.first_ns, time_ns)
        if step.event == COMPLETED:
            return self._complete(time_ns, step)
        if step.event == LOST:
            self._lose(time_ns, self.known[step.order], step.quantity)
            return time_ns
        job = self.known.get(step.order)
        if job is None or job.ended_ns < time_ns:
            job = self.known[step.order] = KnownJobOrder()
        job.open += step.quantity
        if step.event == RELEASED:
            job.released_ns = time_ns if job.released_ns == UNKNOWN else min(job.released_ns, time_ns)
        return max(time_ns, job.ended_ns if job.ended_ns < NEVER else time_ns)

    def _complete(self, time_ns: int, step: OrderStep) -> int:
        job = self.known.get(step.order)
        if job is None or job.ended_ns < NEVER:
            job = self.known[step.order] = KnownJobOrder()
        job.ended_ns, job.due_ns = time_ns, step.due_ns
        job.open -= step.quantity
        index = bisect_right(self.times, time_ns)
        self.times.insert(index, time_ns)
        self.done.insert(index, job)
        return time_ns

    @staticmethod
    def _lose(time_ns: int, job: KnownJobOrder, pieces: float) -> None:
        job.open -= pieces
        if job.open <= 0 and job.ended_ns == NEVER:
            job.ended_ns = time_ns

    def ended(self, t0_ns: int, t1_ns: int) -> Jobs:
        """What was completed in ``[t0, t1)``."""
        jobs = self.done[bisect_left(self.times, t0_ns) : bisect_left(self.times, t1_ns)]
        flows = [job.ended_ns - job.released_ns for job in jobs if job.released_ns != UNKNOWN]
        late = [job.ended_ns - job.due_ns for job in jobs if job.due_ns < NEVER]
        return Jobs(
            completed=len(jobs),
            timed=len(flows),
            flow_ns=sum(flows),
            due=len(late),
            on_time=sum(each <= 0 for each in late),
            late_ns=sum(late),
        )

    def prune(self, before_ns: int) -> None:
        """Forget what ended before a time."""
        cut = bisect_left(self.times, before_ns)
        del self.times[:cut], self.done[:cut]
        self.known = {name: job for name, job in self.known.items() if job.ended_ns >= before_ns}
