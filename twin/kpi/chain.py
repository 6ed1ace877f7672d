"""Indicators of a supply chain: capacity, concentration, resilience, delivery, energy roll-up.

Source: own design unless a docstring says otherwise; terms after SCOR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from twin.kpi.amounts import ratio


@dataclass(frozen=True, slots=True)
class Capability:
    """What one supplier can make of a link's item.

    Args:
        per_day: Rated capacity, items per day.
        availability: Share of the time it can work.
        good: Share of good items.
    """

    per_day: float
    availability: float = 1.0
    good: float = 1.0

    @property
    def effective_per_day(self) -> float:
        """Good items per day."""
        return self.per_day * self.availability * self.good


def link_capacity(suppliers: Sequence[Capability], quantity: float) -> float:
    """Final products per day that a link allows: sum of its suppliers / items per final product.

    >>> round(link_capacity([Capability(140_000, 0.95, 0.96)], 136), 6)
    938.823529
    """
    return sum(supplier.effective_per_day for supplier in suppliers) / quantity


def chain_capacity(links: Mapping[str, float]) -> tuple[str, float] | None:
    """The bottleneck link and the chain's capacity; None without links.

    >>> chain_capacity({"cell": 938.8, "module": 760.48})
    ('module', 760.48)
    """
    return min(links.items(), key=lambda entry: entry[1]) if links else None


def slack(capacity: float, chain: float) -> float | None:
    """How much more than the chain a link could do, as a share."""
    more = ratio(capacity, chain)
    return None if more is None else more - 1


def link_coverage(suppliers: Sequence[Capability], demand: float, quantity: float, cap: float = 2.0) -> float | None:
    """Coverage of a link = what its suppliers can make / what the demand needs, at most ``cap``."""
    covered = ratio(link_capacity(suppliers, quantity), demand)
    return None if covered is None else min(cap, covered)


def concentration(volumes: Sequence[float]) -> float | None:
    """Herfindahl-Hirschman index: sum of squared shares x 10,000; from 10,000/n to 10,000.

    >>> round(concentration([100, 40]), 2)
    5918.37
    """
    total = sum(volumes)
    if total == 0:
        return None
    return 10_000 * sum((volume / total) ** 2 for volume in volumes)


def local_supply_rate(purchases: Sequence[tuple[float, float]]) -> float | None:
    """Local supply rate = value purchased in the region / value purchased, of (value, local share)."""
    return ratio(sum(value * share for value, share in purchases), sum(value for value, _ in purchases))


@dataclass(frozen=True, slots=True)
class Outage:
    """A link is lost for some time, with what is there to bridge it.

    Args:
        demand: Final products per day.
        stock: Stock behind the link, on hand and in transit, in final products.
        recovery_days: Time to recovery, TTR.
        backup: Alternative supply, final products per day.
    """

    demand: float
    stock: float
    recovery_days: float
    backup: float = 0.0

    @property
    def shortage(self) -> float:
        """Final products per day that the alternatives do not cover."""
        return max(0.0, self.demand - self.backup)


def time_to_survive(outage: Outage) -> float | None:
    """TTS = stock / (demand - alternative supply) in days; None: without end.

    Source: after Simchi-Levi et al. (2014, 2015), deterministic form.

    >>> time_to_survive(Outage(900, 2250, 10)), time_to_survive(Outage(900, 2250, 10, backup=300))
    (2.5, 3.75)
    """
    return ratio(outage.stock, outage.shortage)


def lost_products(outage: Outage) -> float:
    """Final products not served until recovery.

    >>> lost_products(Outage(900, 2250, 10))
    6750.0
    """
    survive = time_to_survive(outage)
    return 0.0 if survive is None else max(0.0, outage.recovery_days - survive) * outage.shortage


def performance_impact(outage: Outage, margin: float) -> float:
    """Lost final products x margin per product."""
    return lost_products(outage) * margin


def risk_exposure(impacts: Mapping[str, float]) -> dict[str, float]:
    """Risk exposure index of each node: its impact over the largest; 0 when there is none."""
    largest = max(impacts.values(), default=0.0)
    return {node: impact / largest if largest else 0.0 for node, impact in impacts.items()}


@dataclass(frozen=True, slots=True)
class Ripple:
    """How a disruption went through.

    Args:
        area: Integral of the loss, in periods of full output.
        index: 1 - area / horizon.
        depth: Largest loss.
        recovery: Periods from the start of the loss until it is back to stay; None: not back.
    """

    area: float
    index: float | None
    depth: float
    recovery: int | None


def ripple(ratios: Sequence[float], back: float = 0.95, held: int = 3) -> Ripple:
    """Resilience triangle of output ratios to an undisturbed run, one per period.

    Recovery is the first period after the loss from which ``back`` is held for ``held`` periods.

    >>> result = ripple([1, 1, 0.8, 0.4, 0.4, 0.6, 0.8, 1, 1, 1])
    >>> round(result.area, 6), round(result.depth, 6), result.recovery
    (2.0, 0.6, 5)
    """
    losses = [1 - share for share in ratios]
    area = sum(losses)
    start = next((day for day, share in enumerate(ratios) if share < back), None)
    recovery = 0 if start is None else _recovered(ratios[start:], back, held)
    share = ratio(area, len(ratios))
    return Ripple(area, None if share is None else 1 - share, max(losses, default=0.0), recovery)


def _recovered(ratios: Sequence[float], back: float, held: int) -> int | None:
    for day in range(len(ratios) - held + 1):
        if all(share >= back for share in ratios[day : day + held]):
            return day
    return None


@dataclass(frozen=True, slots=True)
class DueOrder:
    """One order that was due: in time, in full, right papers, undamaged."""

    on_time: bool
    in_full: bool
    documented: bool = True
    undamaged: bool = True


def perfect_orders(due: Sequence[DueOrder]) -> float | None:
    """Perfect order rate after SCOR: all four conditions on the same order / orders due."""
    perfect = sum(all((o.on_time, o.in_full, o.documented, o.undamaged)) for o in due)
    return ratio(perfect, len(due))


def cash_to_cash(inventory_days: float, receivable_days: float, payable_days: float) -> float:
    """Cash-to-cash = DIO + DSO - DPO, days (after SCOR)."""
    return inventory_days + receivable_days - payable_days


@dataclass(frozen=True, slots=True)
class BomItem:
    """One product of the bill of materials.

    Args:
        own: Energy (or CO2) of making one, in kWh (kg).
        good: Yield of the step; spoiled products carry their components.
        components: Number by component.
        transport: Energy (or CO2) of bringing one component, by component.
    """

    own: float
    good: float = 1.0
    components: Mapping[str, float] | None = None
    transport: Mapping[str, float] | None = None


def roll_up(steps: Mapping[str, BomItem]) -> dict[str, float | None]:
    """Energy (or CO2) of each product with all that is in it.

    ``e(i) = (own(i) + sum of quantity x (e(c) + transport(c))) / yield(i)``, from the leaves.

    Raises:
        graphlib.CycleError: The bill of materials has a cycle.

    >>> rolled = roll_up({"cell": BomItem(15.456, 0.96), "pack": BomItem(60, 0.995, {"cell": 136})})
    >>> round(rolled["pack"], 3)
    2260.905
    """
    order = TopologicalSorter({name: set(step.components or ()) for name, step in steps.items()})
    result: dict[str, float | None] = {}
    for name in order.static_order():
        result[name] = _rolled(steps[name], result)
    return result


def _rolled(step: BomItem, known: Mapping[str, float | None]) -> float | None:
    total = step.own
    for component, quantity in (step.components or {}).items():
        inner = known[component]
        if inner is None:
            return None
        total += quantity * (inner + (step.transport or {}).get(component, 0.0))
    return ratio(total, step.good)
