"""Forecasts: the same for any number of processes, right at the edges, clear when refused."""

from __future__ import annotations

import json
import multiprocessing
import signal
from concurrent.futures import BrokenExecutor
from math import inf
from pathlib import Path

import numpy as np
import pytest

from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.branch import BranchOutcome, BranchPlan, run_branches
from scenarios.forecast.layout import Layout
from scenarios.forecast.pool import BranchPool
from scenarios.forecast.records import frame_of
from scenarios.forecast.result import Arrival, quantiles
from scenarios.headless.workers import undisturbed
from tests.engine.test_control import lots, shop
from tests.forecast.plants import LINE, running, small_line
from twin.errors import ScenarioError
from twin.plant.plant import Plant

H = 3600.0


def test_branches_are_the_same_in_any_number_of_processes() -> None:
    snapshot = running(small_line(), 3, 4).snapshot()
    question = Question(horizon="2 h", branches=9, orders=(f"{LINE}=20@90 min",))
    said: list[int] = []
    with BranchPool(1) as alone, BranchPool(2, eager=True) as shared:
        first = forecast("small", snapshot, question, alone, said.append).document()
        second = forecast("small", snapshot, question, shared).document()
    assert {**first, "wall_s": 0} == {**second, "wall_s": 0}
    assert said == list(range(1, 10))
    json.dumps(first, allow_nan=False)


def test_processes_that_were_killed_are_started_again() -> None:
    task = BranchPlan(running(small_line(), 3, 4).snapshot(), (5 * H,))
    with BranchPool(1, eager=True) as pool:
        first = pool.run(task, 2)
        for process in multiprocessing.active_children():
            process.kill()
        with pytest.raises(BrokenExecutor):
            pool.run(task, 2)
        pool.close()
        again = pool.run(task, 2)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="signals of other processes are read in /proc")
def test_processes_never_see_ctrl_c_not_even_while_they_load() -> None:
    task = BranchPlan(running(small_line(), 3, 4).snapshot(), (5 * H,))
    with BranchPool(2, eager=True) as pool:
        pool.run(task, 2)
        children = multiprocessing.active_children()
        assert children
        for child in children:
            status = Path(f"/proc/{child.pid}/status").read_text()
            masked = int(next(line for line in status.splitlines() if line.startswith("SigBlk")).split()[1], 16)
            assert masked & 1 << signal.SIGINT - 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_ctrl_c_while_processes_start_is_heard_afterwards() -> None:
    done = []

    def start() -> None:
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["started"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_kept_streams_are_the_plants_own_future_and_others_are_not() -> None:
    plant = running(small_line(), 3, 4)
    task = BranchPlan(plant.snapshot(), (6 * H,), keep_streams=True)
    same = run_branches(task, range(2))
    np.testing.assert_array_equal(same[0].values, same[1].values)
    others = run_branches(BranchPlan(plant.snapshot(), (6 * H,), seed=5), range(5))
    assert len({outcome.values.tobytes() for outcome in others}) == 5
    again = run_branches(BranchPlan(plant.snapshot(), (6 * H,), seed=5), [3])
    np.testing.assert_array_equal(again[0].values, others[3].values)


def test_orders_are_complete_when_their_last_good_part_is() -> None:
    plant = running(small_line(), 3, 4)
    layout = Layout(plant.config)
    row, column = layout.row[f"{LINE}"], layout.kpi_ids.index("good_quantity")
    with BranchPool(1) as pool:
        question = Question(horizon="4 h", branches=30, orders=(f"{LINE}=25@2 h", f"{LINE}=100000"))
        result = forecast("small", plant.snapshot(), question, pool)
    sure, never = result.completions.values()
    assert never.times_s == (inf,) * 5
    assert never.probability == 0
    assert list(sure.times_s) == sorted(sure.times_s)
    assert 0 <= result.on_time[f"{LINE}=25@2 h"] <= 1
    assert result.values[2, 1, -1, row, column] > 25
    assert result.document()["orders"][0]["due"] == "2026-01-05T06:00:00+08:00"


def test_a_stock_runs_out_when_it_falls_to_nothing() -> None:
    plant = running(small_line(), 3, 4)
    (outcome,) = run_branches(BranchPlan(plant.snapshot(), (12 * H,), keep_streams=True), [0])
    plant.run_until(12 * H)
    empty = [row for row in plant.drain() if row.kind.value == "stock" and row.values[1] == 0]
    assert outcome.stock_outs == {(2, "part"): empty[0].sim_s}


def test_quantiles_stand_where_a_further_branch_would_fall() -> None:
    values = [np.full((2, 1, 1, 1), float(number)) for number in range(1, 20)]
    found = quantiles([BranchOutcome(each, {}, {}) for each in values])[:, 0, 0, 0, 0]
    assert found.tolist() == [1.0, 5.0, 10.0, 15.0, 19.0]
    holes = [np.full((2, 1, 1, 1), number if number % 2 else np.nan) for number in range(1, 20)]
    assert quantiles([BranchOutcome(each, {}, {}) for each in holes])[2, 0, 0, 0, 0] == 10.0
    nothing = [np.full((2, 1, 1, 1), np.nan)] * 3
    assert np.isnan(quantiles([BranchOutcome(each, {}, {}) for each in nothing])).all()
    assert Arrival.of([1.0] * 19 + [inf]).probability == 0.95


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"branches": 0}, "--forks: expected a number from 1 to 10000, got 0"),
        ({"kpi_ids": ("oe", "slack")}, "--kpi: expected one of .*got 'oe'"),
        ({"orders": ("x=1", f"{LINE}=many", f"{LINE}=5@soon")}, r"--order x=1: expected PATH=QUANTITY.*(\n.*){2}"),
    ],
)
def test_what_cannot_be_forecast_is_refused(question: dict[str, object], said: str) -> None:
    with BranchPool(1) as pool, pytest.raises(ScenarioError, match=said):
        forecast("small", running(small_line(), 1, 1).snapshot(), Question(**question), pool)  # type: ignore[arg-type]


def test_a_plant_without_events_cannot_be_forecast() -> None:
    plant = Plant(small_line(), 1, trace=False)
    with BranchPool(1) as pool, pytest.raises(ScenarioError, match="expected a plant that keeps its events"):
        forecast("small", plant.snapshot(), Question(branches=1), pool)


def test_the_plants_own_orders_are_told_with_their_dates() -> None:
    step = {"pool": "mill", "time": {"exponential": {"mean": "20 min"}}}
    config = shop({"lot": [step, step]}, [lots("lot", every="30 min", due="2 h")], {"mill": 2})
    plant = Plant(config, 4)
    plant.run_until(10 * H)
    with BranchPool(1) as pool:
        result = forecast("shop", plant.snapshot(), Question("6 h", branches=40), pool)
    told = {order.item for order in result.orders.values()}
    assert told == {"lot"}
    shares = [order.on_time for order in result.orders.values() if order.due_s and order.due_s <= 16 * H]
    assert 0.5 < np.mean([share for share in shares if share is not None]) < 1
    for (path, name), order in result.orders.items():
        assert (path, name[:4]) == (f"{LINE}/orders", "lot-")
        assert list(order.done.times_s) == sorted(order.done.times_s)
        assert order.due_s is not None
    kept = run_branches(BranchPlan(plant.snapshot(), (16 * H,), keep_streams=True), [0])[0].orders
    plant.drain()
    plant.run_until(16 * H)
    done = {
        row.values[0]: row.sim_s for row in plant.drain() if row.kind.value == "order" and row.values[1] == "completed"
    }
    assert {name: course.done_s for (_, name), course in kept.items() if course.done_s < inf} == done
    rows = [row for row in frame_of(result).rows() if row["kpi"] == "order_on_time"]
    assert [(row["path"], row["window"]) for row in rows] == [(f"{LINE}/orders", "live")]
    assert result.document()["orders"][0]["item"] == "lot"


@pytest.mark.parametrize(("now_h", "horizon", "lengths"), [(3.3, "3 h", {1.0}), (3.3, "30 min", {0.5})])
def test_windows_beside_each_other_are_equally_long(now_h: float, horizon: str, lengths: set[float]) -> None:
    with BranchPool(1) as pool:
        result = forecast("small", running(small_line(), 3, now_h).snapshot(), Question(horizon, branches=9), pool)
    rows = [row for row in frame_of(result).rows() if row["window"].startswith("forecast_")]
    assert {round((row["time_ns"] - row["t0_ns"]) / 3.6e12, 6) for row in rows} == lengths
    assert {row["time_ns"] for row in rows if row["kpi"] == "energy_kwh"}
