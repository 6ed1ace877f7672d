"""People at work."""

from __future__ import annotations

from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi


@kpi("worker_efficiency", "Worker efficiency", "工人效率", unit="1", trend="up", high=1.0, basis="personnel",
     source="after ISO 22400-2 #1; walking is attendance but no work (own design)")  # fmt: skip
def worker_efficiency(o: Observed) -> Figure:
    """APWT / APAT"""
    return o.apwt_ns / 1e9, o.apat_ns / 1e9
