"""The indicators of the supply chain: links, bottleneck, stock, energy per final product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.brain.logs import TransitLog
from twin.brain.reports.link_capacity import KNOWN_TIME, link_capacity
from twin.brain.reports.sheet import Coverage, Sheet
from twin.brain.site import Site, Table
from twin.brain.windows import Window
from twin.equipment import EquipmentPath
from twin.kpi.definitions.supply import ChainFlow, LinkFlow
from twin.kpi.observed import COLUMN
from twin.kpi.spec import specs
from twin.master import ChainMaster

BY_CAPACITY = frozenset({"chain_capacity_per_day", "chain_load", "bottleneck_link"})
"""Indicators of a chain that the capacities of its links decide."""


@dataclass(frozen=True, slots=True)
class ChainView:
    """All that a chain's indicators of one window are computed from.

    Args:
        chain: Master data of the chain.
        path: Its path.
        sites: Its sites.
        table: All their units in the window.
        window: The window.
        transit: Quantities under way by item.
        final_item: Number that the brain gave to the final product.
        mixed: Whether other master data of the chain hold in a part of the window.
    """

    chain: ChainMaster
    path: EquipmentPath
    sites: Sequence[Site]
    table: Table
    window: Window
    transit: Mapping[str, TransitLog]
    final_item: int
    mixed: bool = False


def report_chain(sheet: Sheet, view: ChainView) -> None:
    """Write down the indicators of the chain and of its links."""
    possible = [link_capacity(view.table, link) for link in view.chain.links]
    stocks = [_stock(view, link.item) for link in view.chain.links]
    limits = [
        (items / link.quantity, i)
        for i, link in enumerate(view.chain.links)
        if (items := possible[i].items) is not None
    ]
    least, bottleneck = min(limits, default=(None, None))
    final = shipped(view)
    coverage = _coverage(view.table, view.window)
    coverage = replace(coverage, settled=coverage.settled and not view.mixed)
    certain = coverage if all(each.certain for each in possible) else replace(coverage, settled=False)
    window_s = view.window.length_ns * 1e-9
    held = [stock / link.quantity for stock, link in zip(stocks, view.chain.links, strict=True) if stock is not None]
    energy = float(view.table.floats[:, COLUMN["energy_kwh"]].sum()) if coverage.energy > 0 else None
    flow = ChainFlow(final, window_s, least, bottleneck, sum(held) if held else None, energy)
    for spec in specs("chain"):
        sheet.one(spec, view.path, "chain", flow, certain if spec.id in BY_CAPACITY else coverage)
    for link, each, stock in zip(view.chain.links, possible, stocks, strict=True):
        link_flow = LinkFlow(each.items, stock, link.quantity, window_s, final, least)
        own = coverage if each.certain else certain
        for spec in specs("link"):
            known = {"chain_link_capacity_per_day": own, "chain_link_slack": certain}.get(spec.id, coverage)
            sheet.one(spec, view.path.child(link.id), "link", link_flow, known)


def _stock(view: ChainView, item: str) -> float | None:
    _, t0_ns, t1_ns = view.window
    held = [log.mean(t0_ns, t1_ns) for site in view.sites for (_, name), log in site.stocks.items() if name == item]
    held += [view.transit[item].mean(t0_ns, t1_ns)] if item in view.transit else []
    return sum(held) if held else None


def shipped(view: ChainView) -> float:
    """Final products that were shipped."""
    _, t0_ns, t1_ns = view.window
    final = [unit for unit in view.table.units if unit.master is not None and unit.master.final]
    return sum((unit.parts.good_of(view.final_item, t0_ns, t1_ns) for unit in final), 0.0)


def _coverage(table: Table, window: Window) -> Coverage:
    everyone = range(len(table.units))
    processing = [row for row in everyone if table.units[row].processing] or list(everyone)
    known = int(table.ints[processing][:, KNOWN_TIME].sum())
    unknown = int(table.ints[processing, COLUMN["unknown_ns"]].sum())
    metered = int(table.ints[:, COLUMN["energy_span_ns"]].sum())
    read = int(table.ints[:, COLUMN["energy_known_ns"]].sum())
    exact = not np.any(table.ints[:, COLUMN["energy_missed"]])
    certain = not np.any(table.ints[:, COLUMN["energy_doubt"]])
    low, high = (float(table.floats[:, COLUMN[name]].sum()) for name in ("energy_low_kwh", "energy_high_kwh"))
    lacks = np.any(table.ints[:, COLUMN["missing"]]) or not all(
        unit.site.trusts([unit], window) for unit in table.units
    )
    shares = known / max(known + unknown, 1), read / max(metered, 1)
    rated = not np.any(table.ints[:, COLUMN["rates_doubt"]])
    return Coverage(*shares, exact, certain, (low, high), settled=not lacks, rated=rated)
