"""Pull loops, batches, conveyors and mixed-model lines against theory and published cases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.plants import buffer, exponential, line, line_plant, machine, plant_of, sink, site, source
from tests.validation.intervals import Interval, confidence
from tests.validation.report import agrees, at_least, equals
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.states import UnitState

pytestmark = pytest.mark.validation
RUNS = 20
SAID: dict[str, Any] = {"runs": RUNS, "seed": f"0 to {RUNS - 1}"}
WARM_UP = 500.0


def rates(config: PlantConfig, unit: str, end: float) -> Interval:
    """Operations of a unit per s after the warm-up."""
    values = []
    for seed in range(RUNS):
        plant = Plant(config, seed, trace=False)
        plant.run_until(WARM_UP)
        before = plant.ledger.totals(unit).parts
        plant.run_until(end)
        values.append((plant.ledger.totals(unit).parts - before) / (end - WARM_UP))
    return confidence(values)


def closed_network(service: Sequence[float], jobs: int) -> float:
    """Throughput of exponential single servers in a circle, by mean value analysis (Reiser and Lavenberg 1980)."""
    queue = np.zeros(len(service))
    rate = 0.0
    for population in range(1, jobs + 1):
        stay = np.asarray(service) * (1 + queue)
        rate = population / float(stay.sum())
        queue = rate * stay
    return rate


@pytest.mark.parametrize(
    ("service", "limit"), [([1.0, 1.0], 3), ([1.0, 0.8, 1.25], 5)], ids=["two alike", "three that differ"]
)
def test_conwip_is_a_closed_network(service: list[float], limit: int) -> None:
    units: list[dict[str, Any]] = [source(), {"id": "gate", "kind": "conwip", "limit": limit, "exit": "out"}]
    for number, mean in enumerate(service):
        units += [buffer(f"b{number}", limit), machine(f"m{number}", exponential(f"{mean} s"))]
    measured = rates(line_plant(*units, sink()), "acme/north/hall/line/out", 6_000.0)
    case = f"CONWIP, {limit} cards, {len(service)} machines"
    exact = closed_network(service, limit)
    agrees("Pull", case, "items per s", exact, measured, widest=0.015, source="mean value analysis", **SAID)


@pytest.mark.parametrize("cards", [2, 6])
def test_kanban_with_a_supermarket(cards: int) -> None:
    """Withdrawals wait while the shelf is empty: a birth and death process over cards + 2 states."""
    work, demand = 1.0, 1.1
    units = [
        source(),
        {"id": "board", "kind": "kanban", "cards": {"part": cards}, "exit": "market"},
        buffer("jobs", cards),
        machine("m1", exponential(f"{work} s")),
        {"id": "market", "kind": "supermarket", "places": {"part": cards}},
        sink("out", interval=exponential(f"{demand} s")),
    ]
    weights = [(demand / work) ** state for state in range(cards + 2)]
    exact = (1 - weights[0] / sum(weights)) / demand
    measured = rates(line_plant(*units), "acme/north/hall/line/out", 6_000.0)
    agrees("Pull", f"kanban, {cards} cards", "withdrawals per s", exact, measured, widest=0.015,
           source="birth and death process", **SAID)  # fmt: skip


@pytest.mark.parametrize("largest", [2, 5])
def test_bulk_service(largest: int) -> None:
    """M/M(1,b)/1: the number waiting while the server works is geometric."""
    arrivals, service = 1.2, 1.0
    polynomial = np.zeros(largest + 2)
    polynomial[[0, largest, largest + 1]] = service, -(arrivals + service), arrivals
    roots = np.roots(polynomial)
    root = next(r.real for r in roots if abs(r.imag) < 1e-9 and 0 < r.real < 1 - 1e-9)
    scale = 1 / (service / arrivals + 1 / (1 - root))
    oven = {"id": "oven", "kind": "batch_machine", "max_batch": largest, "staging": 100_000}
    config = line_plant(
        source(interval=exponential(f"{1 / arrivals!r} s")), oven | {"cycle": exponential("1 s")}, sink()
    )
    busy = []
    for seed in range(RUNS):
        plant = Plant(config, seed, trace=False)
        plant.run_until(5_000.0)
        busy.append(plant.ledger.totals(1).duration_s(UnitState.PRODUCING) / 5_000.0)
    agrees("Batches", f"M/M(1,{largest})/1", "share of time at work", scale / (1 - root), confidence(busy),
           widest=0.02, source="Neuts 1967; Medhi 2002, ch. 5", **SAID)  # fmt: skip


def test_waiting_for_a_full_batch() -> None:
    oven = {"id": "oven", "kind": "batch_machine", "max_batch": 6, "min_batch": 6, "cycle": "20 s"}
    plant = Plant(line_plant(source(interval="10 s"), oven, sink()), 1)
    plant.run_until(6_060.0)
    totals = plant.ledger.totals(1)
    equals("Batches", "D/D(6,6)/1", "items", 600, totals.parts, source="full batch each 60 s")
    equals(
        "Batches", "D/D(6,6)/1", "time at work, s", 2_000, totals.duration_s(UnitState.PRODUCING), source="20 s each"
    )


def test_a_conveyor_to_the_second() -> None:
    belt = {"id": "belt", "kind": "conveyor", "length": "30 m", "speed": "0.25 m/s", "pitch": "1.5 m"}
    plant = Plant(line_plant(source(), belt, sink()), 1)
    plant.run_until(120.0 + 6.0 * 999 + 0.5)
    equals("Conveyors", "30 m, 0.25 m/s, pitch 1.5 m", "items by 120 s + 999 x 6 s", 1_000,
           plant.ledger.totals(2).parts, source="length / speed, pitch / speed")  # fmt: skip


# --- published lines ----------------------------------------------------------------------------


def balanced(case: dict[str, Any], optimum: dict[str, Any]) -> list[int]:
    """Work of each station of an optimal assignment."""
    assigned = optimum["one_optimal_assignment"]
    loads = [0] * optimum["min_stations"]
    for task, time in enumerate(case["task_times"]):
        loads[assigned[task] - min(assigned)] += time
    return loads


def test_balanced_lines_give_one_unit_per_cycle(shared_data: Path) -> None:
    cases = json.loads((shared_data / "line-balancing" / "salbp1.json").read_text(encoding="utf-8"))
    for case in cases:
        for optimum in case["optima"]:
            cycle, loads = optimum["cycle_time"], balanced(case, optimum)
            assert max(loads) <= cycle
            units = [machine(f"m{number}", f"{load} s") for number, load in enumerate(loads)]
            config = line_plant(source(interval=f"{cycle} s"), *units, sink())
            plant = Plant(config, 1, trace=False)
            plant.run_until(cycle + sum(loads) + 99 * cycle + 0.5)
            stops = sum(plant.ledger.totals(n + 1).duration_s(UnitState.BLOCKED) for n in range(len(loads)))
            assert stops == 0
            equals("Published lines", f"balancing {case['name']}, cycle {cycle}", "units after 99 cycles", 100,
                   plant.ledger.totals(len(loads) + 1).parts, source="../shared/data/line-balancing")  # fmt: skip


TAKT = 60


def option_line(option: int, capacity: tuple[int, int], sequence: list[int], classes: list[Any]) -> dict[str, Any]:
    """A paced line with one option: as many teams as the limit says, each busy while its car passes the window."""
    teams, window = capacity
    wanted = {f"c{n}": "teams" for n, kind in enumerate(classes) if kind["options"][option]}
    orders = [{"item": f"c{kind}", "release": f"{TAKT * (n + 1)} s"} for n, kind in enumerate(sequence)]
    return line(
        f"option{option}",
        [
            {"id": "cars", "kind": "source", "orders": orders},
            {"id": "fork", "kind": "route", "rule": "item", "items": wanted, "to": ["teams", "past"]},
            machine("teams", f"{TAKT * window - 1} s", capacity=teams, to=["done"]),
            sink("past"),
            sink("done"),
        ],
    )


def line_stops(case: dict[str, Any], sequence: list[int]) -> float:
    """Seconds for which cars waited for a team, over all options."""
    classes = case["classes"]
    lines = [option_line(n, tuple(limit), sequence, classes) for n, limit in enumerate(case["option_capacity_a_of_b"])]
    plant = Plant(plant_of(site("north", *lines), items=[f"c{n}" for n in range(len(classes))]), 1, trace=False)
    plant.run_until(TAKT * 4.0 * len(sequence))
    forks = [unit for unit, path in enumerate(plant.units) if path.name == "fork"]
    return sum(plant.ledger.totals(unit).duration_s(UnitState.BLOCKED) for unit in forks)


@pytest.mark.parametrize("name", ["dincbas-10", "41-66", "60-01"])
def test_a_feasible_sequence_stops_no_line_and_a_sorted_one_does(shared_data: Path, name: str) -> None:
    cases = json.loads((shared_data / "car-sequencing" / "instances.json").read_text(encoding="utf-8"))
    (case,) = (case for case in cases if case["name"] == name)
    feasible, where = case["feasible_sequence"], "../shared/data/car-sequencing"
    equals("Published lines", f"cars {name}, feasible", "line stops, s", 0.0, line_stops(case, feasible), source=where)
    at_least("Published lines", f"cars {name}, sorted", "line stops, s", 60.0, line_stops(case, sorted(feasible)),
             source=where)  # fmt: skip
