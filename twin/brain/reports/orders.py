"""The indicators of orders: of the units that take orders, and of a chain towards its final customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import fsum
from statistics import fmean, variance

from twin.brain.orders import DAY_NS, PLACED, RECEIVED, OrderLog, Trade, summed
from twin.brain.reports.sheet import Coverage, Sheet, known_share
from twin.brain.settings import BrainConfig
from twin.brain.site import Site, Table
from twin.brain.unit import Unit
from twin.brain.windows import Window
from twin.equipment import EquipmentPath
from twin.kpi.amounts import NS_PER_H, NS_PER_S
from twin.kpi.definitions.orders import OrderFlow
from twin.kpi.spec import specs
from twin.zone import Zone

MONDAY_NS = 4 * DAY_NS
"""The first Monday after the beginning of 1970 UTC; periods are counted from it in local time."""


def report_trade(sheet: Sheet, sites: Sequence[Site], table: Table, config: BrainConfig) -> None:
    """Write down the indicators of every unit that took orders."""
    by_path = {site.path: site for site in sites}
    for row, unit in enumerate(table.units):
        if len(unit.orders.hours) and unit.orders.takes:
            site = by_path[unit.path.site]
            trade = unit.orders.trade(*sheet.window[1:])
            flow = _flow_of(unit, trade, site, sheet.window, config)
            settled = not trade.odd and site.trusts([unit], sheet.window)
            _write(sheet, unit.path, "machine", flow, known_share(table, row), settled)


def report_chain_trade(
    sheet: Sheet, path: EquipmentPath, sites: Sequence[Site], table: Table, config: BrainConfig
) -> None:
    """Write down the indicators of a chain: orders of its final customers, and how orders swing at its beginning."""
    final = frozenset(str(u.path) for u in table.units if u.master is not None and u.master.final)
    takers = [unit for unit in table.units if unit.orders.takes]
    served = {unit.path: unit.orders.trade(*sheet.window[1:], final) for unit in takers}
    trade = summed(list(served.values()))
    if not any(trade[:-1]):
        return
    last = [unit for unit in takers if any(served[unit.path][:-1])]
    first = [unit for unit in takers if not unit.orders.places]
    stocks = [stock for unit in last if (stock := _stock_s(unit, _site_of(unit, sites), sheet.window)) is not None]
    begin = max((site.first for site in sites if site.first is not None), default=0)
    periods = _periods(sheet.window, sites[0].clock, begin, config)
    ordered = _sums([unit.orders for unit in first], RECEIVED, periods)
    demand = _sums([unit.orders for unit in last], RECEIVED, periods)
    flow = _flow(trade, sheet.window, fsum(stocks) if stocks else None, _swing(ordered), _swing(demand))
    rows = [row for row, unit in enumerate(table.units) if unit.orders.takes]
    known = min((known_share(table, row) for row in rows), default=1.0)
    settled = not trade.odd and all(site.trusts(takers, sheet.window) for site in sites)
    _write(sheet, path, "chain", flow, known, settled)


def _write(sheet: Sheet, path: EquipmentPath, scope: str, flow: OrderFlow, known: float, settled: bool) -> None:
    coverage = Coverage(known, 0.0, exact=True, settled=settled)
    for spec in specs("trade"):
        sheet.one(spec, path, scope, flow, coverage)


def _flow_of(unit: Unit, trade: Trade, site: Site, window: Window, config: BrainConfig) -> OrderFlow:
    log = unit.orders
    periods = _periods(window, site.clock, site.first or 0, config)
    placed, received = (_sums([log], which, periods) for which in (PLACED, RECEIVED))
    spread = variance(placed) if log.places and placed else None
    stock_s = _stock_s(unit, site, window)
    return _flow(trade, window, stock_s, spread, variance(received) if received else None)


def _flow(trade: Trade, window: Window, stock_s: float | None, orders: float | None, demand: float | None) -> OrderFlow:
    return OrderFlow(
        window_s=window.length_ns / NS_PER_S,
        due=trade.due,
        on_time_in_full=trade.on_time_in_full,
        received=trade.received,
        at_once=trade.at_once,
        shipped=trade.shipped,
        completed=trade.completed,
        cycle_s=trade.cycle_ns / NS_PER_S,
        overdue_s=trade.overdue / NS_PER_S,
        stock_s=stock_s,
        orders_spread=orders,
        demand_spread=demand,
    )


def _site_of(unit: Unit, sites: Sequence[Site]) -> Site:
    return next(site for site in sites if site.path == unit.path.site)


def _stock_s(unit: Unit, site: Site, window: Window) -> float | None:
    _, t0_ns, t1_ns = window
    held = [log.mean(t0_ns, t1_ns) for (path, _), log in site.stocks.items() if path == unit.path]
    return fsum(held) * (t1_ns - t0_ns) / NS_PER_S if held else None


def _periods(window: Window, zone: Zone, first_ns: int, config: BrainConfig) -> list[tuple[int, int]]:
    """Begin and end of the whole periods before the end of a window, as hours since 1970 UTC; none when they are few.

    They are periods of local time: that of a day in which the clock is changed is an hour shorter or longer.
    """
    length_ns = config.bullwhip_h * NS_PER_H
    last = (zone.local_ns(window.t1_ns) - MONDAY_NS) // length_ns
    starts = (zone.utc_ns(MONDAY_NS + (last - n) * length_ns) for n in range(config.bullwhip_periods, -1, -1))
    whole = [start // NS_PER_H for start in starts if start // NS_PER_H * NS_PER_H >= first_ns]
    return list(pairwise(whole)) if len(whole) > 8 else []


def _sums(logs: Sequence[OrderLog], which: int, periods: Sequence[tuple[int, int]]) -> list[float]:
    """Pieces placed or received in each period."""
    return [fsum(_hours(logs, which, *period)) for period in periods]


def _hours(logs: Sequence[OrderLog], which: int, start: int, end: int) -> list[float]:
    hours: list[Mapping[int, list[float]]] = [log.hours for log in logs]
    return [each[hour][which] for each in hours for hour in range(start, end) if hour in each]


def _swing(sums: Sequence[float]) -> float | None:
    """Squared coefficient of variation; None without periods or without orders."""
    mean = fmean(sums) if sums else 0.0
    return variance(sums) / mean**2 if mean else None
