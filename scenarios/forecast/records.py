"""A forecast as KPI records, which travel, are kept and shown like all others.

The window of a record says which quantile it is: ``forecast_p05`` of one window of the grid, ``outlook_p05``
of all from the begin of the forecast to the end of the window. The source time is the end of the window, in
the future, so a later forecast of the same moment replaces an earlier one, and what really comes then stands
beside it at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np

from scenarios.forecast.layout import figure_value
from scenarios.forecast.result import Arrival, ForecastResult
from twin.brain.scopes import Scope
from twin.brain.unit import Unit
from twin.engine.clock import epoch_ns, to_ns
from twin.equipment import EquipmentPath, Level
from twin.kpi.definitions.forecast import QUANTILES, Ahead, quantile_window
from twin.kpi.spec import RULE_VERSION, kpis
from twin.records import Frame, RecordKind, records

GROUP_KPIS = ("good_quantity", "throughput_per_h", "oee", "line_oee", "scrap_ratio", "energy_kwh", "work_in_process")
FAMILIES = ("forecast", "outlook")
LIVE = "live"
NEAR_NS = 1_000_000_000
"""Difference in length of two windows that are taken to be equal: simulated times are floats."""

Row = tuple[EquipmentPath, int, tuple[Any, ...]]


def wanted(scope: Scope, units: tuple[Unit, ...]) -> tuple[str, ...]:
    """Indicators published of a scope: those of lines and sites; of machines their output, of stores their content."""
    if scope.level in (Level.LINE, Level.SITE):
        return GROUP_KPIS
    if scope.level is not Level.UNIT:
        return ()
    master = units[scope.units[0]].master
    if master is not None and master.capacity is not None:
        return ("work_in_process",)
    return ("throughput_per_h",) if scope.processing else ()


def frame_of(result: ForecastResult, pause_s: float | None = None) -> Frame:
    """All records of a forecast.

    Args:
        result: The forecast.
        pause_s: Time for which the plant stood still to be saved, for its sites; None: not known.
    """
    origin = epoch_ns(result.epoch)
    begin = to_ns(origin, result.begin_s)
    rows = [*_courses(result, origin), *_stock_outs(result, begin), *_orders(result, begin)]
    if pause_s is not None:
        sites = (scope for scope in result.layout.scopes if scope.level is Level.SITE)
        pause_ms = figure_value(kpis["snapshot_pause_ms"], Ahead(pause_s=pause_s)).item()
        rows += [_row(site, "snapshot_pause_ms", LIVE, begin, begin, pause_ms) for site in sites]
    return records(RecordKind.KPI, sorted(rows, key=_time))


def _time(row: Row) -> int:
    return row[1]


def _row(scope: Scope, kpi: str, window: str, t0_ns: int, t1_ns: int, value: float) -> Row:
    return scope.path, t1_ns, (kpi, scope.name, window, t0_ns, value, value, None, 1.0, "good", RULE_VERSION)


def _courses(result: ForecastResult, origin: int) -> Iterator[Row]:
    """Of windows on the way the whole ones only: the energy of what is left of an hour is no hour's energy."""
    ends = [to_ns(origin, time) for time in result.times_s]
    begin = to_ns(origin, result.begin_s)
    begins = {"forecast": [begin, *ends[:-1]], "outlook": [begin] * len(ends)}
    lengths = np.diff([begin, *ends])
    whole = {"forecast": lengths >= lengths.max() - NEAR_NS, "outlook": np.ones(len(ends), dtype=bool)}
    layout = result.layout
    for row, scope in enumerate(layout.scopes):
        families = FAMILIES[:1] if scope.level is Level.UNIT else FAMILIES
        for kpi in wanted(scope, layout.units):
            if kpi not in layout.kpi_ids:
                continue
            column = layout.kpi_ids.index(kpi)
            for family in families:
                values = result.values[:, FAMILIES.index(family), :, row, column]
                for number, window in np.argwhere(np.isfinite(values) & whole[family]).tolist():
                    name = quantile_window(family, QUANTILES[number])
                    yield _row(scope, kpi, name, begins[family][window], ends[window], float(values[number, window]))


def _stock_outs(result: ForecastResult, begin: int) -> Iterator[Row]:
    """Of each store the item that runs out first."""
    earliest: dict[str, Arrival] = {}
    for (path, _), arrival in result.stock_outs.items():
        known = earliest.get(path)
        if known is None or arrival.times_s[2] < known.times_s[2]:
            earliest[path] = arrival
    yield from _arrivals(result, earliest, "stock_out_h", begin)


def _orders(result: ForecastResult, begin: int) -> Iterator[Row]:
    """Of each place the order that takes longest."""
    latest = {}
    for name, arrival in sorted(result.completions.items(), key=_median):
        latest[result.milestones[name].path] = (name, arrival)
    yield from _arrivals(result, {path: arrival for path, (_, arrival) in latest.items()}, "order_completion_h", begin)
    on_time = {path: result.on_time[name] for path, (name, _) in latest.items() if name in result.on_time}
    for path, share in {**_own_orders(result), **on_time}.items():
        scope = result.layout.scopes[result.layout.row[EquipmentPath(path)]]
        yield _row(scope, "order_on_time", LIVE, begin, begin, share)


def _own_orders(result: ForecastResult) -> dict[str, float]:
    """Of each unit that tells of orders, the share to be expected on time of those due before the horizon."""
    shares: dict[str, list[float]] = {}
    for (path, _), order in result.orders.items():
        if order.on_time is not None and order.due_s is not None and order.due_s <= result.times_s[-1]:
            shares.setdefault(path, []).append(order.on_time)
    return {path: sum(each) / len(each) for path, each in shares.items()}


def _median(entry: tuple[str, Arrival]) -> float:
    return entry[1].times_s[2]


def _arrivals(result: ForecastResult, found: Mapping[str, Arrival], kpi: str, begin: int) -> Iterator[Row]:
    for path, arrival in found.items():
        scope = result.layout.scopes[result.layout.row[EquipmentPath(path)]]
        for quantile, time_s in zip(QUANTILES, arrival.times_s, strict=True):
            if isfinite(time_s):
                hours = (time_s - result.begin_s) / 3600
                yield _row(scope, kpi, quantile_window("outlook", quantile), begin, begin, hours)
