"""Figures of a replication equal those of ``factory simulate``, which the brain computes from telemetry."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from scenarios.experiments.account import STOCK, RunAccount, asks_for, by_brain, read
from scenarios.experiments.kernels import EngineRun
from scenarios.headless.simulation import simulate
from scenarios.loader import load, loads
from tests.experiments.made import LINE, SCENARIO
from twin.kpi.spec import kpis
from twin.plant.plant import Plant

HOUR = 3600.0
HOURS = 5


def every_figure(name: str) -> dict[tuple[str, str], float]:
    """All indicators of all machines, lines and sites of a scenario, by the brain."""
    figures = simulate(load(name), 5, HOURS * HOUR, from_s=HOUR).summary
    levels = (figures.units, figures.lines, figures.sites)
    truth = {(kpi, path): v for level in levels for path, found in level.items() for kpi, v in found.kpis.items()}
    return {wanted: value for wanted, value in truth.items() if not by_brain(wanted)}


@pytest.mark.parametrize("name", ["workshop", "casting_shop", "job_shop", "summer_rationing"])
def test_account_equals_the_brain(name: str) -> None:
    truth = every_figure(name)
    config = load(name).plant()
    plant = Plant(config, 5, trace=False, intervals=True)
    run = EngineRun(plant)
    run.run_until(HOUR)
    begin = read(run, len(plant.units))
    run.run_until(HOURS * HOUR)
    end = read(run, len(plant.units))
    cheap = [kpi for kpi in truth if not RunAccount(config, [kpi]).intervals]
    t0_ns, t1_ns = (plant.epoch_ns + round(s * 1e9) for s in (HOUR, HOURS * HOUR))
    exact = RunAccount(config, truth).exact(plant.ledger, t0_ns, t1_ns)
    assert dict(zip(truth, exact, strict=True)) == pytest.approx(truth, rel=1e-9)
    sums = dict(zip(cheap, RunAccount(config, cheap).figures(begin, end), strict=True))
    assert sums == pytest.approx({kpi: truth[kpi] for kpi in cheap}, rel=1e-9)
    assert len(cheap) > len(truth) / 2


def test_the_scenarios_compared_have_people_media_and_tariffs() -> None:
    found = {kpi for kpi, _ in every_figure("summer_rationing")} | {kpi for kpi, _ in every_figure("casting_shop")}
    assert {"worker_efficiency", "energy_cost_cny", "compressed_air_m3", "gas_m3", "co2_total_kg"} <= found


def test_what_needs_intervals_is_found_from_the_formulas() -> None:
    assert asks_for(kpis["mtbf_h"]) >= {"failures", "apt_ns"}
    config = loads(SCENARIO, base=Path()).plant()
    assert RunAccount(config, [("mtbf_h", LINE)]).intervals
    assert not RunAccount(config, [("throughput_per_h", LINE), ("oee", LINE), ("energy_kwh", "works")]).intervals


def test_what_is_not_known_is_nan() -> None:
    config = load("workshop").plant()
    plant = Plant(config, 1, trace=False)
    nothing = read(EngineRun(plant), len(plant.units))
    account = RunAccount(config, [("quality_ratio", "jialing/beibei/machining/bodies")])
    assert math.isnan(account.figures(nothing, nothing)[0])


def test_mean_stock_is_the_integral_of_the_level() -> None:
    config = loads(SCENARIO, base=Path()).plant()
    plant = Plant(config, 2, trace=False, intervals=True)
    plant.run_until(HOUR)
    t0_ns, t1_ns = plant.epoch_ns + 600 * 10**9, plant.epoch_ns + 3600 * 10**9
    account = RunAccount(config, [(STOCK, LINE), (STOCK, f"{LINE}/b"), (STOCK, f"{LINE}/m1")])
    assert account.intervals
    line, buffer, machine = account.exact(plant.ledger, t0_ns, t1_ns, [0.25, 9.0, 0.5])
    assert account.watched == [1, 2, 3], "the source holds what is not in the plant yet, the sink nothing"
    assert buffer == plant.ledger.window(f"{LINE}/b", t0_ns, t1_ns).stock_ns["part"] / (t1_ns - t0_ns)
    assert 0 < buffer < 2
    assert (line, machine) == (pytest.approx(0.25 + buffer + 0.5), 0.25)
