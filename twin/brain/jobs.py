"""Job orders, by the unit that released them: when they were released, when and how they ended."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from twin.brain.orders import NEVER, NUMBER, OrderStep

RELEASED, STARTED, COMPLETED, LOST = (NUMBER[event] for event in ("released", "started", "completed", "cancelled"))
UNKNOWN = -1


Said = tuple[int, int, float, int]
"""Time, rank of the step, pieces, due date; in the order in which steps of one name count."""
RANK = {RELEASED: 0, STARTED: 1, COMPLETED: 2, LOST: 3}
"""Order of the steps of one name at one instant."""


class KnownJobOrder:
    """What is known of a job order.

    Attributes:
        released_ns: When it was released; :data:`UNKNOWN` when nobody said, e.g. in process at the start.
        ended_ns: When it was completed, or the last of it lost; a time that never comes while it is open.
        due_ns: When it is due; a time that never comes when none was said.
        open: Pieces neither completed nor lost.
        completed: Whether it was completed.
        early: Nobody said when it was released, and afterwards one of its name was: the times may be wrong.
        said: All that was said of it, in order of time.
    """

    __slots__ = ("completed", "due_ns", "early", "ended_ns", "open", "released_ns", "said")

    def __init__(self) -> None:
        self.released_ns, self.ended_ns, self.due_ns = UNKNOWN, NEVER, NEVER
        self.open = 0.0
        self.completed = self.early = False
        self.said: list[Said] = []

    def add(self, said: Said) -> None:
        """Keep what is said after all else of it."""
        time_ns, rank, pieces, due_ns = said
        self.said.append(said)
        begins = rank <= RANK[STARTED]
        self.open += pieces if begins else -pieces
        if rank == RANK[RELEASED]:
            self.released_ns = time_ns if self.released_ns == UNKNOWN else min(self.released_ns, time_ns)
        elif rank == RANK[COMPLETED]:
            self.ended_ns, self.due_ns, self.completed = time_ns, due_ns, True
        elif rank == RANK[LOST] and self.open <= 0 and self.ended_ns == NEVER:
            self.ended_ns = time_ns

    def precedes(self, said: Said) -> bool:
        """Whether a step after all else of it is one of another of its name: it was over before."""
        time_ns, rank, _, _ = said
        if rank == RANK[COMPLETED]:
            return self.ended_ns < NEVER
        return rank != RANK[LOST] and self.ended_ns < time_ns

    @property
    def stray(self) -> bool:
        """Whether nothing was said of it but that something was lost, as of any order that is cancelled."""
        return all(rank == RANK[LOST] for _, rank, _, _ in self.said)


class Jobs(NamedTuple):
    """Job orders of a unit, or of several, that were completed in a window.

    Args:
        completed: Orders completed.
        timed: Of the completed, those whose release is known.
        flow_ns: Sum of their times from release to completion.
        due: Of the completed, those with a due date.
        on_time: Of these, completed until then.
        late_ns: Sum of completion minus due date of these; below 0 when early.
        early: Of the completed, those that were released later, as it seems.
    """

    completed: int = 0
    timed: int = 0
    flow_ns: int = 0
    due: int = 0
    on_time: int = 0
    late_ns: int = 0
    early: int = 0


def together(some: Sequence[Jobs]) -> Jobs:
    """Those of several units."""
    return Jobs(*map(sum, zip(*some, strict=True))) if some else Jobs()


def _completions(jobs: Sequence[KnownJobOrder]) -> dict[int, tuple[int, int, bool]]:
    """What is known of those that were completed, by when."""
    return {job.ended_ns: (job.released_ns, job.due_ns, job.early) for job in jobs if job.completed}


class JobLog:
    """Job orders that one unit released; which there are is a matter of their steps, not of when these were heard.

    Attributes:
        first_ns: When it first said something of one; a time that never comes when it never did.
        known: By name, its orders one after another: a name may be used again.
    """

    def __init__(self) -> None:
        self.first_ns = NEVER
        self.known: dict[str, list[KnownJobOrder]] = {}
        self.times = array("q")
        self.done: list[KnownJobOrder] = []

    def takes(self, step: OrderStep) -> bool:
        """Whether a step is one of a job order; any order can be cancelled."""
        if step.event == LOST:
            return any(not job.stray for job in self.known.get(step.order, ()))
        return step.event in (RELEASED, STARTED, COMPLETED)

    def add(self, time_ns: int, step: OrderStep) -> tuple[int, int]:
        """Keep a step; gives the span in which it changes what is known."""
        said = (time_ns, RANK[step.event], step.quantity, step.due_ns)
        if step.event != LOST:
            self.first_ns = min(self.first_ns, time_ns)
        jobs = self.known.setdefault(step.order, [])
        if not jobs or said >= jobs[-1].said[-1]:
            near = jobs[-1:]
            self._append(jobs, said)
            ends = [job.ended_ns for job in {*near, jobs[-1]} if job.completed]
        else:
            before = _completions(jobs)
            self._sort(jobs, said)
            after = _completions(jobs)
            ends = [end_ns for end_ns in {*before, *after} if before.get(end_ns) != after.get(end_ns)]
        return min([time_ns, *ends]), max([time_ns, *ends])

    def _sort(self, jobs: list[KnownJobOrder], said: Said) -> None:
        """Tell the orders of a name apart anew, with a step before others of them."""
        for job in jobs:
            if job.completed:
                self._forget(job)
        every = sorted([said, *(one for job in jobs for one in job.said)])
        jobs.clear()
        for one in every:
            self._append(jobs, one)

    def _append(self, jobs: list[KnownJobOrder], said: Said) -> None:
        if not jobs or jobs[-1].precedes(said):
            if jobs and said[1] == RANK[RELEASED]:
                jobs[-1].early = jobs[-1].completed and jobs[-1].released_ns == UNKNOWN
            jobs.append(KnownJobOrder())
        job = jobs[-1]
        was_completed = job.completed
        job.add(said)
        if job.completed and not was_completed:
            index = bisect_right(self.times, job.ended_ns)
            self.times.insert(index, job.ended_ns)
            self.done.insert(index, job)

    def _forget(self, job: KnownJobOrder) -> None:
        index = bisect_left(self.times, job.ended_ns)
        while self.done[index] is not job:
            index += 1
        del self.times[index], self.done[index]

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
            early=sum(job.early for job in jobs),
        )

    def prune(self, before_ns: int) -> None:
        """Forget what ended before a time."""
        cut = bisect_left(self.times, before_ns)
        del self.times[:cut], self.done[:cut]
        kept = {name: [job for job in jobs if job.ended_ns >= before_ns] for name, jobs in self.known.items()}
        self.known = {name: jobs for name, jobs in kept.items() if jobs}
