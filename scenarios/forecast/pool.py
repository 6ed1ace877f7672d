"""Branches in other processes, which are started once and give way to a live run."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from time import perf_counter
from typing import Self

from scenarios.forecast.branch import BranchOutcome, BranchPlan, run_branches
from scenarios.headless.workers import end, follow_parent, processors, undisturbed

NICENESS = 10
"""How much the processes give way to others, 0 to 19."""
SHARES = 4
"""Parts of the work per process, so that none waits long for the last."""
ALONE_S = 2.0
"""Work that takes less is done in this process: others would only just have started."""

Done = Callable[[int], None]


class BranchPool:
    """Runs branches of plants.

    Args:
        workers: Number of processes; default: as many as there are processors.
        eager: Use other processes for any work, however short: this one must not be kept busy.
    """

    def __init__(self, workers: int | None = None, eager: bool = False):
        self.workers = processors() if workers is None else max(workers, 1)
        self._eager = eager
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, in the middle of a branch if need be."""
        if self._pool is not None:
            end(self._pool)
            self._pool = None

    def run(self, plan: BranchPlan, branches: int, done: Done | None = None) -> list[BranchOutcome]:
        """Run branches 0, 1, 2, ... of a plan.

        Args:
            plan: The plan.
            branches: How many.
            done: Told the number of branches that are done.

        Returns:
            The outcomes in the order of the branches, the same however many processes there are.
        """
        outcomes: list[BranchOutcome] = []
        if not self._eager:
            outcomes = list(self._alone(plan, branches, done))
        if len(outcomes) < branches:
            outcomes += self._shared(plan, range(len(outcomes), branches), done)
        return outcomes

    def _alone(self, plan: BranchPlan, branches: int, done: Done | None) -> Iterator[BranchOutcome]:
        """Branches run here: all when that takes no longer than starting processes, else the first."""
        begun = perf_counter()
        for number in range(branches):
            yield from run_branches(plan, [number])
            if done is not None:
                done(number + 1)
            expected_s = (perf_counter() - begun) / (number + 1) * branches
            if self.workers > 1 and expected_s > ALONE_S:
                return

    def _shared(self, plan: BranchPlan, numbers: range, done: Done | None) -> list[BranchOutcome]:
        pool = self._started()
        size = max(1, -(-len(numbers) // (self.workers * SHARES)))
        shares = [numbers[start : start + size] for start in range(0, len(numbers), size)]
        with undisturbed():
            futures = [pool.submit(run_branches, plan, share) for share in shares]
        pending = set(futures)
        while pending:
            ready, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ready:
                future.result()
            if done is not None:
                finished = sum(len(share) for share, future in zip(shares, futures, strict=True) if future.done())
                done(numbers[0] + finished)
        return [outcome for future in futures for outcome in future.result()]

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, initializer=_give_way)
        return self._pool


def _give_way() -> None:
    """Be less important than others."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    follow_parent()
