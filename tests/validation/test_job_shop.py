"""Job-shop instances: given orders replayed to the exact makespan; rules feasible, never below the bound."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import pytest

from scenarios.format.document import Scenario
from scenarios.importers import importers
from tests.validation.report import at_least, equals
from twin.plant.plant import Plant
from twin.stations.orders import Orders
from twin.stations.tool import Tool

pytestmark = pytest.mark.validation
TOPIC = "Job shops"
RULES = ("fifo", "spt", "edd", "cr", "slack")
SPT = {"ft06": 88, "ft10": 1074, "ft20": 1267}
"""Makespans of shortest processing time by our own runs, so that a change shows."""


class Watched:
    """A finished run and when each operation was on its machine."""

    def __init__(self, path: Path, **options: Any):
        importer = importers["job_shop"]()
        scenario = Scenario.model_validate(importer.read(path, importer.Options(**options)))
        self.plant = Plant(scenario.plant(), 0, trace=True)
        self.plant.run_until(scenario.run.horizon)
        self.stations = [self.plant.station(str(path)) for path in self.plant.units]

    @property
    def makespan(self) -> float:
        """End of the last job in s."""
        (orders,) = (station for station in self.stations if isinstance(station, Orders))
        return max(account.flow_s for account in orders.accounts.values())

    def done(self) -> tuple[int, int]:
        """Jobs and operations that were finished."""
        (orders,) = (station for station in self.stations if isinstance(station, Orders))
        tools = [station for station in self.stations if isinstance(station, Tool)]
        return sum(account.lots for account in orders.accounts.values()), sum(tool.parts for tool in tools)

    def working_s(self) -> float:
        """Time that all machines worked."""
        return sum(self.plant.ledger.totals(str(s.path)).seconds[22] for s in self.stations if isinstance(s, Tool))


def bounds(shared_data: Path) -> dict[str, tuple[int, int]]:
    with (shared_data / "job-shop" / "best-known.csv").open() as file:
        rows = csv.DictReader(file)
        return {row["instance"]: (int(row["best_lower_bound"]), int(row["best_upper_bound"])) for row in rows}


def test_a_given_order_is_replayed_to_the_exact_makespan(shared_data: Path) -> None:
    folder = shared_data / "job-shop"
    order = folder / "optimal-sequences.json"
    known = json.loads(order.read_text())
    assert len(known) == 6
    for name, one in known.items():
        run = Watched(folder / "instances" / f"{name}.txt", order=order)
        said = {"source": "optimal order of ../shared/data/job-shop"}
        equals(TOPIC, f"{name}, given order", "makespan", one["makespan"], run.makespan, tolerance=0.0, **said)


def test_rules_give_schedules_that_are_never_better_than_the_bound(shared_data: Path) -> None:
    known = bounds(shared_data)
    for path in sorted((shared_data / "job-shop" / "instances").glob("*.txt")):
        rows = [[int(cell) for cell in line.split()] for line in path.read_text().splitlines() if line.strip()]
        work = [row[1::2] for row in rows[1:]]
        best, best_rule = inf, ""
        for rule in RULES:
            run = Watched(path, rule=(rule,))
            assert run.done() == (len(work), sum(len(row) for row in work)), (path.stem, rule)
            assert run.working_s() == sum(map(sum, work)), (path.stem, rule)
            assert run.makespan >= known[path.stem][0], (path.stem, rule)
            best, best_rule = min((best, best_rule), (run.makespan, rule))
            assert rule != "spt" or run.makespan == SPT.get(path.stem, run.makespan)
        said = {"source": "lower bound of ../shared/data/job-shop"}
        at_least(
            TOPIC,
            f"{path.stem}, best of {', '.join(RULES)}: {best_rule}",
            "makespan",
            known[path.stem][0],
            best,
            **said,
        )


def test_no_machine_does_two_things_and_no_job_is_in_two_places(shared_data: Path) -> None:
    run = Watched(shared_data / "job-shop" / "instances" / "ft10.txt", rule=("spt",))
    ends: dict[int, list[float]] = {}
    for row in run.plant.drain():
        if row.kind == "part" and isinstance(run.stations[row.unit], Tool):
            ends.setdefault(row.unit, []).append(row.sim_s)
    assert len(ends) == 10
    assert all(a < b for times in ends.values() for a, b in pairwise(times))
