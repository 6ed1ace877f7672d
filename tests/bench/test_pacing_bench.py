"""Machines in step with the clock: how late their events are, beside SimPy in real time; prints quantiles."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import pytest
import simpy
import simpy.rt

from scenarios.live.clock import Pace, SystemClock
from scenarios.live.pacing import Pacer, spare_the_collector
from tests.engine.plants import line, machine, plant_of, sink, site, source
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.records import RecordKind

pytestmark = pytest.mark.bench
SECONDS = float(os.environ.get("FACTORY_BENCH_S", "6"))
CYCLE = {"triangular": {"low": "0.8 s", "mode": "1 s", "high": "1.2 s"}}


def works(machines: int) -> PlantConfig:
    """Lines of ten machines, each of which completes a part about once a second."""
    units = [source(), *(machine(f"m{number}", CYCLE) for number in range(10)), sink()]
    return plant_of(site("north", *(line(f"l{number}", units) for number in range(machines // 10))))


def ours(machines: int) -> tuple[list[float], int, float]:
    """Lateness of every event, taken when the step that did it was over; the parts made, CPU seconds."""
    plant, clock = Plant(works(machines), 1), SystemClock()
    plant.run_until(60.0)
    plant.drain()
    spare_the_collector()
    start_s = plant.now_s
    pace = Pace(start_s, clock.now_ns(), 1.0)
    pacer = Pacer(plant, pace, clock)
    late: list[float] = []
    made, begun = 0, time.process_time()
    while plant.now_s < start_s + SECONDS:
        wait_s = pacer.catch_up(start_s + SECONDS)
        rows = plant.drain()
        done_s = pace.sim_s(clock.now_ns())
        late.extend(done_s - sim_s for sim_s in rows.times)
        made += sum(event.kind is RecordKind.PART for event in rows.events)
        time.sleep(wait_s)
    return late, made, time.process_time() - begun


def simpy_in_real_time(machines: int) -> tuple[list[float], int, float]:
    """The same number of processes in SimPy's real-time environment: each acts about once a second."""
    late: list[float] = []
    random_ = random.Random(1)
    env = simpy.rt.RealtimeEnvironment(strict=False)

    def work() -> Generator[simpy.Event, Any, None]:
        while True:
            yield env.timeout(random_.triangular(0.8, 1.2, 1.0))
            late.append(time.perf_counter() - begun - env.now)

    for _ in range(machines):
        env.process(work())
    env.sync()
    begun, cpu = time.perf_counter(), time.process_time()
    env.run(until=SECONDS)
    return late, len(late), time.process_time() - cpu


def told(name: str, machines: int, late: Sequence[float], made: int, cpu_s: float) -> None:
    """Print the quantiles."""
    p50, p99, most = np.quantile(late, [0.5, 0.99, 1.0]) * 1e3
    print(
        f"{name}, {machines} machines at 1 Hz: late p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {most:.1f} ms; "
        f"{made / SECONDS:,.0f} parts and {len(late) / SECONDS:,.0f} events per s, {cpu_s / SECONDS:.2f} cores"
    )


@pytest.mark.parametrize("machines", [1_000, 10_000])
def test_lateness_of_events(machines: int) -> None:
    for name, run in (("engine", ours), ("SimPy", simpy_in_real_time)):
        late, made, cpu_s = run(machines)
        told(name, machines, late, made, cpu_s)
        assert made > 0.6 * machines * SECONDS
