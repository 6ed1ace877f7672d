"""The line in DSSim, its lite layer: processes and queues; repairs are part of the operations."""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

from dssim import DSSimulation, LiteLayer2

from tests.bench.peers.operation import DAY, MACHINES, PLACES, with_repairs


class Line:
    """Machines between queues.

    Args:
        seed: Of the random numbers.
    """

    def __init__(self, seed: int):
        self.simulation: Any = DSSimulation(layer2=LiteLayer2)
        self.numbers = Random(seed)
        self.made = 0
        queues = [self.simulation.queue(capacity=PLACES) for _ in range(MACHINES - 1)]
        for before, after in zip([None, *queues], [*queues, None], strict=True):
            self.simulation.schedule(0, self.machine(before, after))

    def machine(self, before: Any, after: Any) -> Generator[Any, Any, None]:
        """Takes, works and gives, for ever."""
        while True:
            part = 1 if before is None else (yield from before.gget())
            yield from self.simulation.gwait(with_repairs(self.numbers))
            if after is None:
                self.made += 1
            else:
                yield from after.gput(part)


def line(seed: int, days: float) -> int:
    """Parts of the last machine."""
    model = Line(seed)
    model.simulation.run(DAY * days)
    return model.made
