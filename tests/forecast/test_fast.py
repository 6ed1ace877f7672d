"""Branches by the compiled kernel are those of the engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scenarios.forecast.account import BranchAccount, Milestone
from scenarios.forecast.ahead import Question, engine_for, forecast
from scenarios.forecast.branch import BranchPlan, run_branches
from scenarios.forecast.fast import FastBranches, obstacles
from scenarios.forecast.layout import DEFAULT_KPIS
from scenarios.forecast.pool import BranchPool
from scenarios.headless.sums import IDEAL
from tests.compiled.plants import plants
from tests.engine.plants import ten_machine_line
from tests.forecast.plants import running, small_line
from twin.compiled import unsupported
from twin.config.plant import PlantConfig
from twin.errors import ScenarioError
from twin.kpi.output import Term
from twin.plant.plant import Plant

pytest.importorskip("numba")
H = 3600.0


@pytest.mark.parametrize(("config", "hours"), [(small_line(), 4), (ten_machine_line(), 60)], ids=["small", "ten"])
@pytest.mark.parametrize("keep", [True, False])
def test_both_come_to_the_same(config: PlantConfig, hours: int, keep: bool) -> None:
    snapshot = running(config, 3, hours).snapshot()
    times = tuple((hours + k) * H for k in (1, 2, 5, 8))
    stones = (Milestone("some", "x", (Term(3, given=1),), 25), Milestone("many", "x", (Term(1, 1), Term(3, 1)), 10_000))
    outcomes = [
        run_branches(BranchPlan(snapshot, times, 7, DEFAULT_KPIS, stones, keep, engine), range(5))
        for engine in ("python", "compiled")
    ]
    for slow, fast in zip(*outcomes, strict=True):
        np.testing.assert_allclose(fast.values, slow.values, rtol=1e-9, atol=1e-9)
        assert fast.stock_outs == slow.stock_outs
        assert fast.completions == slow.completions
    assert any(slow.stock_outs for slow in outcomes[0])


def test_what_the_kernel_does_not_know_goes_to_the_engine() -> None:
    plant = running(small_line(), 3, 4)
    assert obstacles(plant, DEFAULT_KPIS) == []
    assert obstacles(plant, ("mtbf_h",)) == ["indicator mtbf_h"]
    assert engine_for(plant, Question(), 8 * H) == "python"
    assert engine_for(plant, Question(branches=10_000), 200 * H) == "compiled"
    assert engine_for(plant, Question(branches=10_000, kpi_ids=("mtbf_h",)), 200 * H) == "python"
    with BranchPool(1) as pool, pytest.raises(ScenarioError, match="--engine: expected a plant the compiled kernel"):
        forecast("x", plant.snapshot(), Question(kpi_ids=("mtbf_h",), engine="compiled"), pool)
    with BranchPool(1) as pool:
        result = forecast("x", plant.snapshot(), Question("1 h", branches=3, engine="compiled"), pool)
    assert result.document()["engine"] == "compiled"
    assert engine_for(Plant(small_line(), 1), Question(branches=10_000), 200 * H) == "python"


@given(plants(), st.integers(0, 99), st.floats(0, 5000))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_stores_of_random_plants_run_out_at_the_same_times(config: PlantConfig, seed: int, at_s: float) -> None:
    plant = Plant(config, seed)
    plant.run_until(at_s)
    assume(not unsupported(plant))
    fast, slow = FastBranches(plant, ()).branch(None), BranchAccount(plant)
    several = {unit for unit, path in enumerate(plant.units) if len(getattr(plant.station(path), "shelves", ())) > 1}
    for branch in (fast, slow):
        branch.advance(9000.0)
    said = [{key: time for key, time in each.stock_outs.items() if key[0] not in several} for each in (fast, slow)]
    assert said[0] == said[1]


@given(plants(), st.integers(0, 99), st.floats(0, 5000), st.lists(st.floats(1, 2000), min_size=1, max_size=5))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_planned_time_is_spread_as_the_ledger_does(
    config: PlantConfig, seed: int, at_s: float, spans: list[float]
) -> None:
    plant, whole = Plant(config, seed), Plant(config, seed, intervals=True)
    plant.run_until(at_s)
    assume(not unsupported(plant))
    branches = FastBranches(plant, ()).branch(None), BranchAccount(plant)
    ends = [at_s + sum(spans[: number + 1]) for number in range(len(spans))]
    cuts = [[branch.advance(end_s) for end_s in ends] for branch in branches]
    fast, slow = (branch.settle(9000.0) for branch in branches)
    np.testing.assert_allclose(fast, slow, rtol=1e-7, atol=1e-6)
    whole.run_until(ends[-1] + 9000.0)
    t0_ns, edges = (whole.epoch_ns + round(at_s * 1e9)), [whole.epoch_ns + round(end_s * 1e9) for end_s in ends]
    for cut, t1_ns in enumerate(edges):
        truths = [whole.ledger.window(unit, t0_ns, t1_ns) for unit in range(len(whole.units))]
        earned = cuts[1][cut].floats[:, IDEAL] + slow[cut]
        told = [(truth.earned_produced_s, truth.earned_good_s) for truth in truths]
        np.testing.assert_allclose(earned, told, rtol=1e-6, atol=1e-5)
