"""The scopes of a plant and their indicators, computed for many windows at once.

Same units, groups and formulas as the brain's, so that a forecast and what comes of it are comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.headless.sites import units_of
from twin.brain.reports.units import routed
from twin.brain.scopes import Scope, groups, machines, summed
from twin.brain.site import Table
from twin.brain.unit import Unit
from twin.config.plant import PlantConfig
from twin.equipment import Level
from twin.errors import Problem, ScenarioError
from twin.kpi.definitions.forecast import Ahead
from twin.kpi.definitions.line import LineFlow
from twin.kpi.observed import COLUMN, Observed, of_matrices
from twin.kpi.spec import KpiSpec, kpis
from twin.stations import stations

GROUPS = (Level.LINE, Level.AREA, Level.SITE, Level.ENTERPRISE)
DEFAULT_KPIS = (
    "good_quantity",
    "produced_quantity",
    "throughput_per_h",
    "oee",
    "line_oee",
    "availability",
    "quality_ratio",
    "scrap_ratio",
    "waiting_share",
    "energy_kwh",
    "co2_kg",
    "work_in_process",
)

Floats = NDArray[np.float64]


def forecastable() -> list[str]:
    """Indicators that can be forecast: those of machines and groups, of lines, and work in process."""
    own = ("line_oee", "work_in_process")
    machines = [kind for kind in kpis.kinds() if "machine" in kpis[kind].scopes]
    return sorted([*machines, *own])


class Layout:
    """Units and groups of a plant, and the indicators wanted of them.

    Args:
        config: The plant.
        kpi_ids: Ids of indicators.

    Raises:
        ScenarioError: An indicator is not known, or only the brain can give it.
    """

    def __init__(self, config: PlantConfig, kpi_ids: Sequence[str] = DEFAULT_KPIS):
        known = forecastable()
        wrong = [name for name in kpi_ids if name not in known]
        if wrong:
            raise ScenarioError(Problem("--kpi", f"one of {', '.join(known)}", repr(name)) for name in wrong)
        self.kpi_ids = tuple(kpi_ids)
        self.units = units_of(config)
        self.scopes: tuple[Scope, ...] = (*machines(self.units), *groups(self.units, GROUPS))
        self.row = {scope.path: row for row, scope in enumerate(self.scopes)}
        self._processing = np.array([bool(scope.processing) for scope in self.scopes])
        self._says = np.array(
            [scope.level is Level.UNIT and _says(self.units[scope.units[0]]) for scope in self.scopes]
        )

    def values(self, ints: NDArray[np.int64], floats: Floats, inside: NDArray[np.int64]) -> Floats:
        """Indicators of all scopes.

        Args:
            ints: Whole quantities of ``Observed``, int64[windows, units, INTS].
            floats: The other quantities, float64[windows, units, FLOATS].
            inside: Parts inside each unit at the end of the windows, int64[windows, units].

        Returns:
            float64[windows, scopes, kpis]; NaN where there is none.
        """
        table = Table(self.units, ints, floats)
        count = len(self.units)
        both = [(ints[:, :count], floats[:, :count])]
        for scope in self.scopes[count:]:
            rows = summed(table, scope)
            both.append((rows[0][:, None], rows[1][:, None]))
        every = [np.concatenate(parts, axis=1) for parts in zip(*both, strict=True)]
        shape = every[0].shape[:2]
        observed = of_matrices(_rows(every[0]), _rows(every[1]))
        columns = [self._column(name, observed, table, inside, shape) for name in self.kpi_ids]
        return np.stack(columns, axis=2)

    def _column(self, name: str, o: Observed, table: Table, inside: Any, shape: tuple[int, ...]) -> Floats:
        if name == "work_in_process":
            inner = [inside[:, list(scope.units)].sum(axis=1) for scope in self.scopes]
            return figure_value(kpis[name], Ahead(inside=np.stack(inner, axis=1).astype(float)))
        if name == "line_oee":
            return self._line_oee(table, shape)
        spec = kpis[name]
        values = figure_value(spec, o).reshape(shape)
        values[:, ~self._published(spec)] = np.nan
        return values

    def _published(self, spec: KpiSpec) -> NDArray[np.bool_]:
        """Scopes of which the brain publishes an indicator: of units that store or carry, no more than they say."""
        if spec.everywhere:
            return np.ones(len(self.scopes), dtype=bool)  # NaN by itself where there is nobody and nothing
        if not spec.storing:
            return self._processing
        return self._processing | (self._says if spec.basis == "time" else True)

    def _line_oee(self, table: Table, shape: tuple[int, ...]) -> Floats:
        values = np.full(shape, np.nan)
        busy = of_matrices(_rows(table.ints), _rows(table.floats))
        pbt = busy.pbt_ns.reshape(table.ints.shape[:2])
        for row, scope in enumerate(self.scopes):
            if scope.level is not Level.LINE or not scope.processing:
                continue
            ideal_s = scope.limit.stage_s(self.units)
            shares = [pbt[:, unit] * ideal_s * rate for unit, rate in scope.limit.rates(self.units).items()]
            earned: Any = scope.output.operations(table.floats) * ideal_s
            planned: Any = sum(shares, np.zeros(len(pbt)))
            if routed(table, scope):
                earned = table.floats[:, list(scope.processing), COLUMN["ideal_good_s"]].sum(axis=1)
                planned = pbt[:, list(scope.processing)].sum(axis=1)
            flow = LineFlow(earned, planned, None)
            values[:, row] = figure_value(kpis["line_oee"], flow)
        return values


def _says(unit: Unit) -> bool:
    """Whether it tells of every part, e.g. a sink."""
    return unit.master is not None and bool(getattr(stations[unit.master.kind], "records_parts", False))


def figure_value(spec: KpiSpec, subject: Any) -> Floats:
    """Scale x numerator / denominator; NaN where the denominator is 0."""
    numerator, denominator = spec.figure(subject)
    value: Floats = np.asarray(numerator, dtype=float) * spec.scale
    if denominator is None:
        return value.copy()
    below = np.asarray(denominator, dtype=float)
    ratio: Floats = np.full(np.broadcast(value, below).shape, np.nan)
    np.divide(value, below, out=ratio, where=below != 0)
    return ratio


def _rows(matrix: Any) -> Any:
    """Windows and scopes in one axis."""
    return matrix.reshape(-1, matrix.shape[2])
