"""Formulas after ISO 22400-2 that no record carries yet: of orders, capability, consumed material and losses.

Those that records carry are in ``twin/kpi/definitions`` and nowhere else. The numbers in the docstrings are those of
the list of 34 indicators of the standard. A ratio whose denominator is 0 is absent (None); nothing is clipped. Formulas
as restated in the open literature; no conformance is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import Literal

from twin.kpi.amounts import product, ratio
from twin.kpi.observed import Observed

Denominator = Literal["events", "events_plus_one"]
D2 = {2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326, 6: 2.534, 7: 2.704, 8: 2.847, 9: 2.970, 10: 3.078}
"""Mean range of a normal sample of n values over its standard deviation (control chart constant d2)."""


def allocation_ratio(busy: Sequence[float], aoet: float) -> float | None:
    """#2 allocation ratio of an order = sum(AUBT) / AOET; may exceed 1 when operations overlap."""
    return ratio(sum(busy), aoet)


def throughput_rate(produced: float, aoet_h: float) -> float | None:
    """#3 throughput rate = PQ / AOET, items per hour."""
    return ratio(produced, aoet_h)


def production_process_ratio(production: Sequence[float], aoet: float) -> float | None:
    """#13 production process ratio of an order = sum(APT) / AOET."""
    return ratio(sum(production), aoet)


def actual_to_planned_scrap(scrap: float, planned_scrap: float) -> float | None:
    """#14 actual to planned scrap ratio = SQ / PSQ."""
    return ratio(scrap, planned_scrap)


def rolled_yield(yields: Sequence[float | None]) -> float | None:
    """First pass yield over stations in series: their product.

    >>> round(rolled_yield([0.95, 0.98, 0.99]), 6)
    0.92169
    """
    return product(yields)


def fall_off_ratio(scrap: float, produced_first: float) -> float | None:
    """#18 fall-off ratio = SQ of an operation / PQ of the order's first operation."""
    return ratio(scrap, produced_first)


@dataclass(frozen=True, slots=True)
class SpecificationLimits:
    """Specification limits of a characteristic; one may be missing."""

    lower: float | None
    upper: float | None


def spread_capability(limits: SpecificationLimits, deviation: float) -> float | None:
    """#19 Cm, #21 Cp = (USL - LSL) / (6 s); two-sided limits only, absent for s = 0."""
    if limits.lower is None or limits.upper is None:
        return None
    return ratio(limits.upper - limits.lower, 6 * deviation)


def critical_capability(limits: SpecificationLimits, mean: float, deviation: float) -> float | None:
    """#20 Cmk, #22 Cpk = min(USL - x, x - LSL) / (3 s); negative when the mean is outside.

    >>> round(critical_capability(SpecificationLimits(9.95, 10.05), 10.01, 0.01), 6)
    1.333333
    """
    upper = None if limits.upper is None else limits.upper - mean
    lower = None if limits.lower is None else mean - limits.lower
    sides = [side for side in (upper, lower) if side is not None]
    return ratio(min(sides), 3 * deviation) if sides else None


def sample_deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation; absent for fewer than two values."""
    if len(values) < 2:
        return None
    mean = fmean(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def range_deviation(groups: Sequence[Sequence[float]]) -> float | None:
    """Within-group standard deviation Rbar / d2 of equal subgroups of 2 to 10 values."""
    sizes = {len(group) for group in groups}
    if len(sizes) != 1 or (size := sizes.pop()) not in D2:
        return None
    return fmean(max(group) - min(group) for group in groups) / D2[size]


def comprehensive_energy(
    consumption: Mapping[str, float], factors: Mapping[str, float], produced: float
) -> float | None:
    """#23 comprehensive energy consumption per item = sum(E_i x p_i) / PQ, in the unit of the factors."""
    return ratio(sum(amount * factors[carrier] for carrier, amount in consumption.items()), produced)


def inventory_turns(throughput: float, average_inventory: float) -> float | None:
    """#24 inventory turns = throughput / average inventory, both in the same unit.

    >>> inventory_turns(36_000, 3_000)
    12.0
    """
    return ratio(throughput, average_inventory)


def consumed_share(quantity: float, consumed_material: float) -> float | None:
    """#25, #27-#29: finished goods, production, storage and transport, other loss = quantity / CM."""
    return ratio(quantity, consumed_material)


def integrated_goods_ratio(good: float, lower_grades: Sequence[tuple[float, float]], consumed: float) -> float | None:
    """#26 integrated goods ratio = (GQ + sum(quantity x coefficient of lower grades)) / CM.

    >>> integrated_goods_ratio(9_500, [(300, 0.8)], 10_000)
    0.974
    """
    return ratio(good + sum(quantity * coefficient for quantity, coefficient in lower_grades), consumed)


def equipment_load_ratio(produced: float, capacity: float) -> float | None:
    """#30 equipment load ratio = PQ / equipment production capacity of the window."""
    return ratio(produced, capacity)


def mean_time(total: float, events: int, denominator: Denominator = "events") -> float | None:
    """#31-#33 MTBF, MTTF, MTTR = total time / failure events, in the unit of the total.

    Args:
        total: Operating time (setup and production) or time of finished repairs.
        events: Failure events.
        denominator: ``events``, or ``events_plus_one`` as the published text is remembered.

    >>> mean_time(360, 3), mean_time(360, 3, "events_plus_one"), mean_time(60, 0)
    (120.0, 90.0, None)
    """
    return ratio(total, events if denominator == "events" else events + 1)


def inherent_availability(mtbf: float, mttr: float) -> float | None:
    """MTBF / (MTBF + MTTR); not the availability of #8."""
    return ratio(mtbf, mtbf + mttr)


@dataclass(frozen=True, slots=True)
class LossTree:
    """Where the planned busy time went, in s; the parts sum up to PBT.

    Args:
        good: Ideal time of the good items.
        setup: Setup.
        delay: Delay with an order on the unit.
        down: Down time without one.
        speed: APT beyond the ideal time of all items made.
        quality: Ideal time of items that are not good.
    """

    good: float
    setup: float
    delay: float
    down: float
    speed: float
    quality: float

    @property
    def total(self) -> float:
        """Sum of all parts, equal to PBT."""
        return self.good + self.setup + self.delay + self.down + self.speed + self.quality


def loss_tree(o: Observed) -> LossTree:
    """Losses of a planned busy time without overtime. Source: own design after the OEE losses."""
    return LossTree(
        good=o.ideal_good_s,
        setup=o.aust_ns / 1e9,
        delay=o.adet_ns / 1e9,
        down=o.adot_ns / 1e9,
        speed=o.apt_ns / 1e9 - o.ideal_produced_s,
        quality=o.ideal_produced_s - o.ideal_good_s,
    )
