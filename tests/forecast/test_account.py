"""The indicators of a branch are those that the brain would give of its telemetry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.forecast.branch import BranchPlan, run_branches
from scenarios.forecast.layout import Layout, forecastable
from scenarios.headless.feed import Feed, tick_for
from scenarios.loader import load
from twin.brain import Brain, BrainConfig
from twin.brain.reports.summary import summary
from twin.plant.plant import Plant
from twin.states import UnitState

OTHERS = ("work_in_process",)
HOURS = (10, 13)
KPIS = tuple(forecastable())
PRODUCING = UnitState.PRODUCING
BEYOND_H = 1
"""Time in which what is open at the end is completed."""


def brain_of(name: str) -> tuple[Feed, Brain]:
    """A scenario run beyond the first hour, and a brain that heard all of it."""
    feed, brain = Feed.of(load(name)), Brain(BrainConfig(live_s=None, keep_h=100))
    for _, frame in feed.meta():
        brain.process(frame)
    for time_s in feed.steps((HOURS[1] + BEYOND_H) * 3600, tick_for(900)):
        for _, frames in feed.advance(time_s):
            for frame in frames:
                brain.process(frame)
    return feed, brain


@pytest.mark.parametrize("name", ["workshop", "summer_rationing", "nev_chain"])
def test_a_branch_with_the_plants_own_numbers_comes_to_the_brains_figures(name: str) -> None:
    feed, brain = brain_of(name)
    start = Feed.of(load(name))
    start.plant.run_until(HOURS[0] * 3600)
    task = BranchPlan(start.plant.snapshot(), (11 * 3600.0, HOURS[1] * 3600.0), kpi_ids=KPIS, keep_streams=True)
    (outcome,) = run_branches(task, [0])
    layout = Layout(feed.config, KPIS)
    epoch = feed.plant.epoch_ns
    for window, (begin_h, end_h) in {(0, 1): (11, 13), (1, 1): (10, 13)}.items():
        figures = summary(brain, epoch + begin_h * 3600 * 10**9, epoch + end_h * 3600 * 10**9, True)
        compared = 0
        for scope in layout.scopes:
            for column, kpi in enumerate(KPIS):
                told, mine = figures.value(scope.path, kpi), outcome.values[*window, layout.row[scope.path], column]
                if told is None or kpi in OTHERS:
                    continue
                assert mine == pytest.approx(told, rel=1e-9), (scope.path, kpi)
                compared += 1
        assert compared > 20


def test_parts_inside_and_energy_are_those_of_the_plant() -> None:
    feed = Feed.of(load("workshop"))
    feed.plant.run_until(36_000.0)
    (outcome,) = run_branches(BranchPlan(feed.plant.snapshot(), (39_600.0,), keep_streams=True), [0])
    before = [feed.plant.ledger.totals(unit).energy_kwh for unit in range(len(feed.plant.units))]
    feed.plant.run_until(39_600.0)
    layout = Layout(feed.config)
    columns = {kpi: column for column, kpi in enumerate(layout.kpi_ids)}
    site = outcome.values[1, 0, layout.row[feed.plant.units[0].site]]
    used = sum(feed.plant.ledger.totals(unit).energy_kwh - kwh for unit, kwh in enumerate(before))
    assert site[columns["energy_kwh"]] == pytest.approx(used)
    assert site[columns["work_in_process"]] == sum(feed.plant.station(path).level for path in feed.plant.units)
    assert math.isfinite(np.nanmax(outcome.values))


@pytest.mark.parametrize("name", ["workshop", "casting_shop", "minifab"])
def test_hours_of_a_branch_are_those_of_the_ledger_when_operations_span_their_ends(name: str) -> None:
    """Planned time belongs to the hours in which it was earned, also of what is open at the begin and at the end."""
    config = load(name).plant()
    plant, start = Plant(config, 5, intervals=True), Plant(config, 5)
    begin_h, hours = 30, 6
    start.run_until(begin_h * 3600.0)
    times = tuple((begin_h + hour) * 3600.0 for hour in range(1, hours + 1))
    (outcome,) = run_branches(BranchPlan(start.snapshot(), times, kpi_ids=("effectiveness",), keep_streams=True), [0])
    plant.run_until((begin_h + 3 * hours) * 3600.0)
    layout, spanning = Layout(config, ("effectiveness",)), 0
    for unit, path in enumerate(plant.units):
        for hour, end_s in enumerate(times):
            t0_ns, t1_ns = (plant.epoch_ns + round(s * 1e9) for s in (end_s - 3600.0, end_s))
            truth = plant.ledger.window(unit, t0_ns, t1_ns)
            producing_s = (truth.duration_ns(PRODUCING) + truth.duration_ns(PRODUCING, with_order=False)) / 1e9
            mine = outcome.values[0, hour, layout.row[path], 0]
            if math.isnan(mine) or not producing_s:
                continue
            assert mine == pytest.approx(truth.earned_produced_s / producing_s, rel=1e-6), (path, hour)
            completed = sum(count.ideal_produced_s for count in truth.counts.values())
            spanning += completed != pytest.approx(truth.earned_produced_s, rel=1e-6)
    assert spanning > hours
