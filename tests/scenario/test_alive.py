"""Every shipped scenario is alive whenever it is started: at each hour of the day its pages have something to show.

Where all goes by the clock, each start is a run of its own: ``make validation`` makes all 24, ``make test`` some.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from dashboards.live import LiveState
from dashboards.panel import Kpi, Picture, Scope, board
from dashboards.streamed import INSTEAD, OF_TILES
from devices.master import has_meter
from scenarios.format.document import Scenario
from scenarios.headless.feed import Feed, anchor, anchored, dated
from scenarios.loader import LIBRARY, load
from twin.brain import Brain
from twin.master import chain_path

NAMES = sorted(path.stem for path in LIBRARY.glob("*.yaml"))
DAY = "2026-05-06T{:02}:40:00"
TICK_S = 3600.0
STARTS = int(os.environ.get("FF_START_HOURS", "4"))
"""Hours of the day at which a run of its own is started."""
LARGE = {"charger_network", "nev_chain"}
"""A day and more of them takes as long as all others together: started once, unless all hours are asked for."""
HEADLINE, FEWEST = 50, 3
"""Panels of a chain with a lower order stand at the head of the overview, those that have a value; so many at least."""


def starts(scenario: Scenario) -> Iterator[tuple[Feed, list[float]]]:
    """Runs, each with the simulated times at which live begins when it is started at the hours of a day.

    Where second 0 is at a time of day, one run is that of all hours of a day.
    """
    config, before = scenario.plant(), timedelta(seconds=scenario.run.backfill)
    large = scenario.name in LARGE and STARTS < 24
    hours = range(1, 2) if large else range(24) if dated(config) else range(1, 24, 24 // STARTS)
    nows = [datetime.fromisoformat(DAY.format(hour)).replace(tzinfo=config.epoch.tzinfo) for hour in hours]
    ages = [(anchor(config, now, before), (now - anchor(config, now, before)).total_seconds()) for now in nows]
    groups = [(min(ages)[0], sorted({age for _, age in ages}))] if dated(config) else [(at, [age]) for at, age in ages]
    for start, own in groups:
        yield Feed(anchored(config, start), scenario.run.seed, scenario.base), own


def shown(live: LiveState, path: str, kpi: str, window: str) -> bool:
    """Whether a page shows a value of a figure, as it does it: else that of a longer window."""
    figures = live.section("kpis")
    rows = (figures.get((path, kpi, one)) for one in (window, *INSTEAD.get(window, ())))
    return any(row is not None and row["v"] is not None for row in rows)


def blanks(scenario: Scenario, live: LiveState) -> Iterator[str]:
    """Figures at the head of the overview that are empty, and sites of which nothing is told."""
    head = str(chain_path(scenario.chain.id)) if scenario.chain else ""
    heads = [
        spec for spec in board(Scope.CHAIN) if spec.order <= HEADLINE and spec.picture in (Picture.STAT, Picture.GAUGE)
    ]
    told = [
        spec
        for spec in heads
        if isinstance(spec.shows, Kpi) and shown(live, head, spec.shows.ids[0], spec.shows.window)
    ]
    units = [(unit, has_meter(station)) for unit, _, station in scenario.plant().stations()]
    fewest = FEWEST if any(metered for _, metered in units) else FEWEST - 1  # without that of energy
    if scenario.chain and len(told) < fewest:
        yield f"{head}: only {len(told)} of {len(heads)} figures"
    for path, _ in scenario.plant().sites():
        stocked = any(unit.startswith(f"{path}/") for unit, _ in live.section("stock"))
        if not stocked and not any(shown(live, str(path), kpi, "live") for kpi in OF_TILES):
            yield f"{path}: nothing of {', '.join(OF_TILES)}"
        if any(metered for unit, metered in units if unit.is_under(path)) != shown(
            live, str(path), "energy_kwh", "hour"
        ):
            yield f"{path}: energy"


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", NAMES)
def test_no_headline_is_empty_at_any_hour(name: str) -> None:
    scenario = load(name)
    found = {
        str(feed.config.epoch): empty for feed, ages in starts(scenario) if (empty := emptiness(scenario, feed, ages))
    }
    assert found == {}


def emptiness(scenario: Scenario, feed: Feed, ages: list[float]) -> dict[float, list[str]]:
    """What is empty by the age in hours of a run at which somebody looks."""
    brain, live = Brain(), LiveState()
    frames = [frame for _, frame in feed.meta()]
    empty: dict[float, list[str]] = {}
    for age in ages:
        for time_s in feed.steps(age, TICK_S):
            frames += [frame for _, said in feed.advance(time_s) for frame in said]
        for frame in frames:
            live.feed([frame, *brain.process(frame)])
        frames = []
        empty[age / 3600] = list(blanks(scenario, live))
    return {age: found for age, found in empty.items() if found}


@pytest.mark.parametrize("name", NAMES)
def test_there_is_history_behind_every_start(name: str) -> None:
    scenario = load(name)
    assert scenario.run.backfill >= 8 * 3600
    assert min(age for _, ages in starts(scenario) for age in ages) >= scenario.run.backfill


def test_the_power_is_short_in_the_afternoon_whenever_the_run_is_started() -> None:
    config = load("summer_rationing").plant()
    for hour in range(24):
        now = datetime.fromisoformat(DAY.format(hour)).replace(tzinfo=config.epoch.tzinfo)
        begin = anchor(config, now, timedelta(hours=30)) + timedelta(hours=26)
        assert begin.hour == 8
