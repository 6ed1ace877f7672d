"""Every shipped scenario is alive whenever it is started: at each hour of the day its pages have something to show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from dashboards.live import LiveState
from dashboards.panel import Kpi, Picture, Scope, board
from dashboards.streamed import INSTEAD, OF_TILES
from scenarios.document import Scenario
from scenarios.feed import Feed, anchor, anchored
from scenarios.loader import LIBRARY, load
from twin.brain import Brain
from twin.master import chain_path

NAMES = sorted(path.stem for path in LIBRARY.glob("*.yaml"))
DAY = "2026-05-06T{:02}:40:00"
TICK_S = 3600.0
HEADLINE, FEWEST = 50, 3
"""Panels of a chain with a lower order stand at the head of the overview, those that have a value; so many at least."""


def starts(scenario: Scenario) -> tuple[Feed, list[float]]:
    """The plant, and the simulated times at which live begins when the run is started at each hour of a day."""
    config, before = scenario.plant(), timedelta(seconds=scenario.run.backfill)
    nows = [datetime.fromisoformat(DAY.format(hour)).replace(tzinfo=config.epoch.tzinfo) for hour in range(24)]
    ages = {(now - anchor(config, now, before)).total_seconds() for now in nows}
    start = min(anchor(config, now, before) for now in nows)
    return Feed(anchored(config, start), scenario.run.seed, scenario.base), sorted(ages)


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
    if scenario.chain and len(told) < FEWEST:
        yield f"{head}: only {len(told)} of {len(heads)} figures"
    for path, _ in scenario.plant().sites():
        if not any(shown(live, str(path), kpi, "live") for kpi in OF_TILES):
            yield f"{path}: nothing of {', '.join(OF_TILES)}"
        if not shown(live, str(path), "energy_kwh", "hour"):
            yield f"{path}: energy"


@pytest.mark.parametrize("name", NAMES)
def test_no_headline_is_empty_at_any_hour(name: str) -> None:
    scenario = load(name)
    feed, ages = starts(scenario)
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
    assert {age: found for age, found in empty.items() if found} == {}


@pytest.mark.parametrize("name", NAMES)
def test_there_is_history_behind_every_start(name: str) -> None:
    scenario = load(name)
    _, ages = starts(scenario)
    assert scenario.run.backfill >= 8 * 3600
    assert min(ages) >= scenario.run.backfill


def test_the_power_is_short_in_the_afternoon_whenever_the_run_is_started() -> None:
    config = load("summer_rationing").plant()
    for hour in range(24):
        now = datetime.fromisoformat(DAY.format(hour)).replace(tzinfo=config.epoch.tzinfo)
        begin = anchor(config, now, timedelta(hours=30)) + timedelta(hours=26)
        assert begin.hour == 8
