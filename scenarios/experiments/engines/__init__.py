"""Where runs are computed: one module per engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Protocol

from scenarios.experiments.replication import Item, Model, Outcome
from twin.registry import Registry


class Engine(Protocol):
    """Computes runs, several at a time.

    Made with the model that all runs share and the number of workers (None: as many as there are),
    entered before the first run and left after the last.
    """

    extra: ClassVar[str]
    """Extra of the distribution that it needs; empty for none."""

    def __init__(self, model: Model, workers: int | None): ...

    def __enter__(self) -> Engine: ...

    def __exit__(self, *_: object) -> None: ...

    def run(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Compute runs; their outcomes come in the order in which they end."""
        ...


engines: Registry[type[Engine]] = Registry(
    "engine", "scenarios.experiments.engines", {"": 2, "__enter__": 0, "run": 1, "__exit__": 3}, ("extra",)
)
"""Every engine by name."""
