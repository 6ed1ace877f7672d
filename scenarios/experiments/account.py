"""Figures of a replication from the engine's own account, by the formulas the brain uses.

Equal to what ``factory simulate`` reports of the same seed and window, without the cost of telemetry:
the brain reads records, this reads sums. What sums do not hold (failures, first passes, units whose
items have times of their own) is read from the plant's intervals, which the plant then keeps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from scenarios.headless.sites import sites_of
from scenarios.headless.sums import COUNTS, IDEALS, Floats, Ints, Quantities, Spent
from twin.brain.reports.units import first, line_flow, row_of
from twin.brain.scopes import Scope, group, machines
from twin.brain.site import Table
from twin.brain.unit import Unit
from twin.config.plant import PlantConfig, ProcessConfig, StationConfig
from twin.engine.clock import epoch_ns, to_ns
from twin.equipment import EquipmentPath, Level
from twin.kpi.definitions.flow import PartFlow
from twin.kpi.observed import COLUMN, Observed, of_matrices
from twin.kpi.spec import EQUIPMENT, KpiSpec, kpis, specs
from twin.plant.held import HOLDING
from twin.plant.ledger import Ledger, Totals
from twin.stations import stations

Kpi = tuple[str, str]
"""Id of an indicator and the path of its scope."""
CHAIN = "chain-"
"""How the paths of chains begin."""
STOCK = "stock"
"""Instead of an indicator: mean number of items held at or below the path."""
OF_FLOW = frozenset(spec.id for spec in specs("flow"))
"""Indicators of what is inside units."""
ONLY_INTERVALS = {
    "failures",
    "repaired",
    "repair_ns",
    "inspected",
    "good_at_first",
}
"""Quantities that the engine's sums do not hold."""
IDEAL = set(IDEALS)
OUTPUT = {"out_good", "out_produced", "out_rate"}
"""Quantities that count pieces, which the engine's sums do not hold where items become different numbers of them."""
LINE_KPIS = ("line_oee", "bottleneck_unit")


def by_brain(wanted: Kpi) -> bool:
    """Whether an indicator needs records that no account holds: those of chains and of orders."""
    kpi, scope = wanted
    beyond = kpi != STOCK and kpi not in OF_FLOW and not set(EQUIPMENT) & set(kpis[kpi].scopes)
    return scope.startswith(CHAIN) or beyond


class _Asked(Observed):
    """Observations that note which of them a formula asks for."""

    __slots__ = ("asked",)

    def __getattribute__(self, name: str) -> Any:
        if name in _FIELDS:
            object.__getattribute__(self, "asked").add(name)
        return object.__getattribute__(self, name)


_FIELDS = {field.name for field in fields(Observed)}


def asks_for(spec: KpiSpec) -> set[str]:
    """Quantities that an indicator of equipment is computed from.

    >>> sorted(asks_for(kpis["quality_ratio"]))
    ['good', 'rework', 'scrap']
    """
    if spec.id in LINE_KPIS:
        return {"out_good"}
    probe = _Asked()
    object.__setattr__(probe, "asked", set())
    spec.figure(probe)
    return set(object.__getattribute__(probe, "asked"))


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums since the start of the plant, one row per unit.

    Args:
        now_s: Simulated time.
        seconds: Time by code of the state, float64[units, codes].
        parts: Completed operations, scrapped, reworked, int64[units, 3].
        energy_kwh: Energy, float64[units].
    """

    now_s: float
    seconds: Floats
    parts: Ints
    energy_kwh: Floats


class Summed(Protocol):
    """A plant on its way."""

    @property
    def now_s(self) -> float:
        """Simulated time in s."""
        ...

    def totals(self, unit: int) -> Totals:
        """Account of a unit since the start."""
        ...


def read(run: Summed, units: int) -> Sums:
    """The sums of so many units now."""
    rows = [run.totals(unit) for unit in range(units)]
    return Sums(
        run.now_s,
        np.array([row.seconds for row in rows]),
        np.array([(row.parts, row.scrapped, row.reworked) for row in rows], dtype=np.int64),
        np.array([row.energy_kwh for row in rows]),
    )


class RunAccount:
    """What is to be known of a plant: indicators with their scopes.

    Args:
        config: The plant.
        wanted: Indicators and the paths of their scopes; no chains.
    """

    def __init__(self, config: PlantConfig, wanted: Iterable[Kpi]):
        self.wanted = tuple(wanted)
        self._configs = [station for _, _, station in config.stations()]
        self._paths = [path for path, _, _ in config.stations()]
        self._sites = sites_of(config)
        self._recipes = bool(config.recipes)
        self._quantities, self._origin_ns = Quantities(config), epoch_ns(config.epoch)
        self._says = np.array([stations[one.kind].records_parts for one in self._configs])  # type: ignore[attr-defined]
        self._ideal_s = np.array([_ideal_s(one) for one in self._configs])
        self._places = {path: self._place(EquipmentPath(path)) for _, path in self.wanted}
        named = [(kpis[kpi], path) for kpi, path in self.wanted if kpi != STOCK and kpi not in OF_FLOW]
        roles = [stations[one.kind].role for one in self._configs]  # type: ignore[attr-defined]
        self._holding, self._stores = (np.array([role in some for role in roles]) for some in (HOLDING, ("store",)))
        inside = [path for kpi, path in self.wanted if kpi == STOCK or kpi in OF_FLOW]
        rows = {int(row) for path in inside for row in self._rows(path)}
        self.watched = sorted(row for row in rows if self._holding[row])
        """Numbers of the units of which it has to be known how much is inside."""
        self._by_time = any(self._rated_by_time(spec, path) for spec, path in named)
        self.intervals = len(named) < len(self.wanted) or any(self._beyond_sums(spec, path) for spec, path in named)
        """Whether the plant has to keep its intervals."""

    def _place(self, path: EquipmentPath) -> tuple[Scope, tuple[Unit, ...], Ints]:
        """Scope, units of its table, their rows in the plant."""
        sites = [site for site in self._sites if site.path.is_under(path) or path.is_under(site.path)]
        units = tuple(unit for site in sites for unit in site.ordered())
        if path.level is Level.UNIT:
            scope = next(scope for scope in machines(units) if scope.path == path)
        else:
            scope = group(path, units)
        number = {name: row for row, name in enumerate(self._paths)}
        return scope, units, np.array([number[unit.path] for unit in units])

    def _beyond_sums(self, spec: KpiSpec, path: str) -> bool:
        asked = asks_for(spec)
        scope, _, rows = self._places[path]
        if asked & ONLY_INTERVALS or self._rated_by_time(spec, path):
            return True
        ends = {int(rows[term.row]) for term in scope.output.terms}
        if scope.level < Level.UNIT and asked & OUTPUT and ends & self._quantities.uneven.keys():
            return True
        configs = [self._configs[row] for row in rows[list(scope.units)]]
        if spec.id == "line_oee" and any(config.pooled for config in configs):
            return True  # it sums planned times of steps
        working = [config for config in configs if isinstance(config, ProcessConfig)]
        return bool(asked & IDEAL) and any(self._recipes or _several_times(config) for config in working)

    def _rated_by_time(self, spec: KpiSpec, path: str) -> bool:
        """Whether it is of CO2 or of cost, and what a kWh counts depends on the time of the day."""
        asked, varies = asks_for(spec), self._quantities.rates.varies[self._places[path][2]]
        co2, cost = bool(varies[:, 0].any()), bool(varies[:, 1].any())
        return ("co2_kg" in asked and co2) or ("energy_cost_cny" in asked and cost)

    def _rows(self, path: str) -> Ints:
        """Numbers of the units at or below a path."""
        scope, _, rows = self._places[path]
        return rows[list(scope.units)]

    @property
    def units(self) -> int:
        """Number of units of the plant."""
        return len(self._paths)

    def outputs(self, path: str) -> list[int]:
        """Numbers of the units that a scope's output leaves, itself for a unit."""
        scope, _, rows = self._places[path]
        return [int(rows[row]) for row in (scope.last or scope.units)]

    def figures(self, begin: Sums, end: Sums) -> list[float]:
        """The indicators of the time between two readings, NaN where one is not known."""
        window_ns = round((end.now_s - begin.now_s) * 1e9)
        spent = self._of_sums(begin, end)
        rated = self._quantities.rates.rated((begin.now_s, end.now_s), [spent.energy])
        return self._values(*self._quantities.of(spent, window_ns, *rated))

    def exact(self, ledger: Ledger, t0_ns: int, t1_ns: int, inside: Sequence[float] = ()) -> list[float]:
        """The same from the intervals of a plant that kept them.

        Args:
            ledger: Its ledger.
            t0_ns: Begin of the window.
            t1_ns: Its end.
            inside: Mean number of items inside each of the units watched, in their order.
        """
        units = range(self.units)
        truths = [ledger.window(unit, t0_ns, t1_ns) for unit in units]
        rates, origin = self._quantities.rates, self._origin_ns
        t0_s, t1_s = (t0_ns - origin) / 1e9, (t1_ns - origin) / 1e9
        times_s = [t0_s, *(rates.changes(t0_s, t1_s) if self._by_time else []), t1_s]
        edges = [to_ns(origin, time) for time in times_s]
        energy = [np.array([ledger.window(unit, *span).energy_kwh for unit in units]) for span in pairwise(edges)]
        ints, floats = self._quantities.of(
            Spent.of_truths(truths, self._quantities.uneven), t1_ns - t0_ns, *rates.rated(times_s, energy)
        )
        held = np.zeros(self.units)
        held[self.watched[: len(inside)]] = inside
        said = np.array([sum(truth.stock_ns.values()) / (t1_ns - t0_ns) for truth in truths])
        told = np.array([bool(truth.stock_ns) for truth in truths])
        return self._values(ints, floats, (held, np.where(told, said, held)))

    def _of_sums(self, begin: Sums, end: Sums) -> Spent:
        durations = np.rint((end.seconds - begin.seconds) * 1e9).astype(np.int64)
        made = end.parts - begin.parts
        made[~self._says] = 0
        good = made[:, 0] - made[:, 1] - made[:, 2]
        counts = np.zeros((len(made), len(COUNTS)), dtype=np.int64)
        counts[:, :3] = np.column_stack([good, made[:, 1:]])
        ideal = np.column_stack([made[:, 0], good]) * self._ideal_s[:, None]
        return Spent(durations, end.energy_kwh - begin.energy_kwh, counts, ideal)

    def _values(self, ints: Ints, floats: Floats, held: tuple[Floats, Floats] | None = None) -> list[float]:
        return [self._one(wanted, ints, floats, held) for wanted in self.wanted]

    def _one(self, wanted: Kpi, ints: Ints, floats: Floats, held: tuple[Floats, Floats] | None) -> float:
        kpi, path = wanted
        if kpi != STOCK and kpi not in OF_FLOW:
            return self._value(kpis[kpi], path, ints, floats)
        if held is None:
            return math.nan
        rows = self._rows(path)
        if kpi == STOCK:
            return float(held[1][rows].sum())
        scope, units, every = self._places[path]
        _, own = row_of(Table(units, ints[every], floats[every]), scope)
        window_s = int(ints[rows[0], COLUMN["window_ns"]]) / 1e9
        stores = rows[self._stores[rows]]
        flow = PartFlow(
            float(held[0][rows].sum()), float(held[0][stores].sum()), float(own[COLUMN["out_good"]]), window_s
        )
        return _figure(kpis[kpi], flow)

    def _value(self, spec: KpiSpec, path: str, ints: Ints, floats: Floats) -> float:
        scope, units, rows = self._places[path]
        table = Table(units, ints[rows], floats[rows])
        if spec.id in LINE_KPIS:
            return _figure(spec, line_flow(table, scope))
        own = row_of(table, scope)
        return _figure(spec, first(of_matrices(own[0][None], own[1][None])))


def _figure(spec: KpiSpec, subject: Any) -> float:
    value = spec.value(subject)
    return math.nan if value is None else value


def _several_times(config: ProcessConfig) -> bool:
    """Whether its operations may have different planned times, by item or by the steps of recipes."""
    return config.ideal_cycle is None and len(set(_laws(config))) != 1


def _ideal_s(config: StationConfig) -> float:
    """Planned time of an operation, 0 where there is none."""
    return (config.ideal_s(*_laws(config)) or 0.0) if isinstance(config, ProcessConfig) else 0.0


def _laws(config: ProcessConfig) -> Sequence[Any]:
    return ([] if config.cycle is None else [config.cycle]) + list(config.cycles.values())
