"""What an event costs in plants of ten, a hundred and a thousand machines; prints ratios of CPU time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from tests.engine.plants import buffer, failure, line, machine, plant_of, serial_line, sink, site, source
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant

pytestmark = pytest.mark.bench
CYCLE = {"triangular": {"low": "4 min", "mode": "5 min", "high": "6 min"}}
DAY = 86_400.0
RUNS = 5


def lines_of_ten(machines: int) -> PlantConfig:
    """Lines of ten machines that know nothing of each other."""
    units = [unit for k in range(1, 11) for unit in (machine(f"m{k}", CYCLE, failures=(failure(),)), buffer(f"b{k}"))]
    return plant_of(site("north", *(line(f"l{k}", [source(), *units, sink()]) for k in range(machines // 10))))


def one_line(machines: int) -> PlantConfig:
    """All machines in one line."""
    return serial_line(machines, 5, CYCLE, [failure()])


def running(config: PlantConfig) -> Plant:
    """A plant that its parts have gone through."""
    plant = Plant(config, 1, trace=False)
    plant.run_until(5 * DAY)
    return plant


def cost(plant: Plant, machines: int) -> float:
    """CPU nanoseconds per event of the next 50,000 or more."""
    before, start = plant.events, time.process_time()
    plant.run_until(plant.now_s + DAY * 1000 / machines)
    spent = time.process_time() - start
    assert plant.events - before > 50_000
    return spent / (plant.events - before) * 1e9


@pytest.mark.parametrize("build", [lines_of_ten, one_line])
def test_cost_of_an_event_by_size(build: Callable[[int], PlantConfig]) -> None:
    plants = {machines: running(build(machines)) for machines in (10, 100, 1000)}
    rounds = [{machines: cost(plant, machines) for machines, plant in plants.items()} for _ in range(RUNS)]
    for machines in plants:
        ratio = statistics.median(each[machines] / each[10] for each in rounds)
        print(
            f"{build.__name__}, {machines} machines: {statistics.median(each[machines] for each in rounds):.0f} ns "
            f"per event, {ratio:.2f} x that of ten"
        )
