"""The indicators of the chain against the ledgers of its sites."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import inf
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from scenarios.loader import load
from tests.backbone.run import Heard, tell
from tests.backbone.truth import Reference
from twin.config.plant import ChainLinkConfig, ProcessConfig
from twin.engine.links import items_at, rework_target
from twin.equipment import EquipmentPath
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.stations.assembly import AssemblyConfig

pytestmark = pytest.mark.xdist_group("chain of the backbone")
"""All looks at one run: it is made by one worker."""

HOURS, TICK_S, HOUR = 6, 60, 3600 * 10**9


class ChainRun:
    """One run of the vehicle chain, with the loads that were on their way."""

    def __init__(self) -> None:
        scenario = load("nev_chain")
        self.config = scenario.plant()
        assert self.config.chain is not None
        self.chain = self.config.chain
        plant = Plant(self.config, scenario.run.seed, intervals=True)
        self.epoch = plant.epoch_ns
        self.heard = Heard()
        self.trips: list[tuple[int, str, float]] = []
        for frame in tell(plant, self.config, HOURS, TICK_S, scenario.base):
            if frame.kind is RecordKind.SHIPMENT:
                for row in frame.rows():
                    sign = 1 if row["event"] == "departed" else -1
                    self.trips.append((row["time_ns"], row["item"], sign * row["quantity"]))
            self.heard.listen([frame])
        self.reference = Reference(plant, self.config)

    def value(self, path: str, kpi: str, t1: int) -> float | None:
        row = self.heard.rows.get((path, kpi, "hour", t1))
        return None if row is None else row["value"]

    def shipped(self, t0: int, t1: int) -> int:
        sinks = [p for p, s in self.reference.stations.items() if s.kind == "sink" and getattr(s, "final", False)]
        counts = [self.reference.truth(path, t0, t1).counts for path in sinks]
        return sum(count[self.chain.final_item].good for count in counts if self.chain.final_item in count)

    def per_day(self, link: ChainLinkConfig, t0: int, t1: int) -> float:
        """Final products a day that the link's stages could have made, by a linear programme."""
        edges, ends = self._stages(link)
        units = sorted({unit for edge in edges for unit in edge} | set(ends))
        if not any(self._limit(unit, t0, t1) < inf for unit in units):
            return 0.0
        # one variable an edge, then what comes to each unit, then what comes from outside, then what leaves
        width, n = len(edges) + 3 * len(units), len(units)
        balance = np.zeros((2 * n, width))
        bounds: list[tuple[float, float | None]] = [(0, None)] * len(edges)
        bounds += [(0, None if (most := self._limit(unit, t0, t1)) == inf else most) for unit in units]
        fed = {unit for _, unit in edges} | self._benches()
        bounds += [(0, None if unit not in fed else 0) for unit in units]
        bounds += [(0, None if unit in ends else 0) for unit in units]
        for k, unit in enumerate(units):
            come, outside, leave = (len(edges) + part * n + k for part in range(3))
            balance[k, come], balance[k, outside], balance[n + k, leave] = 1, -1, 1
            balance[n + k, come] = -self._unspoiled(unit, t0, t1)
            for e, (giver, taker) in enumerate(edges):
                balance[k, e] -= taker == unit
                balance[n + k, e] += giver == unit
        balance = np.vstack([balance, *self._shares(edges, units, balance)])
        cost = np.zeros(width)
        cost[len(edges) + 2 * n :] = -1
        found = linprog(cost, A_eq=balance, b_eq=np.zeros(len(balance)), bounds=bounds)
        return float(-found.fun) / link.quantity / ((t1 - t0) / 86_400e9)

    def _benches(self) -> set[str]:
        """Units that rework comes to: nothing comes there from outside."""
        stations = self.reference.stations
        return {str(to) for path, station in stations.items() for to in rework_target(path, station, stations)}

    def _shares(self, edges: list[tuple[str, str]], units: list[str], balance: Any) -> Iterator[Any]:
        """Of an assembly so many of each component that comes from within, instead of one of whatever comes."""
        stations, followers = self.reference.stations, self.reference.followers
        items = items_at(stations, {path: tuple(to) for path, to in followers.items()}, {})
        for k, unit in enumerate(units):
            station = stations[EquipmentPath(unit)]
            if not isinstance(station, AssemblyConfig):
                continue
            balance[k] = 0
            for item, number in station.bom.items():
                row = np.zeros(balance.shape[1])
                for e, (giver, taker) in enumerate(edges):
                    path = EquipmentPath(giver)
                    brings = stations[path].leaving(items[path], EquipmentPath(unit)) & station.bom.keys()
                    row[e] = taker == unit and brings == {item}
                if row.any():
                    row[len(edges) + k] = -number
                    yield row

    def _stages(self, link: ChainLinkConfig) -> tuple[list[tuple[str, str]], list[str]]:
        stations, followers = self.reference.stations, self.reference.followers
        ends: list[str] = [str(path) for path, station in stations.items() if station.link == link.id]
        edges, ahead, seen = list[tuple[str, str]](), list(ends), set(ends)
        while ahead:
            taker = EquipmentPath(ahead.pop())
            for giver, to in followers.items():
                own = stations[giver].link in (None, link.id) and giver.site == taker.site
                if taker in to and own:
                    edges.append((str(giver), str(taker)))
                    ahead += [] if str(giver) in seen else [str(giver)]
                    seen.add(str(giver))
        return edges, ends

    def _limit(self, unit: str, t0: int, t1: int) -> float:
        station = self.reference.stations[EquipmentPath(unit)]
        if not isinstance(station, ProcessConfig):
            return inf
        sums = self.reference.unit(unit, t0, t1)
        cycle = station.ideal_cycle or station.cycle.mean_s / getattr(station, "capacity", 1)  # type: ignore[union-attr]
        passes = sums["pq"] / (sums["good"] + sums["scrap"]) if sums["good"] + sums["scrap"] else 1.0
        return sums["able"] / 1e9 / cycle / passes

    def _unspoiled(self, unit: str, t0: int, t1: int) -> float:
        sums = self.reference.unit(unit, t0, t1)
        processes = isinstance(self.reference.stations[EquipmentPath(unit)], ProcessConfig)
        return sums["good"] / (sums["good"] + sums["scrap"]) if processes and sums["good"] + sums["scrap"] else 1.0

    def stock(self, item: str, t0: int, t1: int) -> float:
        """Mean number of an item on hand and on its way."""
        units = self.reference.stations
        held = sum(self.reference.truth(path, t0, t1).stock_ns.get(item, 0) for path in units)
        moving = sum(q * (t1 - max(time, t0)) for time, name, q in self.trips if name == item and time < t1)
        return (held + moving) / (t1 - t0)


@cache
def run() -> ChainRun:
    return ChainRun()


@pytest.mark.parametrize("hour", range(HOURS))
def test_links_and_bottleneck(hour: int) -> None:
    chain_run = run()
    t0, t1 = chain_run.epoch + hour * HOUR, chain_run.epoch + (hour + 1) * HOUR
    name = f"chain-{chain_run.chain.id}"
    capacities = [chain_run.per_day(link, t0, t1) for link in chain_run.chain.links]
    for link, capacity in zip(chain_run.chain.links, capacities, strict=True):
        found = chain_run.value(f"{name}/{link.id}", "chain_link_capacity_per_day", t1)
        assert found == pytest.approx(capacity, rel=1e-9) if capacity else not found, link.id
    known = [c for c, link in zip(capacities, chain_run.chain.links, strict=True) if _made(chain_run, link)]
    assert chain_run.value(name, "chain_capacity_per_day", t1) == pytest.approx(min(known), rel=1e-9)
    assert chain_run.value(name, "bottleneck_link", t1) == capacities.index(min(known))


def _made(chain_run: ChainRun, link: ChainLinkConfig) -> bool:
    edges, ends = chain_run._stages(link)
    units = {unit for edge in edges for unit in edge} | set(ends)
    return any(isinstance(chain_run.reference.stations[EquipmentPath(unit)], ProcessConfig) for unit in units)


@pytest.mark.parametrize("hour", range(HOURS))
def test_flow_stock_and_energy(hour: int) -> None:
    chain_run = run()
    t0, t1 = chain_run.epoch + hour * HOUR, chain_run.epoch + (hour + 1) * HOUR
    name, shipped = f"chain-{chain_run.chain.id}", chain_run.shipped(t0, t1)
    energy = sum(chain_run.reference.unit(path, t0, t1)["kwh"] for path in chain_run.reference.stations)
    assert chain_run.value(name, "chain_throughput_per_day", t1) == pytest.approx(shipped * 24)
    per_product = chain_run.value(name, "chain_energy_per_product_kwh", t1)
    assert per_product == (pytest.approx(energy / shipped, rel=1e-9) if shipped else None)
    total = 0.0
    for link in chain_run.chain.links:
        stock = chain_run.stock(link.item, t0, t1)
        found = chain_run.value(f"{name}/{link.id}", "wip", t1)
        assert (found or 0.0) == pytest.approx(stock / link.quantity, rel=1e-9), link.id
        total += stock / link.quantity
        days = chain_run.value(f"{name}/{link.id}", "days_of_stock", t1)
        if found and shipped:
            assert days == pytest.approx(stock / (shipped * 24 * link.quantity), rel=1e-9), link.id
    assert chain_run.value(name, "wip", t1) == pytest.approx(total, rel=1e-9)
