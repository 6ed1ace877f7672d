"""A live run keeps the hours that its scenario says, whenever it is started."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scenarios.headless.feed import anchor, anchored, dated
from scenarios.loader import load, loads

DAY = timedelta(days=1)
SCENARIO = """
schema_version: 1
name: own
title: {en: Own, zh: 自有}
epoch: 2026-03-02T06:00:00+08:00
items: {case: {title: {en: Case, zh: 箱}}}
enterprises:
  - id: a
    title: {en: A, zh: 甲}
    sites:
      - id: b
        areas: [{id: c, lines: [{id: d, stations: [STATION, {id: out, kind: sink}]}]}]
"""
STARTS = [datetime(2026, 5, 7, hour, 29, 59, tzinfo=UTC) for hour in range(24)]


@pytest.mark.parametrize("name", ["summer_rationing", "charger_network", "job_shop", "minifab", "cnc_job"])
def test_second_0_is_at_the_time_of_day_of_the_scenario(name: str) -> None:
    config, before = load(name).plant(), timedelta(hours=8)
    for now in STARTS:
        start = anchor(config, now, before)
        assert start.timetz() == config.epoch.timetz()
        assert before <= now - start < before + (7 * DAY if name == "charger_network" else DAY)


@pytest.mark.parametrize("name", ["nev_chain", "workshop", "agv_hall", "casting_shop"])
def test_the_history_is_no_hour_longer_than_asked_where_all_goes_by_the_clock(name: str) -> None:
    config, before = load(name).plant(), timedelta(hours=8)
    for now in STARTS:
        start = anchor(config, now, before)
        assert (start.minute, start.second) == (0, 0)
        assert before <= now - start < before + timedelta(hours=1)


@pytest.mark.parametrize(
    "station",
    [
        "{id: plan, kind: source, to: [out], orders: [{item: case, quantity: 60, release: 2 h}]}",
        "{id: in, kind: source, to: [out], mix: {case: 1}, interval: 1 min}",
    ],
)
def test_a_list_of_orders_keeps_the_hours(station: str) -> None:
    text = SCENARIO.replace("STATION", station)
    assert dated(loads(text, Path(), "own.yaml").plant()) == ("orders" in station)


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
    scenario = load("summer_rationing")
    shop = scenario.plant()
    week = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    calendars = {name: each.model_copy(update={"days": week[:days]}) for name, each in shop.calendars.items()}
    config = shop.model_copy(update={"calendars": calendars})
    starts = {anchor(config, now + n * DAY, timedelta(hours=8)).weekday() for now in STARTS for n in range(7)}
    assert starts == ({config.epoch.weekday()} if days == 5 else set(range(7)))
