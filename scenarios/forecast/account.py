"""What a branch did, cut at the times of a grid: the quantities of which indicators are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from scenarios.forecast.openings import STEPS, Openings
from scenarios.headless.sums import IDEAL, Floats, Ints, PieceWeights, Quantities, Spent
from twin.brain.logs import FAILING, MINOR, PAUSING
from twin.config.plant import PlantConfig, ProcessConfig
from twin.engine.clock import INSTANT_S
from twin.engine.codes import PRODUCING, WITH_ORDER
from twin.engine.events import TraceRow
from twin.kpi.observed import FLOATS, INTS
from twin.kpi.output import Term
from twin.plant.ledger import Count, Totals
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.states import MINOR_STOP_MAX_S, UnitState

START_S = 0.0
"""Of a plant that starts empty, the first stock is said, but nothing runs out."""
DONE = frozenset({"completed", "delivered"})
NEWS = DONE | {"released", "received"}


@dataclass(frozen=True, slots=True)
class Milestone:
    """Good parts that some units are to complete.

    Args:
        id: Name of it.
        path: Equipment that is to make them.
        terms: What leaves the equipment; its rows are numbers of units.
        quantity: Number of parts from the begin of the forecast on.
        due_s: Simulated time at which they are due; None: whenever.
    """

    id: str
    path: str
    terms: tuple[Term, ...]
    quantity: int
    due_s: float | None = None

    @property
    def units(self) -> tuple[int, ...]:
        """Numbers of the units whose completions bear on it."""
        return tuple(term.row for term in self.terms)

    def gain(self, unit: int, weight: PieceWeights, done: tuple[str, Count]) -> int:
        """How many more parts have left when a unit has completed operations on an item.

        Args:
            unit: Its number.
            weight: What its operations give and take.
            done: The item and the operations.
        """
        (given, _, taken), (_, made) = weight.of(done), done
        return sum(
            term.given * given + term.taken * taken + term.scrap * made.scrap + term.rework * made.rework
            for term in self.terms
            if term.row == unit
        )


@dataclass(slots=True)
class OrderCourse:
    """What became of an order of the plant's own in a branch.

    Args:
        item: What was ordered.
        due_s: Simulated time at which it is due; None: whenever.
        quantity: Quantity complete or delivered.
        done_s: Simulated time of the last of it; infinite when there was none.
    """

    item: str
    due_s: float | None
    quantity: float = 0.0
    done_s: float = inf


@dataclass(frozen=True, slots=True)
class Cut:
    """A branch at one time; all sums are from its begin on.

    Args:
        sim_s: The time.
        ints: Whole quantities of ``Observed``, int64[units, INTS].
        floats: The other quantities, float64[units, FLOATS].
        inside: Parts inside each unit, int64[units].
    """

    sim_s: float
    ints: Ints
    floats: Floats
    inside: Ints


class BranchAccount:
    """Follows a branch from where it is.

    Args:
        plant: The branch, which keeps its events; they are taken out of it.
        milestones: What to look out for.
    """

    def __init__(self, plant: Plant, milestones: Sequence[Milestone] = ()):
        plant.drain()
        self._plant = plant
        self._stations = [plant.station(path) for path in plant.units]
        self.begin_s = plant.now_s
        """Where the branch begins, in simulated s."""
        self._cutter = Cutter(plant.config, plant.now_s)
        self._parts = [[0, 0, 0, 0, 0] for _ in self._stations]
        self._pieces = {unit: [0, 0, 0] for unit in self._cutter.quantities.uneven}
        self._ideal = [[0.0, 0.0] for _ in self._stations]
        self._failed = [[0, 0, 0] for _ in self._stations]
        self._producing = [station.totals[PRODUCING] for station in self._stations]
        self._done = [
            station.done_s if plant.traced else station.producing_s(plant.now_s) for station in self._stations
        ]
        self._ended_s = [(-inf, 0.0)] * len(self._stations)
        self._openings = Openings(self._spent_s(), planned(plant))
        self._now = {unit: (station.code, station.since) for unit, station in enumerate(self._stations)}
        self._spent = {unit: 0.0 for unit, (code, _) in self._now.items() if FAILING[code]}
        self.stock_outs: dict[tuple[int, str], float] = {}
        """First time, in simulated s, at which the stock of an item at a unit fell to 0."""
        self.completions = {stone.id: inf for stone in milestones}
        """Time, in simulated s, at which each milestone was reached; infinite when it was not."""
        self.orders: dict[tuple[int, str], OrderCourse] = {}
        """The plant's own orders of which there was news, by unit and order."""
        self._open = {stone.id: stone.quantity for stone in milestones}
        self._stones = {unit: [s for s in milestones if unit in s.units] for s in milestones for unit in s.units}
        self._base = since([plant.ledger.totals(unit) for unit in range(len(self._stations))])

    def advance(self, sim_s: float) -> Cut:
        """Run the branch to a time."""
        for stop_s in self._cutter.stops(sim_s):
            self._plant.run_until(stop_s)
            self._cutter.note(stop_s, self._since_begin()[1])
        for row in self._plant.drain():
            if row.kind is RecordKind.PART:
                self._part(row)
            elif row.kind is RecordKind.STATE:
                self._state(row)
            elif row.kind is RecordKind.STOCK and row.values[1] == 0 and row.sim_s > START_S:
                self.stock_outs.setdefault((row.unit, row.values[0]), row.sim_s)
            elif row.kind is RecordKind.ORDER:
                self._order(row)
        return self._cut()

    def settle(self, most_s: float) -> Floats:
        """Run on until what was open at the last cut has ended; nothing else of that time counts.

        Args:
            most_s: For at most so long.

        Returns:
            What operations over the cuts have earned, as :meth:`Openings.earned`.
        """
        begin_s = self._plant.now_s
        for step in range(1, STEPS + 1):
            if not self._openings.open:
                break
            self._plant.run_until(begin_s + most_s * step / STEPS)
            for row in self._plant.drain():
                if row.kind is RecordKind.PART:
                    self._earn(row)
                elif row.kind is RecordKind.STATE:
                    self._enter(row)
        return self._openings.earned()

    def _spent_s(self) -> Floats:
        now_s = self._plant.now_s
        return np.array([one.producing_s(now_s) for one in self._stations]) - self._done

    def _earn(self, row: TraceRow) -> None:
        unit, (_, good, scrap, rework, ideal_s, _) = row.unit, row.values
        if row.sim_s - self._ended_s[unit][0] > INSTANT_S:
            code, since_s = self._now[unit]
            spent_s = self._producing[unit] + (row.sim_s - since_s if code % WITH_ORDER == UnitState.PRODUCING else 0.0)
            self._ended_s[unit] = row.sim_s, spent_s - self._done[unit]
            self._done[unit] = spent_s
            self._openings.end(unit)
        self._openings.earn(unit, self._ended_s[unit][1], ideal_s * (good + scrap + rework), ideal_s * good)

    def _enter(self, row: TraceRow) -> None:
        before, since_s = self._now[row.unit]
        if before % WITH_ORDER == UnitState.PRODUCING:
            self._producing[row.unit] += row.sim_s - since_s
        self._now[row.unit] = int(UnitState[row.values[0]]), row.sim_s

    def _order(self, row: TraceRow) -> None:
        order, event, item, quantity, due_ns, _, _ = row.values
        if event not in NEWS:
            return
        due_s = None if due_ns is None else (due_ns - self._plant.epoch_ns) * 1e-9
        course = self.orders.setdefault((row.unit, order), OrderCourse(item, due_s))
        if event in DONE:
            course.quantity += quantity
            course.done_s = row.sim_s

    def _part(self, row: TraceRow) -> None:
        item, good, scrap, rework, ideal_s, first_pass = row.values
        made = good + scrap + rework
        self._earn(row)
        parts, ideal = self._parts[row.unit], self._ideal[row.unit]
        parts[0] += good
        parts[1] += scrap
        parts[2] += rework
        parts[3] += made * first_pass
        parts[4] += good * first_pass
        done, weights = (item, Count(good, scrap, rework)), self._cutter.quantities.weights
        if row.unit in self._pieces:
            moved = weights[row.unit].of(done)
            self._pieces[row.unit] = [a + b for a, b in zip(self._pieces[row.unit], moved, strict=True)]
        ideal[0] += ideal_s * made
        ideal[1] += ideal_s * good
        for stone in self._stones.get(row.unit, ()):
            self._open[stone.id] -= stone.gain(row.unit, weights[row.unit], done)
            if self._open[stone.id] <= 0 and self.completions[stone.id] == inf:
                self.completions[stone.id] = row.sim_s

    def _state(self, row: TraceRow) -> None:
        """As the brain counts failures: nights do not split them, overlong minor stops are some."""
        unit, code = row.unit, int(UnitState[row.values[0]])
        before, since_s = self._now[unit]
        spent_s = row.sim_s - since_s
        self._enter(row)
        if MINOR[before] and spent_s > MINOR_STOP_MAX_S and unit not in self._spent:
            self._failed[unit][0] += 1
            self._spent[unit] = 0.0
        if unit in self._spent and (FAILING[before] or MINOR[before]):
            self._spent[unit] += spent_s
        if FAILING[code] and unit not in self._spent:
            self._failed[unit][0] += 1
            self._spent[unit] = 0.0
        elif unit in self._spent and not (FAILING[code] or PAUSING[code]):
            self._failed[unit][1] += 1
            self._failed[unit][2] += round(self._spent.pop(unit) * 1e9)

    def _since_begin(self) -> tuple[Floats, Floats]:
        """Seconds by code, float64[units, CODES], and energy in kWh, float64[units]."""
        totals = [self._plant.ledger.totals(unit) for unit in range(len(self._stations))]
        return since(totals, self._base)

    def _cut(self) -> Cut:
        seconds, energy = self._since_begin()
        counts = np.concatenate([self._parts, self._failed], axis=1)
        self._openings.cut(self._spent_s())
        inside = np.array([station.level for station in self._stations], dtype=np.int64)
        spent = Spent(whole_ns(seconds), energy, counts, np.array(self._ideal), {**self._pieces})
        return self._cutter.cut(spent, inside)


def since(totals: Sequence[Totals], base: tuple[Floats, Floats] | None = None) -> tuple[Floats, Floats]:
    """Seconds by code, float64[units, CODES], and energy in kWh, float64[units], beyond those of a base."""
    sums = np.array([each.seconds for each in totals]), np.array([each.energy_kwh for each in totals])
    return sums if base is None else (sums[0] - base[0], sums[1] - base[1])


def whole_ns(seconds: Floats) -> Ints:
    """Times in ns."""
    return np.rint(seconds * 1e9).astype(np.int64)


class Cutter:
    """Makes the cuts of a branch.

    CO2 and cost of its energy are exact, when :meth:`note` is told the energy at each of :meth:`stops`.

    Args:
        config: The plant.
        begin_s: Begin of the branch in simulated s.
    """

    def __init__(self, config: PlantConfig, begin_s: float):
        self._begin_s = begin_s
        self.quantities = Quantities(config)
        self._then_s, self._then = begin_s, np.zeros(len(self.quantities.rates.priced))
        self._co2, self._cost = self._then, self._then

    def stops(self, sim_s: float) -> list[float]:
        """Times from the last stop to a time at which a factor or a tariff changes, and that time."""
        return [*self.quantities.rates.changes(self._then_s, sim_s), sim_s]

    def note(self, now_s: float, energy: Floats) -> None:
        """The energy of the units since the begin in kWh, float64[units]; times must not go back."""
        co2, cost = self.quantities.rates.rated((self._then_s, now_s), [energy - self._then])
        self._co2, self._cost = self._co2 + co2, self._cost + cost
        self._then_s, self._then = now_s, energy

    def cut(self, spent: Spent, inside: Ints) -> Cut:
        """The quantities up to the last stop.

        Args:
            spent: What the units did since the begin.
            inside: Parts inside each unit now.
        """
        span_ns = round((self._then_s - self._begin_s) * 1e9)
        return Cut(self._then_s, *self.quantities.of(spent, span_ns, self._co2, self._cost), inside)


def planned(plant: Plant) -> list[bool]:
    """Whether the operations of each unit may have a planned time."""
    configs = [config for _, _, config in plant.config.stations()]
    return [
        isinstance(config, ProcessConfig) or config.kind == "tool" or getattr(config, "interval", None) is not None
        for config in configs
    ]


def windows(cuts: Sequence[Cut], units: int, earned: Floats) -> tuple[Ints, Floats, Ints]:
    """What happened from cut to cut, then what happened from the begin to each cut.

    Args:
        cuts: The cuts.
        units: Number of units.
        earned: What operations over the cuts have earned before them, float64[cuts, units, 2].

    Returns:
        int64[2 x cuts, units, INTS], float64[2 x cuts, units, FLOATS] and parts inside at the ends, int64[2 x cuts,
        units].
    """
    ints = np.stack([np.zeros((units, len(INTS)), dtype=np.int64), *(cut.ints for cut in cuts)])
    floats = np.stack([np.zeros((units, len(FLOATS))), *(cut.floats for cut in cuts)])
    floats[1:, :, IDEAL] += earned
    inside = np.stack([cut.inside for cut in cuts])
    return (
        np.concatenate([np.diff(ints, axis=0), ints[1:]]),
        np.concatenate([np.diff(floats, axis=0), floats[1:]]),
        np.concatenate([inside, inside]),
    )
