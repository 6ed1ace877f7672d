"""A live run keeps the hours that its scenario says, whenever it is started."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scenarios.feed import anchor, anchored
from scenarios.loader import load

DAY = timedelta(days=1)
STARTS = [datetime(2026, 5, 7, hour, 29, 59, tzinfo=UTC) for hour in range(24)]


@pytest.mark.parametrize("name", ["summer_rationing", "nev_chain", "cnc_job"])
def test_second_0_is_at_the_time_of_day_of_the_scenario(name: str) -> None:
    config, before = load(name).plant(), timedelta(hours=8)
    for now in STARTS:
        start = anchor(config, now, before)
        assert start.timetz() == config.epoch.timetz()
        assert before <= now - start < before + DAY


def test_a_perturbation_of_the_scenario_falls_at_its_hour() -> None:
    scenario = load("summer_rationing")
    heat = next(each for each in scenario.perturbations if each.id == "heat")
    hour = (scenario.epoch + timedelta(seconds=heat.start)).hour
    assert hour == 12
    for now in STARTS:
        plant = anchored(scenario.plant(), anchor(scenario.plant(), now, timedelta(hours=30)))
        assert (plant.epoch + timedelta(seconds=heat.start)).hour == hour


@pytest.mark.parametrize("days", [7, 5])
def test_the_weekday_is_kept_where_days_differ(days: int) -> None:
    scenario = load("workshop")
    shop = scenario.plant()
    week = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    calendars = {name: each.model_copy(update={"days": week[:days]}) for name, each in shop.calendars.items()}
    config = shop.model_copy(update={"calendars": calendars})
    starts = {anchor(config, now + n * DAY, timedelta(hours=8)).weekday() for now in STARTS for n in range(7)}
    assert starts == ({config.epoch.weekday()} if days == 5 else set(range(7)))
