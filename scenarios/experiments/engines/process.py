"""Runs in processes of this machine, one per core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from typing import ClassVar, Self

from scenarios.experiments.engines import engines
from scenarios.experiments.replication import Item, Model, Outcome, replicate
from scenarios.headless.workers import end, follow_parent, processors, undisturbed

AHEAD = 4
"""Items given to each worker in advance."""
_model: Model | None = None


def _begin(model: Model) -> None:
    """Begin of a worker: it keeps the model."""
    global _model
    _model = model
    follow_parent()


def _run(item: Item) -> Outcome:
    assert _model is not None  # noqa: S101 - set when the worker begins
    return replicate(_model, item)


@engines.register("process")
class ProcessEngine:
    """All cores of this machine; with one worker in this very process."""

    extra: ClassVar[str] = ""

    def __init__(self, model: Model, workers: int | None):
        self._model = model
        self._workers = workers or processors()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._workers > 1:
            context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
            context.set_forkserver_preload([__name__])
            self._pool = ProcessPoolExecutor(self._workers, context, _begin, (self._model,))
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            end(self._pool)

    def run(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Compute runs."""
        if self._pool is None:
            yield from (replicate(self._model, item) for item in items)
            return
        left = iter(items)
        running: set[Future[Outcome]] = set()
        while True:
            room = AHEAD * self._workers - len(running)
            with undisturbed():
                running |= {self._pool.submit(_run, item) for item in islice(left, room)}
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
