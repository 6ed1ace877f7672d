"""What the branches of a forecast have in common: quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.forecast.account import Milestone
from scenarios.forecast.branch import BranchOutcome
from scenarios.forecast.layout import Layout
from twin.equipment import EquipmentPath
from twin.kpi.definitions.forecast import QUANTILES
from twin.zone import Zone

Document = dict[str, Any]
MOST_ORDERS = 1000
"""Most of the plant's own orders in the document."""
NAMES = tuple(f"p{round(100 * quantile):02d}" for quantile in QUANTILES)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When something happens, over all branches.

    Args:
        times_s: Quantiles of the time in simulated s, in the order of ``QUANTILES``; infinite: not before the horizon.
        probability: Share of branches in which it happens before the horizon.
    """

    times_s: tuple[float, ...]
    probability: float

    @classmethod
    def of(cls, times_s: Sequence[float]) -> Arrival:
        """Of the times in the branches, infinite where it did not happen.

        A quantile that falls between two branches is the later of their times: nothing is promised too early.

        >>> Arrival.of([3.0, 1.0, inf, 2.0]).times_s
        (1.0, 2.0, 3.0, inf, inf)
        """
        ordered = sorted(times_s)
        last = len(ordered) - 1
        chosen = tuple(ordered[min(max(ceil(q * (last + 2)) - 1, 0), last)] for q in QUANTILES)
        return cls(chosen, sum(map(isfinite, ordered)) / len(ordered))


@dataclass(frozen=True, slots=True)
class OrderAhead:
    """What is to be expected of an order of the plant's own.

    Args:
        item: What was ordered.
        quantity: Its quantity, as far as it gets.
        due_s: Simulated time at which it is due; None: whenever.
        done: When it is complete.
        on_time: Share of branches in which that is when it is due; None: it is never due.
    """

    item: str
    quantity: float
    due_s: float | None
    done: Arrival
    on_time: float | None


@dataclass(frozen=True)
class ForecastResult:
    """A forecast.

    Args:
        scenario: Name of the scenario.
        begin_s: Simulated time at which it begins.
        times_s: Ends of its windows in simulated s; the last is the horizon.
        epoch: Local time at simulated second 0.
        zone: Local time of the plant.
        branches: Number of branches.
        seed: Their seed.
        layout: Scopes and indicators.
        values: Quantiles, float64[quantiles, 2, windows, scopes, kpis]: from time to time, and from the begin to each
            time; NaN where there is none.
        stock_outs: First time at which the stock of (unit, item) falls to 0.
        completions: Completion of each milestone.
        milestones: The milestones by their id.
        on_time: Share of branches in which a milestone with a due time is reached by then.
        orders: The plant's own orders by unit and order, those due first before others.
        engine: What ran the branches.
        wall_s: Real time it took.
    """

    scenario: str
    begin_s: float
    times_s: tuple[float, ...]
    epoch: datetime
    zone: Zone
    branches: int
    seed: int
    layout: Layout
    values: NDArray[np.float64]
    stock_outs: Mapping[tuple[EquipmentPath, str], Arrival]
    completions: Mapping[str, Arrival]
    milestones: Mapping[str, Milestone]
    on_time: Mapping[str, float]
    orders: Mapping[tuple[EquipmentPath, str], OrderAhead]
    engine: str = "python"
    wall_s: float = 0.0

    def moment(self, sim_s: float) -> str | None:
        """A simulated time as local time of the plant; None for never."""
        if not isfinite(sim_s):
            return None
        return self.zone.at(self.epoch + timedelta(seconds=sim_s)).isoformat(timespec="seconds")

    def document(self) -> Document:
        """One object with stable keys; everything but ``wall_s`` is a function of the snapshot and the options."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "branches": self.branches,
            "engine": self.engine,
            "begin": self.moment(self.begin_s),
            "begin_s": self.begin_s,
            "horizon": self.moment(self.times_s[-1]),
            "times": [self.moment(time) for time in self.times_s],
            "times_s": list(self.times_s),
            "quantiles": list(QUANTILES),
            "scopes": {str(scope.path): self._scope(row) for row, scope in enumerate(self.layout.scopes)},
            "orders": [*(self._order(name, each) for name, each in self.completions.items()), *self._own_orders()],
            "stock_outs": [
                {"path": str(path), "item": item, **self._arrival(arrival)}
                for (path, item), arrival in self.stock_outs.items()
            ],
            "wall_s": round(self.wall_s, 3),
        }

    def _scope(self, row: int) -> Document:
        """By indicator and family of windows, a list of values by window for each quantile."""
        found: Document = {}
        for column, kpi in enumerate(self.layout.kpi_ids):
            values = self.values[:, :, :, row, column]
            if np.isnan(values).all():
                continue
            by_family = zip(("forecast", "outlook"), np.moveaxis(values, 1, 0), strict=True)
            found[kpi] = {
                family: {name: _numbers(each) for name, each in zip(NAMES, rows, strict=True)}
                for family, rows in by_family
            }
        return found

    def _arrival(self, arrival: Arrival) -> Document:
        quantiles = {name: self.moment(time) for name, time in zip(NAMES, arrival.times_s, strict=True)}
        return {"probability": arrival.probability, **quantiles}

    def _order(self, name: str, arrival: Arrival) -> Document:
        stone = self.milestones[name]
        due = None if stone.due_s is None else self.moment(stone.due_s)
        about = {"order": name, "path": stone.path, "item": None, "quantity": stone.quantity, "due": due}
        return {**about, "on_time": self.on_time.get(name), **self._arrival(arrival)}

    def _own_orders(self) -> Iterator[Document]:
        for (path, name), order in list(self.orders.items())[:MOST_ORDERS]:
            due = None if order.due_s is None else self.moment(order.due_s)
            about = {"order": name, "path": str(path), "item": order.item, "quantity": order.quantity, "due": due}
            yield {**about, "on_time": order.on_time, **self._arrival(order.done)}


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [value if isfinite(value) else None for value in values.tolist()]


def quantiles(outcomes: Sequence[BranchOutcome]) -> NDArray[np.float64]:
    """Quantiles over the branches of all indicators, float64[quantiles, 2, windows, scopes, kpis].

    The quantile q of n branches stands at place q (n + 1) of the sorted values, so that what really comes lies
    between those of 5 % and 95 % in 90 % of all cases, however many branches there are (from 19 on). A branch
    without a value, e.g. a ratio of nothing, does not count.

    Source: Hyndman and Fan (1996), definition 6 (Weibull).
    """
    stacked = np.sort([outcome.values for outcome in outcomes], axis=0)  # NaN goes to the end
    known = (~np.isnan(stacked)).sum(axis=0)
    last = np.maximum(known - 1, 0)
    found = np.empty((len(QUANTILES), *known.shape))
    for number, quantile in enumerate(QUANTILES):
        place = np.clip(quantile * (known + 1) - 1, 0, last)
        low = np.floor(place).astype(np.intp)
        below = np.take_along_axis(stacked, low[None], axis=0)[0]
        above = np.take_along_axis(stacked, np.minimum(low + 1, last)[None], axis=0)[0]
        found[number] = below + (above - below) * (place - low)
    return found


def stock_outs(
    outcomes: Sequence[BranchOutcome], units: Sequence[EquipmentPath]
) -> dict[tuple[EquipmentPath, str], Arrival]:
    """When each stock that runs out in any branch does so, the most probable first."""
    keys = sorted({key for outcome in outcomes for key in outcome.stock_outs})
    found = {
        (units[unit], item): Arrival.of([outcome.stock_outs.get((unit, item), inf) for outcome in outcomes])
        for unit, item in keys
    }
    return dict(sorted(found.items(), key=lambda entry: (-entry[1].probability, entry[1].times_s[2])))


def orders_ahead(
    outcomes: Sequence[BranchOutcome], units: Sequence[EquipmentPath]
) -> dict[tuple[EquipmentPath, str], OrderAhead]:
    """What becomes of the plant's own orders; of those that are complete in no branch nothing is known."""
    found = {}
    for key in sorted({key for outcome in outcomes for key in outcome.orders}):
        courses = [outcome.orders.get(key) for outcome in outcomes]
        known = [course for course in courses if course is not None]
        done = Arrival.of([inf if course is None else course.done_s for course in courses])
        if done.probability == 0:
            continue
        due_s = known[0].due_s
        late = None if due_s is None else sum(course is None or course.done_s > due_s for course in courses)
        quantity = max(course.quantity for course in known)
        on_time = None if late is None else 1 - late / len(outcomes)
        found[units[key[0]], key[1]] = OrderAhead(known[0].item, quantity, due_s, done, on_time)
    return dict(sorted(found.items(), key=_due))


def _due(entry: tuple[tuple[EquipmentPath, str], OrderAhead]) -> tuple[float, float]:
    order = entry[1]
    return (inf if order.due_s is None else order.due_s, order.done.times_s[2])


def punctual(outcomes: Sequence[BranchOutcome], milestones: Sequence[Milestone]) -> dict[str, float]:
    """Share of branches in which each milestone with a due time is reached by then."""
    return {
        stone.id: sum(outcome.completions[stone.id] <= stone.due_s for outcome in outcomes) / len(outcomes)
        for stone in milestones
        if stone.due_s is not None
    }
