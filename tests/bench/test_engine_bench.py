"""The engine against SimPy as taught, on the same line in the same run; prints the ratio of CPU time.

Ten machines, nine buffers of 5, cycles triangular(4, 5, 6) min, operating failures (exponential, life
600 min, repair 60 min, work resumed), blocking after service, one year from empty. Two independent
compiled programs make 67,611 parts (standard error 18, deviation of one run 515).
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Generator
from typing import Any

import psutil
import pytest
import simpy

from tests.engine.plants import line, machine, plant_of, serial_line, sink, site, source, ten_machine_line
from twin.plant.plant import Plant

pytestmark = pytest.mark.bench
EXPECTED, DEVIATION, ERROR = 67_611.0, 515.0, 18.0
RUNS = 5
DAY_S = 86_400.0
Process = Generator[simpy.Event, Any, None]


class TaughtMachine:
    """A machine as SimPy's machine shop example has it: a working process, interrupted by a breaking one."""

    def __init__(
        self, env: simpy.Environment, random_: random.Random, before: simpy.Store | None, after: simpy.Store | None
    ):
        self.env, self.random, self.before, self.after = env, random_, before, after
        self.made = 0
        self.broken = self.working = False
        self.process = env.process(self.work())
        env.process(self.break_down())

    def work(self) -> Process:
        while True:
            part = 1 if self.before is None else (yield self.before.get())
            left = self.random.triangular(4, 6, 5)
            self.working = True
            while left:
                start = self.env.now
                try:
                    yield self.env.timeout(left)
                    left = 0
                except simpy.Interrupt:
                    left -= self.env.now - start
                    self.broken = True
                    yield self.env.timeout(self.random.expovariate(1 / 60))
                    self.broken = False
            self.working = False
            self.made += 1
            if self.after is not None:
                yield self.after.put(part)

    def break_down(self) -> Process:
        """Breaks the machine while it works; lives are memoryless, so idle time need not be kept apart."""
        while True:
            yield self.env.timeout(self.random.expovariate(1 / 600))
            if self.working and not self.broken:
                self.process.interrupt()


class TaughtLine:
    """The usual model of the line."""

    def __init__(self, seed: int):
        self.env, random_ = simpy.Environment(), random.Random(seed)
        stores = [simpy.Store(self.env, capacity=5) for _ in range(9)]
        ends = zip([None, *stores], [*stores, None], strict=True)
        self.machines = [TaughtMachine(self.env, random_, *pair) for pair in ends]

    def run(self, days: float) -> int:
        """Go on to a time; gives the parts made."""
        self.env.run(until=1440 * days)
        return self.machines[-1].made


def taught_line(seed: int, days: float = 365) -> int:
    """Parts that the usual model makes."""
    return TaughtLine(seed).run(days)


class OurLine:
    """The same line in the engine, with the state account of all 21 units; a trace is taken every day."""

    def __init__(self, seed: int, trace: bool):
        self.plant = Plant(ten_machine_line(), seed, trace=trace)

    def run(self, days: int) -> int:
        """Go on to a time; gives the parts made."""
        for day in range(round(self.plant.now_s / DAY_S) + 1, days) if self.plant.traced else ():
            self.plant.run_until(DAY_S * day)
            self.plant.drain()
        self.plant.run_until(DAY_S * days)
        self.plant.drain()
        return self.plant.ledger.totals(len(self.plant.units) - 1).parts


def our_line(seed: int, days: int = 365) -> int:
    """Parts that the engine makes without a trace."""
    return OurLine(seed, False).run(days)


def timed(run: Any, *arguments: Any) -> tuple[float, int]:
    """CPU seconds and result."""
    gc.collect()
    start = time.process_time()
    parts = run(*arguments)
    return time.process_time() - start, parts


def agree(parts: list[int]) -> None:
    """The mean lies within 3.3 standard errors (99.9 %) of the known figure."""
    error = (DEVIATION**2 / len(parts) + ERROR**2) ** 0.5
    assert abs(statistics.mean(parts) - EXPECTED) < 3.3 * error


def test_year_of_the_ten_machine_line() -> None:
    """All take turns of a month, so that what else the machine does slows each of them alike."""
    OurLine(0, True).run(1)
    times: dict[str, list[float]] = {"SimPy as taught": [], "engine": [], "engine with trace": []}
    made: dict[str, list[int]] = {name: [] for name in times}
    for seed in range(1, RUNS + 1):
        gc.collect()
        lines = dict(zip(times, (TaughtLine(seed), OurLine(seed, False), OurLine(seed, True)), strict=True))
        spent, parts = dict.fromkeys(times, 0.0), dict.fromkeys(times, 0)
        for day in (*range(30, 361, 30), 365):
            for name, line_ in lines.items():
                start = time.process_time()
                parts[name] = line_.run(day)
                spent[name] += time.process_time() - start
        for name in times:
            times[name].append(spent[name])
            made[name].append(parts[name])
    for name, counts in made.items():
        agree(counts)
        ratio = statistics.median(a / b for a, b in zip(times["SimPy as taught"], times[name], strict=True))
        cycles = 10 * statistics.mean(counts) / statistics.median(times[name])
        print(
            f"{name}: {statistics.median(times[name]):.2f} CPU s, {ratio:.1f} x SimPy as taught, "
            f"{cycles:,.0f} station cycles per CPU s, {statistics.mean(counts):,.0f} parts a year"
        )
    assert made["engine"] == made["engine with trace"]


def test_eight_hours_of_150_stations_with_trace() -> None:
    lines = [
        line(
            f"l{k}",
            [
                source(),
                *(machine(f"m{i}", {"triangular": {"low": "50 s", "mode": "58 s", "high": "66 s"}}) for i in range(13)),
                sink(),
            ],
        )
        for k in range(10)
    ]
    plant = Plant(plant_of(site("north", *lines), items=["part"]), 1)

    def shift() -> int:
        rows = 0
        for second in range(1, 8 * 3600 + 1):
            plant.run_until(float(second))
            rows += len(plant.drain())
            plant.view()
        return rows

    spent, rows = timed(shift)
    print(f"{len(plant.units)} units, 8 h in steps of 1 s with view and drain: {spent:.2f} CPU s, {rows} rows")
    whole = Plant(plant.config, 1)
    spent, _ = timed(whole.run_until, 8 * 3600.0)
    print(f"the same in one step: {spent:.2f} CPU s, {whole.events} entries")
    assert whole.fingerprint() == plant.fingerprint()


def test_copying_a_running_line() -> None:
    for config, name in ((ten_machine_line(), "ten machines"), (serial_line(75), "150 units")):
        plant = Plant(config, 1)
        plant.run_until(86_400.0)
        plant.drain()
        start = time.process_time()
        (copy,) = plant.fork(1)
        print(f"fork of {name}: {(time.process_time() - start) * 1e3:.1f} ms, {len(plant.snapshot()) // 1024} KiB")
        for one in (plant, copy):
            one.run_until(100_000.0)
        assert plant.fingerprint() == copy.fingerprint()


def test_memory_of_years() -> None:
    plant, process = Plant(ten_machine_line(), 1, trace=False), psutil.Process()
    sizes = []
    for year in (1, 4):
        plant.run_until(365 * 86_400.0 * year)
        sizes.append(process.memory_info().rss / 2**20)
    print(f"memory after one year {sizes[0]:.1f} MB, after four {sizes[1]:.1f} MB")
    assert sizes[1] < sizes[0] + 5.0
