"""A forecast from a saved plant."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from scenarios.forecast.branch import Task
from scenarios.forecast.horizon import STEP_S, grid_s, horizon_s
from scenarios.forecast.layout import DEFAULT_KPIS, Layout
from scenarios.forecast.orders import milestones
from scenarios.forecast.pool import BranchPool, Done
from scenarios.forecast.result import Arrival, Forecast, orders_ahead, punctual, quantiles, stock_outs
from twin.errors import Problem, ScenarioError
from twin.sim.plant import Plant

BRANCHES = 200
MOST_BRANCHES = 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be forecast.

    Args:
        horizon: A duration, ``shift_end`` or ``order_due``; see :func:`scenarios.forecast.horizon.horizon_s`.
        branches: Number of branches.
        step_s: Length of the windows on the way.
        seed: Seed of the branches.
        kpi_ids: Indicators.
        orders: Orders, see :mod:`scenarios.forecast.orders`.
    """

    horizon: str = "8 h"
    branches: int = BRANCHES
    step_s: float = STEP_S
    seed: int = 1
    kpi_ids: tuple[str, ...] = DEFAULT_KPIS
    orders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.branches <= MOST_BRANCHES:
            raise ScenarioError([Problem("--forks", f"a number from 1 to {MOST_BRANCHES}", str(self.branches))])


def forecast(name: str, snapshot: bytes, question: Question, pool: BranchPool, done: Done | None = None) -> Forecast:
    """Run the branches and sum up.

    Args:
        name: Name of the scenario.
        snapshot: Bytes of the plant, trusted.
        question: What is to be forecast.
        pool: Runs the branches.
        done: Told the number of branches that are done.

    Raises:
        ScenarioError: The question cannot be answered for this plant.
    """
    begun = perf_counter()
    plant = Plant.restore(snapshot)
    if not plant.traced:
        problem = Problem("snapshot", "a plant that keeps its events", "one without", "build it with trace=True")
        raise ScenarioError([problem])
    config, now_s = plant.config, plant.now_s
    layout = Layout(config, question.kpi_ids)
    stones = milestones(question.orders, config, layout, now_s)
    times_s = grid_s(config, now_s, horizon_s(question.horizon, config, now_s, stones), question.step_s)
    task = Task(snapshot, times_s, question.seed, question.kpi_ids, stones)
    outcomes = pool.run(task, question.branches, done)
    return Forecast(
        scenario=name,
        begin_s=now_s,
        times_s=times_s,
        epoch=config.epoch,
        branches=question.branches,
        seed=question.seed,
        layout=layout,
        values=quantiles(outcomes),
        stock_outs=stock_outs(outcomes, plant.units),
        completions={stone.id: Arrival.of([each.completions[stone.id] for each in outcomes]) for stone in stones},
        milestones={stone.id: stone for stone in stones},
        on_time=punctual(outcomes, stones),
        orders=orders_ahead(outcomes, plant.units),
        wall_s=perf_counter() - begun,
    )
