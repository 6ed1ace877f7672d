"""The bottleneck by active periods, and what an improvement of each station brings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scenarios.experiments.bottleneck import bottleneck_shares
from scenarios.experiments.points import load_experiment
from scenarios.experiments.run import Resources, run_experiment
from scenarios.loader import load
from tests.cli.programs import factory
from tests.experiments.made import LINE, study
from twin.kpi.active_period import Periods, active_periods, bottlenecks, shares
from twin.states import UnitState as U


def periods(*spans: tuple[float, float]) -> Periods:
    return Periods(np.array([a for a, _ in spans]), np.array([b for _, b in spans]))


def test_worked_example_with_a_shift_and_a_sole_bottleneck() -> None:
    """Unit 0 works long, then unit 1; unit 2 only briefly: it shifts while both work."""
    units = [periods((0, 10)), periods((7, 20)), periods((2, 3), (12, 14))]
    assert bottlenecks(units, 0, 20) == [((0,), 0, 10), ((1,), 7, 20)]
    assert [(s.sole, s.shifting) for s in shares(units, 0, 20)] == [(0.35, 0.15), (0.5, 0.15), (0, 0)]


def test_nobody_is_the_bottleneck_while_all_wait() -> None:
    units = [periods((0, 4)), periods((6, 10))]
    found = shares(units, 0, 10)
    assert [s.total for s in found] == [0.4, 0.4]


def test_parallel_units_with_the_same_period_share() -> None:
    assert [s.sole for s in shares([periods((0, 8)), periods((0, 8))], 0, 8)] == [0.5, 0.5]


def test_failures_and_setups_are_active_and_waiting_is_not() -> None:
    states = [U.STARVED, U.SETUP, U.PRODUCING, U.FAILED, U.REPAIR, U.BLOCKED, U.PRODUCING, U.OFF_SHIFT]
    found = active_periods(np.arange(8.0), np.array(states), 9.0)
    assert found.starts.tolist() == [1.0, 6.0]
    assert found.ends.tolist() == [5.0, 7.0]


def test_shares_of_random_periods_fill_no_more_than_the_window() -> None:
    random = np.random.default_rng(1)
    units = []
    for _ in range(6):
        edges = np.cumsum(random.exponential(3, 80))
        units.append(Periods(edges[::2], edges[1::2]))
    found = shares(units, 20, 90)
    assert 0.9 < sum(s.sole for s in found) + sum(s.shifting for s in found) / 2 <= 1 + 1e-9


@pytest.mark.parametrize(("mean", "slowest"), [("14 s", "m1"), ("6 s", "m2")])
def test_the_slowest_station_is_the_bottleneck(mean: str, slowest: str, tmp_path: Path) -> None:
    study(tmp_path)
    scenario = load(tmp_path / "pair.yaml", [f"{LINE}/m1.cycle.exponential.mean={mean}", f"{LINE}/m1.failures=[]"])
    found = bottleneck_shares(scenario, 1, (600.0, 7200.0), 4)
    assert found[0].path.name == slowest
    assert found[0].sole.mean + found[0].shifting.mean > 0.6
    assert found[0].waiting.mean < found[1].waiting.mean


def test_sensitivity_agrees_with_the_bottleneck(tmp_path: Path) -> None:
    design = {"kind": "sensitivity", "faster": 0.1, "places": 2}
    overrides = {f"{LINE}/m1.cycle.exponential.mean": "13 s"}
    file = study(tmp_path, design=design, factors=None, overrides=overrides, horizon="3 h", replications={"least": 8})
    experiment = load_experiment(file)
    names = [point["change"] for point in experiment.points]
    assert names == ["none", f"{LINE}/m1 cycle -10 %", f"{LINE}/b +2 places", f"{LINE}/m2 cycle -10 %"]
    results = run_experiment(experiment, tmp_path / "out", Resources(workers=1))
    first, room, second = (each.interval.mean for each in results.differences)
    assert first > max(room, second)
    assert results.differences[0].differs


def test_command_prints_shares() -> None:
    done = factory("bottleneck", "workshop", "--until", "3h", "--replications", "2", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert rows[0]["path"].startswith("jialing/")
    assert {"sole", "shifting", "producing", "waiting"} < rows[0].keys()
    assert factory("bottleneck", "workshop", "--scope", "jialing/beibei/machning").returncode == 2
