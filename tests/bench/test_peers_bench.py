"""The line of ten machines in other libraries, side by side in one run; skipped where they are not installed."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bench.test_engine_bench import DEVIATION, EXPECTED, taught_line, timed
from tests.engine.plants import ten_machine_line
from twin.sim.plant import Plant

pytestmark = pytest.mark.bench
DAYS, RUNS = 30, 3


def ours(seed: int) -> int:
    """Parts of the engine in the horizon."""
    plant = Plant(ten_machine_line(), seed, trace=False)
    plant.run_until(86_400.0 * DAYS)
    return plant.ledger.totals(len(plant.units) - 1).parts


def salabim_line(salabim: Any, seed: int) -> int:
    """The line in salabim, whose components can be interrupted and resumed."""
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
    stores = [salabim.Store(capacity=5, monitor=False) for _ in range(9)]
    machines = [Machine(before=a, after=b) for a, b in zip([None, *stores], [*stores, None], strict=True)]
    for machine in machines:
        Breakdown(machine=machine)
    env.run(till=1440 * DAYS)
    made: int = machines[-1].made
    return made


def test_the_line_in_other_libraries() -> None:
    salabim = pytest.importorskip("salabim", reason="pip install 'futurefactory[peers]'")
    runs = {
        "SimPy as taught": lambda seed: taught_line(seed, DAYS),
        "engine": ours,
        "salabim": lambda seed: salabim_line(salabim, seed),
    }
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for name, run in runs.items():
        made = []
        for seed in range(1, RUNS + 1):
            cpu_s, parts = timed(run, seed)
            spent[name].append(cpu_s)
            made.append(parts)
        # the line starts empty, so a short run makes up to 3 % less a day than a year
        deviation = DEVIATION * (DAYS / 365 / RUNS) ** 0.5
        assert 0.97 * EXPECTED * DAYS / 365 - 3.3 * deviation < statistics.mean(made)
        assert statistics.mean(made) < EXPECTED * DAYS / 365 + 3.3 * deviation
    base = statistics.median(spent["SimPy as taught"])
    for name, times in spent.items():
        print(f"{name}: {statistics.median(times):.3f} CPU s for {DAYS} days, {base / statistics.median(times):.2f} x")
