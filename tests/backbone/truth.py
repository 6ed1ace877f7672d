"""Indicators computed slowly and plainly from the engine's ledger; shares no code with the brain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from itertools import pairwise

from tests.brain.reference import element, expected
from twin.config.plant import PlantConfig, ProcessConfig, SiteConfig, StationConfig
from twin.equipment import EquipmentPath
from twin.plant.ledger import Truth
from twin.plant.plant import Plant
from twin.states import UnitState as U

Sums = dict[str, float]
QUARTER_NS = 900_000_000_000
ABLE = (U.PRODUCING, U.STARVED, U.BLOCKED, U.IDLE_NO_ORDER)


def unit_sums(truth: Truth) -> Sums:
    """One unit's time elements, quantities, failures and energy, state by state and item by item."""
    sums: Sums = dict.fromkeys(
        ("apt", "aust", "adet", "adot", "planned", "outside", "waiting", "able", "cmt", "pmt"), 0
    )
    for state in U:
        for order in (None, "order"):
            ns = truth.duration_ns(state, with_order=order is not None)
            if state is U.UNKNOWN:
                assert ns == 0
                continue
            sums[element(state, order)] += ns
            sums["waiting"] += ns if state in (U.STARVED, U.BLOCKED) else 0
            sums["able"] += ns if state in ABLE else 0
            sums["cmt"] += ns if state is U.REPAIR else 0
            sums["pmt"] += ns if state is U.PREVENTIVE_MAINT else 0
    counts = truth.counts.values()
    sums |= {name: sum(getattr(count, name) for count in counts) for name in ("good", "scrap", "rework")}
    sums["pq"] = sums["good"] + sums["scrap"] + sums["rework"]
    sums["ip"] = sum(count.inspected for count in counts)
    sums["gp"] = sum(count.good_at_first for count in counts)
    sums["ideal_good"], sums["ideal_pq"] = truth.earned_good_s, truth.earned_produced_s
    sums |= {"kwh": truth.energy_kwh, "air": truth.air_m3, "gas": truth.gas_m3, "failures": truth.failures}
    return sums | {"repaired": truth.repaired, "repair": truth.repair_ns}


def total(rows: Iterable[Sums]) -> Sums:
    """Sums of sums."""
    result: Sums = {}
    for row in rows:
        for name, amount in row.items():
            result[name] = result.get(name, 0) + amount
    return result


def over(a: float, b: float) -> float | None:
    return a / b if b else None


def pieces(truth: Truth, station: StationConfig) -> Sums:
    """Pieces that came out of a unit, that it spoiled, and that it took."""
    sums: Sums = {"out": 0, "spoiled": 0, "in": 0}
    for item, count in truth.counts.items():
        becomes = made = 1
        if station.kind == "disassembly":
            becomes = sum((station.variants[item] if station.variants else station.yields).values())
        if station.kind == "assembly":
            made = sum((station.variants[item] if station.variants else station.bom).values())
        away = count.rework if getattr(station, "rework_to", None) else 0
        sums["out"] += count.good * becomes
        sums["spoiled"] += count.scrap * becomes
        sums["in"] += (count.good + count.scrap + away) * made
    return sums


@dataclass(eq=False)
class Reference:
    """What every indicator must be, from a plant that has run with ``intervals=True``."""

    plant: Plant
    config: PlantConfig
    stations: dict[EquipmentPath, StationConfig] = field(init=False)

    def __post_init__(self) -> None:
        self.stations = {path: station for path, _, station in self.config.stations()}
        self.ledger = self.plant.ledger
        self.unit = cache(self._unit)
        self.under, self.processing = cache(self._under), cache(self._processing)
        self.last, self.site = cache(self._last), cache(self._site)

    def truth(self, path: str, t0: int, t1: int) -> Truth:
        return self.ledger.window(path, max(t0, self.plant.epoch_ns), t1)

    def _unit(self, path: str, t0: int, t1: int) -> Sums:
        truth, station = self.truth(path, t0, t1), self.stations[EquipmentPath(path)]
        return unit_sums(truth) | pieces(truth, station)

    @cached_property
    def followers(self) -> dict[EquipmentPath, list[EquipmentPath]]:
        """Next units of each, from the configuration."""
        result = {}
        for line_path, _, line in self.config.lines():
            for station, after in zip(line.stations, [*line.stations[1:], None], strict=True):
                names = station.to
                if names is None:
                    names = (
                        (after.id,)
                        if after is not None and station.flows and station.kind not in ("sink", "shipping")
                        else ()
                    )
                there = [EquipmentPath(name if "/" in name else f"{line_path}/{name}") for name in names]
                result[line_path.child(station.id)] = there
        return result

    def _under(self, path: str) -> dict[EquipmentPath, StationConfig]:
        """Units of a place."""
        return {p: s for p, s in self.stations.items() if p.is_under(path)}

    def _site(self, path: str) -> SiteConfig:
        return next(site for where, site in self.config.sites() if where == EquipmentPath(path).site)

    def _processing(self, path: str) -> list[EquipmentPath]:
        return [p for p, s in self.under(path).items() if isinstance(s, ProcessConfig)]

    def counting(self, path: str) -> list[EquipmentPath]:
        """Units of a group that say of all that comes what became of it: not inspections of a sample."""
        members = [p for p in self.processing(path) if not self.samples(p)]
        offices = [p for p, s in self.under(path).items() if s.kind == "orders"]
        return [p for p in members if self.stations[p].kind != "tool"] + offices if offices else members

    def samples(self, path: str) -> bool:
        station = self.stations[EquipmentPath(path)]
        return getattr(station, "every", 1) > 1 or getattr(station, "sample", None) not in (None, 1)

    def _last(self, path: str) -> list[tuple[float, EquipmentPath, str]]:
        """What leaves a group: how often which sum of which unit counts, ``spoiled`` of what it lost at its end.

        Material that passes between units that count it is poured together: a pool. What is poured in less what is
        taken out again inside leaves, unless sinks say it.
        """
        counting, under = self.counting(path), self.under(path)
        pools: list[set[tuple[EquipmentPath, str]]] = []
        for unit in under:
            pools += [{(unit, "in")}, {(unit, "out")}] if unit in counting else [{(unit, "in"), (unit, "out")}]
        for unit in under:
            for after in self.followers[unit]:
                if after in under:
                    one = next(pool for pool in pools if (unit, "out") in pool)
                    other = next(pool for pool in pools if (after, "in") in pool)
                    if one is not other:
                        pools.remove(other)
                        one |= other
        return [term for pool in pools for term in self._leaving(path, pool)]

    def _leaving(self, path: str, pool: set[tuple[EquipmentPath, str]]) -> list[tuple[float, EquipmentPath, str]]:
        counting, under = self.counting(path), self.under(path)
        out = [unit for unit, side in pool if side == "out"]
        sinks = [unit for unit in out if self.stations[unit].kind in ("sink", "customer")]
        elsewhere = [
            unit
            for unit in out
            if unit not in sinks
            and (not self.followers[unit] or any(after not in under for after in self.followers[unit]))
        ]
        if not (sinks or elsewhere):
            return []
        givers = [unit for unit in out if unit in counting]
        takers = [unit for unit, side in pool if side == "in" and unit in counting]
        sampling = [unit for unit in out if self.samples(unit)]
        found = [(1.0, unit, "spoiled") for unit in [*givers, *sampling]]
        if sinks and not elsewhere and (takers or sampling):
            return [*found, *((1.0, unit, "good") for unit in sinks)]
        found += [(1.0, unit, "out") for unit in givers] + [(-1.0, unit, "in") for unit in takers]
        for unit in sampling:
            found.append((-1.0, unit, "scrap"))
        for unit in under if takers or sampling else ():
            line, name = unit.line, getattr(self.stations[unit], "rework_to", None)
            if name is not None:
                to = EquipmentPath(name if "/" in name else f"{line}/{name}")
                found += [(-1.0, unit, "rework")] if unit in sampling else []
                found += [(1.0, unit, "rework")] if (to, "in") in pool else []
        return found

    def group(self, path: str, t0: int, t1: int) -> Sums:
        """Sums over processing units; energy over all units; output of the last ones."""
        sums = total(self.unit(p, t0, t1) for p in self.processing(path))
        metered = list(self.under(path))
        for name in ("kwh", "air", "gas"):
            sums[name] = sum(self.unit(p, t0, t1)[name] for p in metered)
        sums["co2"] = sum(self.rated(p, t0, t1, "factor") for p in metered)
        sums["cost"] = sum(self.rated(p, t0, t1, "price") for p in metered)
        terms = self.last(path)
        good = sum(share * self.unit(p, t0, t1)[name] for share, p, name in terms if name != "spoiled")
        spoiled = sum(self.unit(p, t0, t1)[name] for _, p, name in terms if name == "spoiled")
        return sums | {"out_good": good, "out_pq": good + spoiled}

    def efficiency(self, path: str, t0: int, t1: int) -> dict[str, float | None]:
        """Work and busy time over attendance of the workers of a place, use over service of its fixtures."""
        found: dict[str, float | None] = {}
        for kind in ("worker", "fixture"):
            units = [p for p, s in self.under(path).items() if s.kind == kind]
            rows = [self.unit(p, t0, t1) for p in units]
            there = sum(r[n] for r in rows for n in ("apt", "aust", "adet", "adot"))
            if units:
                found[f"{kind}_utilisation"] = over(sum(r["apt"] + r["aust"] for r in rows), there)
            if units and kind == "worker":
                found["worker_efficiency"] = over(sum(r["apt"] for r in rows), there)
        return found

    def machine(self, path: str, t0: int, t1: int) -> Sums:
        own = self.unit(path, t0, t1)
        return own | {
            "out_good": own["good"],
            "out_pq": own["pq"],
            "co2": self.rated(path, t0, t1, "factor"),
            "cost": self.rated(path, t0, t1, "price"),
        }

    def rated(self, path: str, t0: int, t1: int, what: str) -> float:
        """Energy times grid factor or price, quarter hour by quarter hour where they vary."""
        site = self.site(path)
        values = site.grid_factors if what == "factor" else site.tariff
        if not values:
            return self.unit(path, t0, t1)["kwh"] * site.grid_factor if what == "factor" else 0.0
        info = self.config.zone_of(site).info
        edges = [t0, *range((t0 // QUARTER_NS + 1) * QUARTER_NS, t1, QUARTER_NS), t1]
        total_ = 0.0
        for begin, end in pairwise(edges):
            local = datetime.fromtimestamp(begin / 1e9, info).strftime("%H:%M")
            held = max((start for start in values if start <= local), default=max(values))
            total_ += self.unit(path, begin, end)["kwh"] * values[held]
        return total_

    def used(self, path: str, t0: int, t1: int, sums: Sums) -> dict[str, float | None]:
        """Energy, media, carbon and cost of a machine or group."""
        under = self.under(path)
        values = {"energy_kwh": sums["kwh"], "co2_kg": sums["co2"]}
        values["coal_equivalent_kg"] = sums["kwh"] * 0.1229 + sums["gas"] * 1.2143
        if any(s.air is not None for s in under.values()):
            values["compressed_air_m3"] = sums["air"]
        if any(s.gas is not None for s in under.values()):
            values["gas_m3"] = sums["gas"]
            values["co2_total_kg"] = sums["co2"] + sums["gas"] * 389.31 * 15.3 * 0.99 * 44 / 12 / 10_000
        if any(self.site(p).tariff for p in under):
            values["energy_cost_cny"] = sums["cost"]
        return {**values}

    def values(self, path: str, t0: int, t1: int) -> dict[str, float | None]:
        """Indicators of a machine or a group in a window."""
        people = self.efficiency(path, t0, t1)
        if not self.processing(path) and path not in self.stations:  # a line of stores only says what it uses
            sums = self.group(path, t0, t1)
            return {**self.used(path, t0, t1, sums), **people}
        machine = path in self.stations
        sums = self.machine(path, t0, t1) if machine else self.group(path, t0, t1)
        heard_s = (t1 - max(t0, self.plant.epoch_ns)) / 1e9
        values: dict[str, float | None] = {
            **self.used(path, t0, t1, sums),
            "good_quantity": sums["out_good"],
            "produced_quantity": sums["out_pq"],
            "throughput_per_h": (sums["out_pq"] if path in self.stations else sums["out_good"]) / heard_s * 3600,
        }
        if machine and not isinstance(self.stations[EquipmentPath(path)], ProcessConfig):
            return {**values, **people}
        values = {**expected(sums), **values, **people}
        values["energy_per_part_kwh"] = over(sums["kwh"], sums["out_good"])
        values["mtbf_h"] = over((sums["apt"] + sums["aust"]) / 3.6e12, sums["failures"])
        values["mttr_h"] = over(sums["repair"] / 3.6e12, sums["repaired"])
        values["corrective_maintenance_ratio"] = over(sums["cmt"], sums["cmt"] + sums["pmt"])
        del values["busy"]
        return values
