"""How good the products are."""

from __future__ import annotations

from typing import Any

from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi


def _ratio(number: int, trend: str) -> dict[str, Any]:
    return {"unit": "1", "trend": trend, "high": 1.0, "source": f"after ISO 22400-2 #{number}"}


@kpi("quality_ratio", "Quality ratio", "合格率", **_ratio(10, "up"))
def quality_ratio(o: Observed) -> Figure:
    """GQ / PQ"""
    return o.good, o.produced


@kpi("first_pass_yield", "First pass yield", "首次合格率", **_ratio(15, "up"))
def first_pass_yield(o: Observed) -> Figure:
    """good at the first pass / all at the first pass

    首次通过即合格的数量 / 首次通过的总数
    """
    return o.good_at_first, o.inspected


@kpi("scrap_ratio", "Scrap ratio", "废品率", **_ratio(16, "down"))
def scrap_ratio(o: Observed) -> Figure:
    """SQ / PQ"""
    return o.scrap, o.produced


@kpi("rework_ratio", "Rework ratio", "返工率", **_ratio(17, "down"))
def rework_ratio(o: Observed) -> Figure:
    """RQ / PQ"""
    return o.rework, o.produced
