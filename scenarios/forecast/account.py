"""What a branch did, cut at the times of a grid: the quantities of which indicators are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from twin.brain.logs import FAILING
from twin.brain.site import MAPPING, attend
from twin.config import PlantConfig
from twin.day_pattern import DayPattern
from twin.kpi.observed import COLUMN, FLOATS, INTS
from twin.records import RecordKind
from twin.sim.journal import TraceRow
from twin.sim.plant import Plant
from twin.states import UnitState

COUNTED = [COLUMN[name] for name in ("good", "scrap", "rework", "inspected", "good_at_first")]
IDEAL = [COLUMN["ideal_produced_s"], COLUMN["ideal_good_s"]]
FAILED = [COLUMN[name] for name in ("failures", "repaired", "repair_ns")]
ENERGY, CO2 = COLUMN["energy_kwh"], COLUMN["co2_kg"]
_FAILING = {state.name for state in UnitState if FAILING[state]}

START_S = 0.0
"""Of a plant that starts empty, the first stock is said, but nothing runs out."""
DONE = frozenset({"completed", "delivered"})
NEWS = DONE | {"released", "received"}

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Milestone:
    """Good parts that some units are to complete.

    Args:
        id: Name of it.
        path: Equipment that is to make them.
        units: Numbers of the units whose good parts count: the last of the equipment.
        quantity: Number of parts from the begin of the forecast on.
        due_s: Simulated time at which they are due; None: whenever.
    """

    id: str
    path: str
    units: tuple[int, ...]
    quantity: int
    due_s: float | None = None


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


class Account:
    """Follows a branch from where it is.

    Args:
        plant: The branch, which keeps its events; they are taken out of it.
        milestones: What to look out for.
    """

    def __init__(self, plant: Plant, milestones: Sequence[Milestone] = ()):
        plant.drain()
        self._plant = plant
        self._stations = [plant.station(path) for path in plant.units]
        self._cutter = Cutter(plant.config, plant.now_s)
        self._parts = [[0, 0, 0, 0, 0] for _ in self._stations]
        self._ideal = [[0.0, 0.0] for _ in self._stations]
        self._failed = [[0, 0, 0] for _ in self._stations]
        self._since = {unit: station.since for unit, station in enumerate(self._stations) if FAILING[station.code]}
        self.stock_outs: dict[tuple[int, str], float] = {}
        """First time, in simulated s, at which the stock of an item at a unit fell to 0."""
        self.completions = {stone.id: inf for stone in milestones}
        """Time, in simulated s, at which each milestone was reached; infinite when it was not."""
        self.orders: dict[tuple[int, str], OrderCourse] = {}
        """The plant's own orders of which there was news, by unit and order."""
        self._open = {stone.id: stone.quantity for stone in milestones}
        self._stones = {unit: [s.id for s in milestones if unit in s.units] for s in milestones for unit in s.units}
        self._base = self._totals()

    def advance(self, sim_s: float) -> Cut:
        """Run the branch to a time."""
        self._plant.run_until(sim_s)
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
        _, good, scrap, rework, ideal_s, first_pass = row.values
        made = good + scrap + rework
        parts, ideal = self._parts[row.unit], self._ideal[row.unit]
        parts[0] += good
        parts[1] += scrap
        parts[2] += rework
        parts[3] += made * first_pass
        parts[4] += good * first_pass
        ideal[0] += ideal_s * made
        ideal[1] += ideal_s * good
        for stone in self._stones.get(row.unit, ()) if good else ():
            self._open[stone] -= good
            if self._open[stone] <= 0 and self.completions[stone] == inf:
                self.completions[stone] = row.sim_s

    def _state(self, row: TraceRow) -> None:
        failing, unit = row.values[0] in _FAILING, row.unit
        if failing and unit not in self._since:
            self._since[unit] = row.sim_s
            self._failed[unit][0] += 1
        elif not failing and unit in self._since:
            self._failed[unit][1] += 1
            self._failed[unit][2] += round((row.sim_s - self._since.pop(unit)) * 1e9)

    def _totals(self) -> tuple[Floats, Floats]:
        """Seconds by code, float64[units, CODES], and energy in kWh, float64[units], since the start of the plant."""
        ledger = self._plant.ledger
        totals = [ledger.totals(unit) for unit in range(len(self._stations))]
        return np.array([each.seconds for each in totals]), np.array([each.energy_kwh for each in totals])

    def _cut(self) -> Cut:
        seconds, energy = (now - then for now, then in zip(self._totals(), self._base, strict=True))
        counts = np.concatenate([self._parts, self._failed], axis=1)
        inside = np.array([station.level for station in self._stations], dtype=np.int64)
        return self._cutter.cut(Spent(seconds, energy, counts, np.array(self._ideal)), self._plant.now_s, inside)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the units did since the begin of a branch.

    Args:
        seconds: Time by code of the state, float64[units, CODES].
        energy: Energy in kWh, float64[units].
        counts: Good, scrap, rework, inspected, good at first, failures, repaired, their length in ns; int64[units, 8].
        ideal: Planned time of what was produced and of what was good in s, float64[units, 2].
    """

    seconds: Floats
    energy: Floats
    counts: Ints
    ideal: Floats


class Cutter:
    """Makes the quantities of ``Observed`` of what the units of a branch did.

    Args:
        config: The plant.
        begin_s: Begin of the branch in simulated s.
    """

    def __init__(self, config: PlantConfig, begin_s: float):
        self._begin_s = begin_s
        self._factors = _grid_factors(config)
        self._people = [row for row, (_, _, unit) in enumerate(config.stations()) if unit.kind == "worker"]
        self._co2 = np.zeros(len(self._factors))
        self._counted = (begin_s, np.zeros(len(self._factors)))

    def cut(self, spent: Spent, now_s: float, inside: Ints) -> Cut:
        """The quantities so far; times must not go back.

        Args:
            spent: What the units did.
            now_s: Until when, in simulated s.
            inside: Parts inside each unit now.
        """
        ints = np.rint(spent.seconds * 1e9).astype(np.int64) @ MAPPING
        attend(ints, self._people)
        ints[:, COUNTED + FAILED] = spent.counts
        ints[:, COLUMN["out_good"]] = spent.counts[:, 0]
        ints[:, COLUMN["out_produced"]] = spent.counts[:, :3].sum(axis=1)
        span = round((now_s - self._begin_s) * 1e9)
        for name in ("window_ns", "energy_known_ns", "energy_span_ns"):
            ints[:, COLUMN[name]] = span
        floats = np.zeros((len(ints), len(FLOATS)))
        floats[:, IDEAL] = spent.ideal
        floats[:, ENERGY], floats[:, CO2] = spent.energy, self._co2_until(now_s, spent.energy)
        return Cut(now_s, ints, floats, inside)

    def _co2_until(self, now_s: float, energy: Floats) -> Floats:
        """CO2 since the begin in kg; the factor of a step is that of its middle."""
        then_s, then = self._counted
        factors = np.array([pattern.at((then_s + now_s) / 2) for pattern in self._factors])
        self._co2 = self._co2 + (energy - then) * factors
        self._counted = (now_s, energy)
        return self._co2


def _grid_factors(config: PlantConfig) -> list[DayPattern]:
    """CO2 of one kWh in kg at each unit."""
    midnight = config.epoch.replace(hour=0, minute=0, second=0, microsecond=0)
    origin_s = (config.epoch - midnight).total_seconds()
    found = []
    for _, site, line in config.lines():
        pattern = DayPattern(site.grid_factors or {"00:00": site.grid_factor}, origin_s)
        found += [pattern] * len(line.stations)
    return found


def windows(cuts: Sequence[Cut], units: int) -> tuple[Ints, Floats, Ints]:
    """What happened from cut to cut, then what happened from the begin to each cut.

    Returns:
        int64[2 x cuts, units, INTS], float64[2 x cuts, units, FLOATS] and parts inside at the ends, int64[2 x cuts,
        units].
    """
    ints = np.stack([np.zeros((units, len(INTS)), dtype=np.int64), *(cut.ints for cut in cuts)])
    floats = np.stack([np.zeros((units, len(FLOATS))), *(cut.floats for cut in cuts)])
    inside = np.stack([cut.inside for cut in cuts])
    return (
        np.concatenate([np.diff(ints, axis=0), ints[1:]]),
        np.concatenate([np.diff(floats, axis=0), floats[1:]]),
        np.concatenate([inside, inside]),
    )
