"""One branch of a saved plant, run to the horizon with random numbers of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scenarios.forecast.account import BranchAccount, Milestone, OrderCourse, windows
from scenarios.forecast.fast import FastBranch, FastBranches
from scenarios.forecast.layout import DEFAULT_KPIS, Layout
from twin.plant.plant import Plant

BRANCHES_PER_SEED = 1 << 20
Engine = Literal["python", "compiled"]


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """What all branches of one forecast have in common.

    Args:
        snapshot: Bytes of the plant, trusted.
        times_s: Ends of the windows in simulated s, rising; the last is the horizon.
        seed: Seed of the branches, not negative.
        kpi_ids: Indicators wanted.
        milestones: Orders looked out for.
        keep_streams: All branches draw the numbers that the plant itself would draw: they are all the same.
        engine: What runs them; the trajectories are the same.
    """

    snapshot: bytes
    times_s: tuple[float, ...]
    seed: int = 1
    kpi_ids: tuple[str, ...] = DEFAULT_KPIS
    milestones: tuple[Milestone, ...] = ()
    keep_streams: bool = False
    engine: Engine = "python"

    def branch(self, number: int) -> int | None:
        """Number by which a branch draws its random numbers; None: those of the plant."""
        return None if self.keep_streams else self.seed * BRANCHES_PER_SEED + number + 1


@dataclass(frozen=True, slots=True)
class BranchOutcome:
    """What one branch came to.

    Args:
        values: Indicators, float64[2, windows, scopes, kpis]: from time to time, and from the begin to each time.
        stock_outs: First time in simulated s at which the stock of (number of the unit, item) fell to 0.
        completions: Time in simulated s at which each milestone was reached; infinite when it was not.
        orders: The plant's own orders by number of the unit and order.
    """

    values: NDArray[np.float64]
    stock_outs: dict[tuple[int, str], float]
    completions: dict[str, float]
    orders: dict[tuple[int, str], OrderCourse] = field(default_factory=dict)


def run_branches(plan: BranchPlan, numbers: Iterable[int]) -> list[BranchOutcome]:
    """Run some branches one after another; branch ``n`` of a seed is always the same."""
    plant = Plant.restore(plan.snapshot)
    plant.let_go()
    layout = Layout(plant.config, plan.kpi_ids)
    if plan.engine == "compiled":
        fast = FastBranches(plant, plan.milestones)
        return [_run(fast.branch(plan.branch(number)), plan, layout) for number in numbers]
    return [_run(_account(plan, plan.branch(number)), plan, layout) for number in numbers]


def _account(plan: BranchPlan, branch: int | None) -> BranchAccount:
    plant = Plant.restore(plan.snapshot)
    plant.let_go()
    if branch is not None:
        plant.reseed(branch)
    return BranchAccount(plant, plan.milestones)


def _run(branch: BranchAccount | FastBranch, plan: BranchPlan, layout: Layout) -> BranchOutcome:
    cuts = [branch.advance(time_s) for time_s in plan.times_s]
    orders = branch.orders if isinstance(branch, BranchAccount) else {}
    news = branch.stock_outs, branch.completions, orders
    earned = branch.settle(plan.times_s[-1] - branch.begin_s)
    values = layout.values(*windows(cuts, len(layout.units), earned))
    return BranchOutcome(values.reshape(2, len(cuts), *values.shape[1:]), *news)
