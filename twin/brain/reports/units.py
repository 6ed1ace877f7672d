"""From a table of units to the indicators of machines, lines, areas, sites and enterprises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.brain.reports.sheet import Sheet, coverage_of
from twin.brain.scopes import Scope, summed
from twin.brain.site import Table
from twin.equipment import Level
from twin.kpi.definitions.line import LineFlow
from twin.kpi.observed import COLUMN, NAMES, Observed, of_matrices
from twin.kpi.spec import kpis, specs


def report(sheet: Sheet, table: Table, scopes: Sequence[Scope], spread_only: bool = False) -> None:
    """Write down all indicators of some scopes of a table, or only those that hold planned run time."""
    if not scopes or not table.units:
        return
    rows = [row_of(table, scope) for scope in scopes]
    observed = of_matrices(np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows]))
    paths = [scope.path for scope in scopes]
    names = np.array([scope.name for scope in scopes], dtype=object)
    processing = np.array([bool(scope.processing) for scope in scopes])
    storing = np.array([_says(table, scope) for scope in scopes])
    for spec in specs("machine"):
        if spread_only and not spec.spread:
            continue
        mask = processing | (storing if spec.basis == "time" else True) if spec.storing else processing
        if spec.everywhere:
            mask = np.ones(len(scopes), dtype=bool)
        sheet.many(spec, paths, names, observed, mask)
    for scope, row in zip(scopes, rows, strict=True):
        if scope.level is Level.LINE and scope.processing:
            _line(sheet, table, scope, of_matrices(row[0][None], row[1][None]), spread_only)


def row_of(table: Table, scope: Scope) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Observations of one scope, int64[INTS] and float64[FLOATS]."""
    if scope.level < Level.UNIT:
        return summed(table, scope)
    row = scope.units[0]
    return table.ints[row], table.floats[row]


def _says(table: Table, scope: Scope) -> bool:
    return scope.level is Level.UNIT and bool(table.units[scope.units[0]].parts.times)


def line_flow(table: Table, scope: Scope) -> LineFlow:
    """A line's flow: its designed bottleneck (slowest stage) and its observed one."""
    ideal_s = scope.limit.stage_s(table.units)
    busy = of_matrices(table.ints, table.floats)
    pbt = busy.pbt_ns
    waiting = busy.starved_ns + busy.blocked_ns
    working = [row for row in scope.processing if pbt[row] > 0]
    observed = min(working, key=lambda row: waiting[row] / pbt[row], default=None)
    position = None if observed is None else table.units[observed].position
    if routed(table, scope):
        earned_s = float(table.floats[list(scope.processing), COLUMN["ideal_good_s"]].sum())
        return LineFlow(earned_s, float(np.asarray(pbt)[list(scope.processing)].sum()), position)
    return LineFlow(
        earned_s=float(scope.output.operations(table.floats)) * ideal_s,
        pbt_ns=sum(int(pbt[row]) * ideal_s * rate for row, rate in scope.limit.rates(table.units).items()),
        bottleneck=position,
    )


def routed(table: Table, scope: Scope) -> bool:
    """Whether a line consists of tools, through which lots go by recipes."""
    return all(table.units[row].routed for row in scope.processing)


def _unplanned(table: Table, scope: Scope) -> bool:
    """Whether a unit may be slower than the designed bottleneck, as nobody said its planned run time."""
    return any(table.units[row].ideal_s is None for row in scope.processing)


def _line(sheet: Sheet, table: Table, scope: Scope, observed: Observed, spread_only: bool) -> None:
    flow, by_recipes = line_flow(table, scope), routed(table, scope)
    whole = first(observed)
    if by_recipes or not spread_only:
        coverage = coverage_of(whole)
        if sheet.under_way(whole) if by_recipes else _unplanned(table, scope) or not scope.limit.certain:
            coverage = replace(coverage, settled=False)
        sheet.one(kpis["line_oee"], scope.path, "line", flow, coverage)
    if not spread_only:
        sheet.one(kpis["bottleneck_unit"], scope.path, "line", flow, coverage_of(whole))


def first(observed: Observed) -> Observed:
    """The first of many scopes, as plain numbers."""
    values: dict[str, Any] = {name: getattr(observed, name)[0].item() for name in NAMES}
    return Observed(**values)
