"""Runs on a Ray cluster: the one named by ``RAY_ADDRESS`` or running here, else a local one."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar, Self

from scenarios.experiments.engines import engines
from scenarios.experiments.replication import Item, Model, Outcome, replicate

AHEAD = 4
"""Items given to each processor in advance."""


@engines.register("ray", stability="beta")
class RayEngine:
    """All processors of a Ray cluster; every node needs this program installed."""

    extra: ClassVar[str] = "ray"

    def __init__(self, model: Model, workers: int | None):
        self._model = model
        self._workers = workers
        self._ours = False
        self._task: Any = None
        self._shared: Any = None

    def __enter__(self) -> Self:
        import ray

        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR, configure_logging=True,
                     **self._size())  # fmt: skip
            self._ours = True
        self._task = ray.remote(replicate)
        self._shared = ray.put(self._model)
        return self

    def _size(self) -> dict[str, Any]:
        if os.environ.get("RAY_ADDRESS"):
            return {"address": "auto"}
        return {} if self._workers is None else {"num_cpus": self._workers}

    def __exit__(self, *_: object) -> None:
        import ray

        self._shared = None
        if self._ours:
            ray.shutdown()

    def run(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Compute runs."""
        import ray

        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        processors = int(self._workers or resources.get("CPU", 1))
        left = iter(items)
        running: list[Any] = []
        while True:
            running += [
                self._task.remote(self._shared, item) for item in islice(left, AHEAD * processors - len(running))
            ]
            if not running:
                return
            done, running = ray.wait(running)
            yield from ray.get(done)
