"""Repair crews, operators and maintenance against theory: finite sources, Erlang, age replacement."""

from __future__ import annotations

from math import comb, factorial
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from tests.engine.plants import LINE, exponential, line, line_plant, machine, plant_of, sink, site, source
from tests.engine.test_resources import needing, parallel, staffed, worker
from tests.validation.intervals import Interval, confidence
from tests.validation.report import agrees
from tests.validation.test_queues import erlang_c
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.states import UnitState

pytestmark = pytest.mark.validation


TOPIC = "People and maintenance"
RUNS = 12
SAID = {"runs": RUNS, "seed": f"0 to {RUNS - 1}"}


def machine_repair(machines: int, crews: int, ratio: float) -> float:
    """Mean share of machines that run in M/M/c//N (finite source); ratio = failure rate / repair rate.

    Source: Gross et al., Fundamentals of Queueing Theory, section on finite-source queues.
    """
    weights = []
    for down in range(machines + 1):
        ways = comb(machines, down) * ratio**down
        if down > crews:
            ways *= factorial(down) / (factorial(crews) * crews ** (down - crews))
        weights.append(ways)
    up = sum((machines - down) * weight for down, weight in enumerate(weights))
    return up / sum(weights) / machines


def share(config: PlantConfig, units: list[str], state: UnitState, until: float) -> Interval:
    """Mean share of time that some units are in a state."""
    found = []
    for seed in range(RUNS):
        plant = Plant(config, seed, trace=False)
        plant.run_until(until / 20)
        before = [plant.ledger.totals(unit).duration_s(state) for unit in units]
        plant.run_until(until)
        after = [plant.ledger.totals(unit).duration_s(state) for unit in units]
        found.append(sum(np.subtract(after, before)) / len(units) / (until * 19 / 20))
    return confidence(found)


@pytest.mark.parametrize(("machines", "crews"), [(6, 1), (6, 2), (4, 4)])
def test_machine_repair_problem(machines: int, crews: int) -> None:
    fail = {"id": "jam", "after": exponential("100 s"), "repair": exponential("30 s"), "crew": "fix"}
    people = [worker(f"w{n}", ("fix",)) for n in range(crews)]
    config = staffed(parallel(machines, cycle="50 s", failures=[fail]), people)
    units = [f"{LINE}/m{n}" for n in range(1, machines + 1)]
    running = share(config, units, UnitState.PRODUCING, 40_000.0)
    exact = machine_repair(machines, crews, 0.3)
    case = f"machine repair M/M/{crews}//{machines}"
    agrees(TOPIC, case, "running share", exact, running, widest=0.04, source="finite-source balance (Gross)", **SAID)


def test_priority_moves_the_waiting_and_leaves_the_sum() -> None:
    def fail(priority: int) -> dict[str, Any]:
        jam = {"id": "jam", "after": exponential("100 s"), "repair": exponential("30 s")}
        return {**jam, "crew": "fix", "priority": priority}

    units = parallel(6, cycle="50 s")
    for number in range(1, 7):
        units[number]["failures"] = [fail(int(number > 3))]
    config = staffed(units, [worker("wu", ("fix",))])
    names = [f"{LINE}/m{n}" for n in range(1, 7)]
    ahead, behind, every = (
        share(config, units, UnitState.PRODUCING, 30_000.0) for units in (names[:3], names[3:], names)
    )
    # all repairs have one law, so the order of service does not change how many are down
    case, exact = "machine repair M/M/1//6 with priorities", machine_repair(6, 1, 0.3)
    agrees(TOPIC, case, "running share", exact, every, widest=0.04, source="finite-source balance (Gross)", **SAID)
    assert ahead.mean - ahead.half > behind.mean + behind.half


def test_operators_limit_a_station_of_many_places() -> None:
    rate, operators, step = 2.4, 3, 5.0
    units = [
        source(interval=exponential(f"{1 / rate!r} s")),
        machine("server", exponential("1 s"), capacity=60, needs=[needing()]),
        sink(),
    ]
    config = staffed(units, [worker(f"w{n}") for n in range(operators)])
    waits = []
    for seed in range(RUNS):
        plant = Plant(config, seed, trace=False)
        plant.run_until(500.0)
        inside, before = [], plant.ledger.totals(f"{LINE}/server").parts
        for number in range(1, 1_001):
            plant.run_until(500.0 + step * number)
            inside.append(plant.station(f"{LINE}/server").level)
        rate_now = (plant.ledger.totals(f"{LINE}/server").parts - before) / (step * len(inside))
        waits.append(float(np.mean(inside)) / rate_now - 1.0)
    exact = erlang_c(operators, rate) / (operators - rate)
    case = f"{operators} operators for 60 places as M/M/{operators}"
    agrees(TOPIC, case, "wait, s", exact, confidence(waits), widest=0.2, source="Erlang 1917", **SAID)


def test_age_replacement_agrees_with_renewal_theory() -> None:
    shape, scale, age, repair, job = 3.0, 1_000.0, 700.0, 120.0, 20.0
    law = {"weibull": {"shape": shape, "scale": f"{scale} s"}}
    swap = {"id": "swap", "every": f"{age} s", "duration": exponential(f"{job} s"), "wait": "now", "opportunity": 0.0}
    worn = {"id": "worn", "after": law, "repair": exponential(f"{repair} s")}
    config = line_plant(source(), machine("m1", "7 s", failures=[worn], maintenance=[swap]), sink())
    survives = float(np.exp(-((age / scale) ** shape)))
    up = integrate.quad(lambda time: np.exp(-((time / scale) ** shape)), 0, age)[0]
    # a failure is the occasion to do the job as well, so that both clocks begin together: the longer one counts
    longer = repair + job - 1 / (1 / repair + 1 / job)
    exact = up / (up + (1 - survives) * longer + survives * job)
    running = share(config, [f"{LINE}/m1"], UnitState.PRODUCING, 300_000.0)
    case = "age replacement, Weibull 3"
    agrees(TOPIC, case, "availability", exact, running, widest=0.01, source="Barlow and Hunter 1960", **SAID)


def test_a_crew_shared_by_lines_is_one_queue() -> None:
    fail = {"id": "jam", "after": exponential("100 s"), "repair": exponential("30 s"), "crew": "fix"}
    units = [source(), machine("m", "50 s", failures=[fail]), sink()]
    lines = [line(f"line{n}", units) for n in range(4)]
    config = plant_of(site("north", *lines, line("crew", [worker("wu", ("fix",))])))
    running = share(config, [f"acme/north/hall/line{n}/m" for n in range(4)], UnitState.PRODUCING, 40_000.0)
    exact, case = machine_repair(4, 1, 0.3), "crew shared by four lines M/M/1//4"
    agrees(TOPIC, case, "running share", exact, running, widest=0.04, source="finite-source balance (Gross)", **SAID)
