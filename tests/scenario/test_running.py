"""The shipped scenarios run: nothing gets stuck, and figures are of the size they promise."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scenarios.format.document import Scenario
from scenarios.loader import load
from tests.scenario.test_library import NAMES
from twin.plant.plant import Plant

HOUR = 3600.0
DAY = 24 * HOUR
WORKING = ("machine", "assembly", "inspection", "sink")


@cache
def shipped(name: str) -> Scenario:
    return load(name)


def plant(name: str, seed: int | None = None) -> Plant:
    scenario = shipped(name)
    return Plant(scenario.plant(), scenario.run.seed if seed is None else seed, trace=False)


def numbers(name: str, *kinds: str) -> list[int]:
    return [n for n, (_, _, station) in enumerate(shipped(name).stations()) if station.kind in kinds]


def finished(running: Plant, name: str, until_s: float) -> int:
    """Products that have left the plant by a time."""
    running.run_until(until_s)
    return int(running.view().parts[numbers(name, "sink", "customer")].sum())


FIRST_H = {"minifab": 24}
"""Hours to the first product where the shortest way through the plant is longer than two."""


@pytest.mark.parametrize("name", NAMES)
def test_every_working_unit_makes_something_in_a_day(name: str) -> None:
    running = plant(name)
    running.run_until(DAY)
    parts = running.view().parts
    assert [running.units[n] for n in numbers(name, *WORKING) if parts[n] == 0] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_first_products_leave_within_the_first_two_hours_or_their_shortest_way(name: str) -> None:
    assert finished(plant(name), name, FIRST_H.get(name, 2) * HOUR) > 0


def test_the_workshop_makes_about_48_valves_an_hour_of_both_kinds() -> None:
    running = plant("workshop")
    assert 42 <= finished(running, "workshop", DAY) / 24 <= 54
    parts = dict(zip(running.units, running.view().parts, strict=True))
    made = [parts[path] for path in running.units if path.name in ("bench_a", "bench_b")]
    assert min(made) > 0.8 * max(made)


def test_the_job_makes_two_to_four_plates_an_hour() -> None:
    assert 2 <= finished(plant("cnc_job"), "cnc_job", DAY) / 24 <= 4


@cache
def three_days(seed: int) -> tuple[Plant, list[int]]:
    """The chain after three days, and the vehicles made by the end of each."""
    running = plant("nev_chain", seed)
    made = [finished(running, "nev_chain", day * DAY) for day in range(4)]
    return running, made


@pytest.mark.parametrize("seed", [7, *(pytest.param(seed, marks=pytest.mark.endurance) for seed in (8, 9))])
def test_the_vehicle_plant_makes_55_to_60_vehicles_an_hour_for_three_days(seed: int) -> None:
    _, made = three_days(seed)
    assert all(55 <= rate <= 60 for rate in np.diff(made) / 24), made


@pytest.mark.endurance
def test_the_chain_neither_starves_nor_sticks_in_two_weeks() -> None:
    running = plant("nev_chain")
    made = np.diff([finished(running, "nev_chain", day * DAY) for day in range(15)]) / 24
    assert made.min() > 54
    assert abs(made[7:].mean() - made[:7].mean()) < 2


def test_a_vehicle_costs_about_850_kwh_at_the_plant_without_its_casting_and_cells_dominate() -> None:
    running, made_by = three_days(7)
    made = made_by[-1]
    energy = dict(zip(running.units, running.view().energy_kwh / made, strict=True))
    share = {
        site: sum(value for path, value in energy.items() if path.is_under(site)) for site in ("yujiang", "xinghe")
    }
    casting = sum(value for path, value in energy.items() if path.is_under("yujiang/liangjiang/press/casting"))
    assert share["yujiang"] - casting == pytest.approx(850, rel=0.05)
    assert casting == pytest.approx(140, rel=0.05)
    assert share["xinghe"] == pytest.approx(136 * 15.46, rel=0.05)
    assert share["xinghe"] > 0.6 * sum(energy.values())


def test_a_stopped_supplier_starves_the_chain_only_after_its_stocks() -> None:
    stop = "{id: outage, target: lanxin, effect: stop, start: 1 h, duration: 9 d}"
    scenario = load("nev_chain", [f"perturbations=[{stop}]"])
    running = Plant(scenario.plant(), 7, trace=False)
    made = np.diff([finished(running, "nev_chain", day * DAY) for day in range(7)]) / 24
    assert made[0] > 55
    assert made[-1] < 5
