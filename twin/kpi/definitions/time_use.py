"""How the time was used."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi

S = 1e-9


def _ratio(**more: Any) -> dict[str, Any]:
    return {"unit": "1", "trend": "up", "high": 1.0, **more}


@kpi("allocation_efficiency", "Allocation efficiency", "分配效率", **_ratio(source="after ISO 22400-2 #4"))
def allocation_efficiency(o: Observed) -> Figure:
    """AUBT / PBT"""
    return o.aubt_ns * S, o.pbt_ns * S


@kpi("utilisation_efficiency", "Utilisation efficiency", "利用效率", **_ratio(source="after ISO 22400-2 #5"))
def utilisation_efficiency(o: Observed) -> Figure:
    """APT / AUBT"""
    return o.apt_ns * S, o.aubt_ns * S


@kpi("oee", "OEE index", "综合设备效率", **_ratio(basis="rated", spread=True, source="after ISO 22400-2 #6"))
def oee(o: Observed) -> Figure:
    """sum(PRI x GQ) / PBT, equal to availability x effectiveness x quality ratio

    Σ(PRI × GQ) / PBT，等于 可用率 × 性能效率 × 合格率
    """
    return o.ideal_good_s, (o.pbt_ns - o.unrated_pbt_ns) * S


@kpi(
    "nee",
    "NEE index",
    "净设备效率",
    **_ratio(basis="rated", spread=True, source="after ISO 22400-2 #7", additive=False),
)
def nee(o: Observed) -> Figure:
    """(AUPT / PBT) x effectiveness x quality ratio; 0 when nothing was produced in a planned time

    (AUPT / PBT) × 性能效率 × 合格率；计划时间内无产出时为 0
    """
    apt_ns = o.apt_ns - o.unrated_apt_ns
    share = np.divide(o.aupt_ns - o.unrated_aupt_ns, np.maximum(apt_ns, 1))
    return np.where(apt_ns == 0, 0.0, share * o.ideal_good_s), (o.pbt_ns - o.unrated_pbt_ns) * S


@kpi("availability", "Availability", "可用率", **_ratio(source="after ISO 22400-2 #8"))
def availability(o: Observed) -> Figure:
    """APT / PBT"""
    return o.apt_ns * S, o.pbt_ns * S


@kpi("effectiveness", "Effectiveness", "性能效率", **_ratio(basis="rated", spread=True, source="after ISO 22400-2 #9"))
def effectiveness(o: Observed) -> Figure:
    """sum(PRI x PQ) / APT; above 1 when the planned run time is too long

    Σ(PRI × PQ) / APT；计划单件时间偏长时大于 1
    """
    return o.ideal_produced_s, (o.apt_ns - o.unrated_apt_ns) * S


@kpi("setup_ratio", "Setup ratio", "准备时间率", **_ratio(trend="down", source="after ISO 22400-2 #11"))
def setup_ratio(o: Observed) -> Figure:
    """AUST / AUPT"""
    return o.aust_ns * S, o.aupt_ns * S


@kpi("technical_efficiency", "Technical efficiency", "技术效率", **_ratio(source="after ISO 22400-2 #12"))
def technical_efficiency(o: Observed) -> Figure:
    """APT / (APT + ADET)

    APT /（APT + ADET）
    """
    return o.apt_ns * S, (o.apt_ns + o.adet_ns) * S


@kpi("teep", "TEEP", "设备总效率", **_ratio(basis="rated", spread=True, source="common extension"))
def teep(o: Observed) -> Figure:
    """sum(PRI x GQ) / all known calendar time

    Σ(PRI × GQ) / 全部已知日历时间
    """
    return o.ideal_good_s, o.rated_known_ns * S


@kpi("waiting_share", "Starved and blocked share", "待料堵塞占比", **_ratio(trend="down", source="own design"))
def waiting_share(o: Observed) -> Figure:
    """(starved + blocked) / PBT; the unit with the lowest share is the bottleneck

    （待料 + 堵塞）/ PBT；占比最低的设备为瓶颈
    """
    return (o.starved_ns + o.blocked_ns) * S, o.pbt_ns * S
