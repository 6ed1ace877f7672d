"""The Mini-Fab as shipped: the published facts are in it, and a long run agrees with the arithmetic of its work."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scenarios.format.document import Scenario
from scenarios.loader import load
from tests.validation.report import equals
from twin.plant.plant import Plant
from twin.stations.orders import Orders

pytestmark = pytest.mark.validation
TOPIC = "Mini-Fab"
WEEK, WEEKS, WARM_UP = 7 * 86400.0, 120, 4
SOURCE = "facts of ../shared/data/minifab, arithmetic"
LINE = "minifab/fab/cleanroom"


@pytest.fixture
def facts(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "minifab" / "minifab.json").read_text())
    return found


def pools(scenario: Scenario) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, _, station in scenario.stations():
        if station.kind == "tool":
            found.setdefault(str(getattr(station, "pool", "")), []).append(path.name.capitalize())
    return found


def test_the_scenario_has_the_published_machines_route_and_starts(facts: dict[str, Any]) -> None:
    scenario = load("minifab")
    assert pools(scenario) == facts["machines"]
    for recipe in scenario.recipes.values():
        route = [[str(s.id).upper(), s.pool, 0 if s.time is None else s.time.mean_s / 60] for s in recipe.steps]
        assert route == facts["route"]
    (office,) = (station for _, _, station in scenario.stations() if station.kind == "orders")
    starts = {one.item.lower(): WEEK / one.every.mean_s for one in office.release}  # type: ignore[attr-defined]
    assert starts == pytest.approx({name.lower(): lots for name, lots in facts["starts_per_week_lots"].items()})


@cache
def measured() -> tuple[dict[str, float], Orders, Plant, float]:
    """Weekly figures of a long run after a warm-up, and the mean number of lots in process."""
    plant = Plant(load("minifab").plant(), 2, trace=False)
    plant.run_until(WARM_UP * WEEK)
    (office,) = (s for path in plant.units if isinstance(s := plant.station(path), Orders))
    before = (office.released, office.lost, office.parts - office.scrapped)
    producing = {path: plant.ledger.totals(str(path)).seconds[22] for path in plant.units}
    inside, samples = 0, 0
    for hour in range(WARM_UP * 168 + 1, WEEKS * 168 + 1):
        plant.run_until(hour * 3600.0)
        inside, samples = inside + office.in_process, samples + 1
    weeks = WEEKS - WARM_UP
    figures = {
        "released": (office.released - before[0]) / weeks,
        "lost": (office.lost - before[1]) / weeks,
        "finished": (office.parts - office.scrapped - before[2]) / weeks,
    }
    for path in plant.units:
        figures[path.name] = (plant.ledger.totals(str(path)).seconds[22] - producing[path]) / weeks / WEEK
    return figures, office, plant, inside / samples


def test_starts_losses_and_output_of_a_week(facts: dict[str, Any]) -> None:
    figures, _, _, _ = measured()
    lost = facts["lots_lost_per_week_to_emergencies_on_implant"]
    assert figures["released"] == pytest.approx(84, rel=0.005)
    equals(TOPIC, "120 weeks", "lots lost a week", lost, figures["lost"], tolerance=0.15, seed="2", source=SOURCE)
    equals(TOPIC, "120 weeks", "lots finished a week", 80, figures["finished"], tolerance=0.01, seed="2", source=SOURCE)


def test_the_machines_work_as_long_as_the_work_takes() -> None:
    figures, _, _, _ = measured()
    starts, scrap = figures["released"], 0.0238
    after = [1 - scrap, (1 - scrap) ** 2]  # share of lots left after the first and second implant
    expected = {
        "implant": starts * ((30 + 30) + after[0] * (50 + 30)) / 2,
        "lithography": starts * (after[0] * (55 + 20) + after[1] * (10 + 20)),
        "diffusion": starts / 3 * ((225 + 60) + after[1] * (255 + 60)) / 2,
    }
    for pool, tools in pools(load("minifab")).items():
        share = sum(figures[tool.lower()] for tool in tools) / len(tools)
        exact = expected[pool] * 60 / WEEK
        equals(TOPIC, "120 weeks", f"busy share of {pool}", exact, share, tolerance=0.015, seed="2", source=SOURCE)


def test_little_holds_for_the_whole_fab() -> None:
    figures, office, _, inside = measured()
    flow_s = sum(a.flow_s for a in office.accounts.values()) / sum(a.lots for a in office.accounts.values())
    # lost lots are in the fab too, about as long as it takes to the first or second implant
    low, high = figures["finished"] * flow_s / WEEK, figures["released"] * flow_s / WEEK
    assert low < inside < high
    raw_h = (225 + 30 + 55 + 50 + 255 + 10) / 60
    assert flow_s / 3600 > raw_h
