"""A live plant is read where its windows end: what a shift used is exact, wherever it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.headless.feed import Feed, anchored
from scenarios.live.pacing import Looks
from scenarios.loader import loads
from tests.backbone.truth import unit_sums
from twin.brain import Brain, BrainConfig
from twin.plant.plant import Plant

WORKS = """\
schema_version: 1
name: works
title: Works
epoch: {epoch}
items: {{p: {{title: P}}}}
calendars:
  day:
    shifts:
      - {{id: a, start: "00:07", duration: 61 min, breaks: [{{start: "00:33", duration: 7 min}}]}}
      - {{id: b, start: "01:08", duration: 3217 s}}
enterprises:
  - id: e
    title: E
    sites:
      - id: s
        calendar: day
        areas:
          - id: a
            lines:
              - id: l
                stations:
                  - {{id: in, kind: source, mix: {{p: 1}}}}
                  - id: m
                    kind: machine
                    cycle: {{exponential: {{mean: 47 s}}}}
                    failures:
                      - {{id: f, after: {{exponential: {{mean: 9 min}}}}, repair: {{exponential: {{mean: 2 min}}}}}}
                    power: {{producing: 60 kW, idle: 7 kW}}
                  - {{id: out, kind: sink}}
"""
EPOCHS = ["2026-01-05T00:00:00+08:00", "2026-01-04T23:59:59.500+05:45", "2026-01-05T00:00:00.001\nzone: Asia/Kathmandu"]


@pytest.mark.parametrize("epoch", EPOCHS)
@pytest.mark.parametrize("late_s", [0.0, 7000.0])
def test_energy_and_states_of_a_shift_beside_the_ticks_are_those_of_the_ledger(epoch: str, late_s: float) -> None:
    scenario = loads(WORKS.format(epoch=epoch), Path())
    feed, brain, found = Feed.of(scenario), Brain(BrainConfig(live_s=None)), {}
    looks, end_s = Looks(feed.config, 300.0), 3 * 3600.0
    frames = [frame for _, frame in feed.meta()]
    while feed.now_s < end_s:
        frames += [frame for _, said in feed.advance(looks.after(feed.now_s, feed.now_s + late_s)) for frame in said]
    for frame in frames:
        for figures in brain.process(frame):
            for row in figures.rows():
                found[str(row["path"]), row["kpi"], row["window"], row["t0_ns"]] = row
    plant = Plant(scenario.plant(), 1, intervals=True)
    plant.run_until(feed.now_s)
    plant.drain()
    shifts = [
        row
        for (path, kpi, window, _), row in found.items()
        if (path, kpi, window) == ("e/s/a/l/m", "energy_kwh", "shift")
    ]
    assert len(shifts) == 2
    for row in shifts:
        truth = unit_sums(plant.ledger.window("e/s/a/l/m", row["t0_ns"], row["time_ns"]))
        assert (row["value"], row["quality"]) == (pytest.approx(truth["kwh"], abs=1e-9), "good")
    hours = [
        row
        for (path, kpi, window, _), row in found.items()
        if (path, kpi, window) == ("e/s/a/l/m", "energy_kwh", "hour")
    ]
    assert {row["quality"] for row in hours[1:]} == {"good"}


def test_a_look_is_at_the_tick_where_no_window_ends_before_it() -> None:
    looks = Looks(loads(WORKS.format(epoch=EPOCHS[0]), Path()).plant(), 300.0)
    times = [0.0]
    while times[-1] < 4200.0:
        times.append(looks.after(times[-1], times[-1]))
    assert times == [*(0.0, 300.0, 420.0), *(step * 300.0 for step in range(2, 14)), 4080.0, 4200.0]
    assert looks.after(7200.0, 7200.0) == 7297.0
    assert looks.after(400 * 86_400.0, 400 * 86_400.0) == 400 * 86_400.0 + 300.0


def test_looks_go_on_over_a_change_of_the_clock_and_after_a_start_at_any_time() -> None:
    config = loads(WORKS.format(epoch="2026-10-24T00:00\nzone: Europe/Vienna"), Path()).plant()
    day = 86_400.0
    assert Looks(config, 300.0).after(day + 3600 * 2 + 601, 0.0) == day + 3600 * 2 + 900
    moved = anchored(config, config.epoch)
    # 01:08 of the day of 25 hours comes once, before the change; the shift of the day after is an hour later
    assert Looks(moved, 900.0).after(day + 4000.0, 0.0) == day + 4080.0
    assert Looks(moved, 900.0).after(2 * day + 3600 + 4000.0, 0.0) == 2 * day + 3600 + 4080.0
