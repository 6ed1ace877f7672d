"""The line in salabim, whose components can be interrupted and resumed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import salabim

from tests.bench.peers.operation import DAY, MACHINES, PLACES


def line(seed: int, days: float) -> int:
    """Parts of the last machine."""
    numbers = random.Random(seed)

    class Machine(salabim.Component):  # type: ignore[misc]
        def setup(self, before: Any, after: Any) -> None:
            self.before, self.after = before, after
            self.made, self.busy = 0, False

        def process(self) -> Iterator[Any]:
            while True:
                part = salabim.Component(process="") if self.before is None else None
                if self.before is not None:
                    yield self.from_store(self.before)
                    part = self.from_store_item()
                self.busy = True
                yield self.hold(numbers.triangular(4, 6, 5))
                self.busy = False
                self.made += 1
                if self.after is not None:
                    yield self.to_store(self.after, part)

    class Breakdown(salabim.Component):  # type: ignore[misc]
        def setup(self, machine: Any) -> None:
            self.machine = machine

        def process(self) -> Iterator[Any]:
            while True:
                yield self.hold(numbers.expovariate(1 / 600))
                if self.machine.busy:
                    self.machine.interrupt()
                    yield self.hold(numbers.expovariate(1 / 60))
                    self.machine.resume()

    salabim.yieldless(False)
    env = salabim.Environment(trace=False)
    stores = [salabim.Store(capacity=PLACES, monitor=False) for _ in range(MACHINES - 1)]
    machines = [Machine(before=a, after=b) for a, b in zip([None, *stores], [*stores, None], strict=True)]
    for machine in machines:
        Breakdown(machine=machine)
    env.run(till=DAY * days)
    made: int = machines[-1].made
    return made
