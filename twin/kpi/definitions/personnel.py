"""People and fixtures at work."""

from __future__ import annotations

from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi


@kpi("worker_efficiency", "Worker efficiency", "工人效率", unit="1", trend="up", high=1.0, basis="personnel",
     source="after ISO 22400-2 #1; walking is attendance but no work (own design)")  # fmt: skip
def worker_efficiency(o: Observed) -> Figure:
    """APWT / APAT"""
    return o.apwt_ns / 1e9, o.apat_ns / 1e9


@kpi("worker_utilisation", "Worker utilisation", "人员利用率", unit="1", trend="none", high=1.0, basis="personnel",
     source="own design; the rest of the attendance is waiting for work")  # fmt: skip
def worker_utilisation(o: Observed) -> Figure:
    """(APWT + time on the way to work) / APAT

    （APWT + 前往作业的时间）/ APAT
    """
    return (o.apwt_ns + o.people_way_ns) / 1e9, o.apat_ns / 1e9


@kpi("fixture_utilisation", "Utilisation of fixtures", "工装利用率", unit="1", trend="none", high=1.0, basis="fixtures",
     source="own design, as the allocation efficiency of ISO 22400-2 #4; also of tools and pallets")  # fmt: skip
def fixture_utilisation(o: Observed) -> Figure:
    """(time in use, with parts or on the way to use) / (time in service, down or not)

    （使用时间，含带件及前往使用）/（在役时间，含故障）
    """
    return o.things_used_ns / 1e9, o.things_ready_ns / 1e9
