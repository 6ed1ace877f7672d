"""A forecast from a saved plant."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from scenarios.forecast.branch import BranchPlan, Engine
from scenarios.forecast.fast import obstacles
from scenarios.forecast.horizon import STEP_S, grid_s, horizon_s
from scenarios.forecast.layout import DEFAULT_KPIS, Layout
from scenarios.forecast.orders import milestones
from scenarios.forecast.pool import BranchPool, Done
from scenarios.forecast.result import Arrival, ForecastResult, orders_ahead, punctual, quantiles, stock_outs
from twin.errors import Problem, ScenarioError
from twin.plant.plant import Plant

BRANCHES = 200
MOST_BRANCHES = 10_000
MANY_EVENTS = 2e6
"""Events from which the compiled kernel is worth its start."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be forecast.

    Args:
        horizon: A duration, a local date-time, ``shift_end`` or ``order_due``; see
            :func:`scenarios.forecast.horizon.horizon_s`.
        branches: Number of branches.
        step_s: Length of the windows on the way.
        seed: Seed of the branches.
        kpi_ids: Indicators.
        orders: Orders, see :mod:`scenarios.forecast.orders`.
        engine: What runs the branches; ``auto``: the compiled kernel when it can and there is much to do.
    """

    horizon: str = "8 h"
    branches: int = BRANCHES
    step_s: float = STEP_S
    seed: int = 1
    kpi_ids: tuple[str, ...] = DEFAULT_KPIS
    orders: tuple[str, ...] = ()
    engine: Literal["auto", "python", "compiled"] = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.branches <= MOST_BRANCHES:
            raise ScenarioError([Problem("--forks", f"a number from 1 to {MOST_BRANCHES}", str(self.branches))])


def engine_for(plant: Plant, question: Question, length_s: float) -> Engine:
    """What runs the branches; a function of plant and question alone, so that a forecast can be repeated.

    Raises:
        ScenarioError: The compiled kernel is wanted and cannot run the plant.
    """
    if question.engine == "python":
        return "python"
    if question.engine == "auto":
        rate = plant.events / plant.now_s if plant.now_s else 0.0
        if rate * length_s * question.branches < MANY_EVENTS:
            return "python"
    found = obstacles(plant, question.kpi_ids)
    if not found:
        return "compiled"
    if question.engine == "compiled":
        raise ScenarioError([Problem("--engine", "a plant the compiled kernel knows", "; ".join(found), "use python")])
    return "python"


def forecast(
    name: str, snapshot: bytes, question: Question, pool: BranchPool, done: Done | None = None
) -> ForecastResult:
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
    plant.let_go()
    if not plant.traced:
        problem = Problem("snapshot", "a plant that keeps its events", "one without", "build it with trace=True")
        raise ScenarioError([problem])
    config, now_s = plant.config, plant.now_s
    layout = Layout(config, question.kpi_ids)
    stones = milestones(question.orders, config, layout, now_s)
    due_s = [*plant.due_times(), *(stone.due_s for stone in stones if stone.due_s is not None)]
    times_s = grid_s(config, now_s, horizon_s(question.horizon, config, now_s, due_s), question.step_s)
    engine = engine_for(plant, question, times_s[-1] - now_s)
    plan = BranchPlan(snapshot, times_s, question.seed, question.kpi_ids, stones, engine=engine)
    outcomes = pool.run(plan, question.branches, done)
    return ForecastResult(
        scenario=name,
        begin_s=now_s,
        times_s=times_s,
        epoch=config.epoch,
        zone=config.zone_of(),
        branches=question.branches,
        seed=question.seed,
        layout=layout,
        values=quantiles(outcomes),
        stock_outs=stock_outs(outcomes, plant.units),
        completions={stone.id: Arrival.of([each.completions[stone.id] for each in outcomes]) for stone in stones},
        milestones={stone.id: stone for stone in stones},
        on_time=punctual(outcomes, stones),
        orders=orders_ahead(outcomes, plant.units),
        engine=engine,
        wall_s=perf_counter() - begun,
    )
