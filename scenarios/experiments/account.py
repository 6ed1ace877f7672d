"""Figures of a replication from the engine's own account, by the formulas the brain uses.

Equal to what ``factory simulate`` reports of the same seed and window, without the cost of telemetry:
the brain reads records, this reads sums. What sums do not hold (failures, first passes, units whose
items have times of their own) is read from the plant's intervals, which the plant then keeps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.master import site_masters
from twin.brain.metering import pieces
from twin.brain.rollup import first, line_flow, row_of
from twin.brain.scopes import Scope, group, machines
from twin.brain.site import MAPPING, Site, Table, Unit
from twin.brain.windows import Window
from twin.config import PlantConfig, ProcessConfig
from twin.equipment import EquipmentPath, Level
from twin.kpi.observed import COLUMN, FLOATS, INTS, Observed, of_matrices
from twin.kpi.spec import EQUIPMENT, KpiSpec, kpis
from twin.master import EquipmentMaster, PlaceMaster
from twin.sim.ledger import Ledger, Totals, Truth
from twin.stations import stations

Kpi = tuple[str, str]
"""Id of an indicator and the path of its scope."""
CHAIN = "chain-"
"""How the paths of chains begin."""
STOCK = "stock"
"""Instead of an indicator: mean number of items held at or below the path."""
ONLY_INTERVALS = {
    "failures",
    "repaired",
    "repair_ns",
    "inspected",
    "good_at_first",
    "energy_cost_cny",
    "air_m3",
    "gas_m3",
}
"""Quantities that the engine's sums do not hold."""
IDEAL = {"ideal_produced_s", "ideal_good_s"}
LINE_KPIS = ("line_oee", "bottleneck_unit")
GOOD, PRODUCED = COLUMN["good"], COLUMN["out_produced"]


def by_brain(wanted: Kpi) -> bool:
    """Whether an indicator needs records that no account holds: those of chains and of orders."""
    kpi, scope = wanted
    return scope.startswith(CHAIN) or (kpi != STOCK and not set(EQUIPMENT) & set(kpis[kpi].scopes))


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
class Reading:
    """Sums since the start of the plant, one row per unit.

    Args:
        now_s: Simulated time.
        seconds: Time by code of the state, float64[units, codes].
        parts: Completed operations, scrapped, reworked, int64[units, 3].
        energy_kwh: Energy, float64[units].
    """

    now_s: float
    seconds: NDArray[np.float64]
    parts: NDArray[np.int64]
    energy_kwh: NDArray[np.float64]


class Summed(Protocol):
    """A plant on its way."""

    @property
    def now_s(self) -> float:
        """Simulated time in s."""
        ...

    def totals(self, unit: int) -> Totals:
        """Account of a unit since the start."""
        ...


def read(run: Summed, units: int) -> Reading:
    """The sums of so many units now."""
    rows = [run.totals(unit) for unit in range(units)]
    return Reading(
        run.now_s,
        np.array([row.seconds for row in rows]),
        np.array([(row.parts, row.scrapped, row.reworked) for row in rows], dtype=np.int64),
        np.array([row.energy_kwh for row in rows]),
    )


class Account:
    """What is to be known of a plant: indicators with their scopes.

    Args:
        config: The plant.
        wanted: Indicators and the paths of their scopes; no chains.
    """

    def __init__(self, config: PlantConfig, wanted: Iterable[Kpi]):
        self.wanted = tuple(wanted)
        self._configs = [station for _, _, station in config.stations()]
        self._paths = [path for path, _, _ in config.stations()]
        self._sites = _sites(config)
        self._recipes = bool(config.recipes)
        self._by_site = {site.path: site.places[site.path] for site in self._sites}
        self._places = {path: self._place(EquipmentPath(path)) for _, path in self.wanted}
        self.intervals = any(kpi == STOCK or self._beyond_sums(kpis[kpi], path) for kpi, path in self.wanted)
        """Whether the plant has to keep its intervals."""

    def _place(self, path: EquipmentPath) -> tuple[Scope, tuple[Unit, ...], NDArray[np.int64], NDArray[np.float64]]:
        """Scope, units of its table, their rows in the plant and their grid factors."""
        sites = [site for site in self._sites if site.path.is_under(path) or path.is_under(site.path)]
        units = tuple(unit for site in sites for unit in site.ordered())
        if path.level is Level.UNIT:
            scope = next(scope for scope in machines(units) if scope.path == path)
        else:
            scope = group(path, units)
        number = {name: row for row, name in enumerate(self._paths)}
        rows = np.array([number[unit.path] for unit in units])
        factors = [place.grid_factor_kg_per_kwh or 0.0 for place in map(_place_of, units)]
        return scope, units, rows, np.array(factors)

    def _beyond_sums(self, spec: KpiSpec, path: str) -> bool:
        asked = asks_for(spec)
        scope, units, rows, _ = self._places[path]
        if asked & ONLY_INTERVALS or ("co2_kg" in asked and any(_place_of(u).grid_factors_kg_per_kwh for u in units)):
            return True
        configs = [self._configs[row] for row in rows[list(scope.units)]]
        working = [config for config in configs if isinstance(config, ProcessConfig)]
        return bool(asked & IDEAL) and any(self._recipes or _several_times(config) for config in working)

    @property
    def units(self) -> int:
        """Number of units of the plant."""
        return len(self._paths)

    def outputs(self, path: str) -> list[int]:
        """Numbers of the units that a scope's output leaves, itself for a unit."""
        scope, _, rows, _ = self._places[path]
        return [int(rows[row]) for row in (scope.last or scope.units)]

    def figures(self, begin: Reading, end: Reading) -> list[float]:
        """The indicators of the time between two readings, NaN where one is not known."""
        window_ns = round((end.now_s - begin.now_s) * 1e9)
        ints, floats = self._of_sums(begin, end, window_ns)
        return self._values(ints, floats)

    def exact(self, ledger: Ledger, t0_ns: int, t1_ns: int) -> list[float]:
        """The same from the intervals of a plant that kept them."""
        truths = [ledger.window(unit, t0_ns, t1_ns) for unit in range(len(self._paths))]
        ints = np.zeros((len(truths), len(INTS)), dtype=np.int64)
        floats = np.zeros((len(truths), len(FLOATS)))
        for row, truth in enumerate(truths):
            _fill(truth, ints[row], floats[row])
            self._rate(ledger, row, Window("", t0_ns, t1_ns), ints[row], floats[row])
        ints[:, COLUMN["window_ns"]] = t1_ns - t0_ns
        held = [sum(truth.stock_ns.values()) / (t1_ns - t0_ns) for truth in truths]
        return self._values(ints, floats, np.array(held))

    def _rate(
        self, ledger: Ledger, row: int, window: Window, ints: NDArray[np.int64], floats: NDArray[np.float64]
    ) -> None:
        """Cost of a unit by the tariff of its site, and CO2 where the grid factor varies."""
        place, config = self._by_site[EquipmentPath(self._paths[row]).site], self._configs[row]
        ints[COLUMN["air_meters"]], ints[COLUMN["gas_meters"]] = config.air is not None, config.gas is not None
        ints[COLUMN["priced"]] = bool(place.tariff_cny_per_kwh)
        for name, values in (
            ("energy_cost_cny", place.tariff_cny_per_kwh),
            ("co2_kg", place.grid_factors_kg_per_kwh),
        ):
            for begin, end, value in pieces(values, place.utc_offset_s, window):
                floats[COLUMN[name]] += ledger.window(row, begin, end).energy_kwh * value

    def _of_sums(self, begin: Reading, end: Reading, window_ns: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        spent = np.rint((end.seconds - begin.seconds) * 1e9).astype(np.int64)
        made = end.parts - begin.parts
        ints = spent @ MAPPING
        floats = np.zeros((len(ints), len(FLOATS)))
        for row, config in enumerate(self._configs):
            if not stations[config.kind].records_parts:  # type: ignore[attr-defined]
                made[row] = 0
            ideal = config.ideal_s(*_laws(config)) if isinstance(config, ProcessConfig) else None
            floats[row, :2] = np.array([made[row, 0], made[row, 0] - made[row, 1] - made[row, 2]]) * (ideal or 0.0)
        good = made[:, 0] - made[:, 1] - made[:, 2]
        ints[:, GOOD : GOOD + 3] = np.column_stack([good, made[:, 1], made[:, 2]])
        ints[:, COLUMN["out_good"]] = good
        ints[:, PRODUCED] = made[:, 0]
        ints[:, COLUMN["window_ns"]] = window_ns
        floats[:, COLUMN["energy_kwh"]] = end.energy_kwh - begin.energy_kwh
        return ints, floats

    def _values(
        self, ints: NDArray[np.int64], floats: NDArray[np.float64], held: NDArray[np.float64] | None = None
    ) -> list[float]:
        for name in ("energy_known_ns", "energy_span_ns"):  # every unit has a meter
            ints[:, COLUMN[name]] = ints[:, COLUMN["window_ns"]]
        return [
            self._value(kpis[kpi], path, ints, floats) if kpi != STOCK else self._stock(path, held)
            for kpi, path in self.wanted
        ]

    def _stock(self, path: str, held: NDArray[np.float64] | None) -> float:
        scope, _, rows, _ = self._places[path]
        return math.nan if held is None else float(held[rows[list(scope.units)]].sum())

    def _value(self, spec: KpiSpec, path: str, ints: NDArray[np.int64], floats: NDArray[np.float64]) -> float:
        scope, units, rows, factors = self._places[path]
        table = Table(units, ints[rows], floats[rows])
        even = np.array([not _place_of(unit).grid_factors_kg_per_kwh for unit in units])
        co2, energy = COLUMN["co2_kg"], COLUMN["energy_kwh"]
        table.floats[even, co2] = table.floats[even, energy] * factors[even]
        if spec.id in LINE_KPIS:
            numerator, denominator = spec.figure(line_flow(table, scope))
        else:
            own = row_of(table, scope)
            numerator, denominator = spec.figure(first(of_matrices(own[0][None], own[1][None])))
        if numerator is None or denominator == 0:
            return math.nan
        return float((numerator if denominator is None else numerator / denominator) * spec.scale)


def _place_of(unit: Unit) -> PlaceMaster:
    return unit.site.places[unit.site.path]


def _sites(config: PlantConfig) -> list[Site]:
    found = []
    for path, _ in config.sites():
        site = Site(path)
        for name, master in site_masters(config, path):
            if isinstance(master, EquipmentMaster):
                site.units[name] = Unit(name, site, master=master)
            elif name == path and isinstance(master, PlaceMaster):
                site.places[name] = master
        found.append(site)
    return found


def _several_times(config: ProcessConfig) -> bool:
    """Whether its operations may have different planned times, by item or by the steps of recipes."""
    return config.ideal_cycle is None and len(set(_laws(config))) != 1


def _laws(config: ProcessConfig) -> Sequence[Any]:
    return ([] if config.cycle is None else [config.cycle]) + list(config.cycles.values())


def _fill(truth: Truth, ints: NDArray[np.int64], floats: NDArray[np.float64]) -> None:
    ints[:] = truth.durations_ns @ MAPPING
    counts = truth.counts.values()
    for name in ("good", "scrap", "rework", "inspected", "good_at_first"):
        ints[COLUMN[name]] = sum(getattr(count, name) for count in counts)
    ints[COLUMN["out_good"]] = ints[COLUMN["good"]]
    ints[PRODUCED] = ints[COLUMN["good"]] + ints[COLUMN["scrap"]] + ints[COLUMN["rework"]]
    ints[COLUMN["failures"] : COLUMN["failures"] + 3] = (truth.failures, truth.repaired, truth.repair_ns)
    for name in ("ideal_produced_s", "ideal_good_s"):
        floats[COLUMN[name]] = sum(getattr(count, name) for count in counts)
    floats[COLUMN["energy_kwh"]] = truth.energy_kwh
    floats[COLUMN["air_m3"]], floats[COLUMN["gas_m3"]] = truth.air_m3, truth.gas_m3
