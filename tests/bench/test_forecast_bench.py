"""How long a plant stands still for a forecast, and how long the forecast takes."""

from __future__ import annotations

from time import perf_counter, process_time

import pytest

from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.pool import BranchPool
from scenarios.headless.feed import Feed
from scenarios.loader import load
from tests.engine.plants import ten_machine_line
from tests.forecast.plants import running
from twin.plant.plant import Plant

pytestmark = pytest.mark.bench


def test_the_pause_of_the_shipped_chain() -> None:
    plant = Feed.of(load("nev_chain")).plant
    plant.run_until(8 * 3600.0)
    plant.drain()
    pauses = []
    for _ in range(9):
        begun = perf_counter()
        saved = plant.snapshot()
        pauses.append(perf_counter() - begun)
    assert Plant.restore(saved).now_s == plant.now_s
    pauses.sort()
    print(f"snapshot of {len(plant.units)} units: median {1000 * pauses[4]:.0f} ms, longest {1000 * pauses[-1]:.0f} ms")


def test_two_hundred_branches_of_a_shift_on_the_ten_machine_line() -> None:
    plant = running(ten_machine_line(), 1, 200)
    snapshot = plant.snapshot()
    begun = process_time()
    for branch in range(20):
        Plant.restore(snapshot).reseed(branch + 1)
    print(f"fork: {1000 * (process_time() - begun) / 20:.2f} ms")
    for engine in ("python", "compiled"):
        with BranchPool(1) as pool:
            forecast("ten", snapshot, Question("8 h", branches=2, engine=engine), pool)  # type: ignore[arg-type]
            begun = process_time()
            result = forecast("ten", snapshot, Question("8 h", engine=engine), pool)  # type: ignore[arg-type]
        assert result.branches == 200
        assert result.engine == engine
        print(f"200 branches of 8 h, {engine}, one process: {process_time() - begun:.2f} s CPU")
