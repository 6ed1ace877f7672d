"""What was produced."""

from __future__ import annotations

from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi


@kpi("throughput_per_h", "Throughput", "产出速率", unit="1/h", trend="up", scale=3600.0, storing=True,
     source="own design after ISO 22400-2 #3")  # fmt: skip
def throughput_per_h(o: Observed) -> Figure:
    """what leaves the scope (good quantity of its last units; of a unit its operations) / known time of the window

    离开范围的数量（末端设备的合格品；单台设备为其完成的加工）/ 窗口内已知时间
    """
    return o.out_rate, o.heard_ns * 1e-9


@kpi(
    "produced_quantity", "Produced quantity", "产量", unit="1", trend="up", storing=True, source="after ISO 22400-2, PQ"
)
def produced_quantity(o: Observed) -> Figure:
    """PQ = GQ + SQ + RQ of a unit; of a group GQ + SQ of its last units, where rework comes again

    单台设备：PQ = GQ + SQ + RQ；范围：末端设备的 GQ + SQ，返工件会再次经过
    """
    return o.out_produced, None


@kpi("good_quantity", "Good quantity", "合格品数量", unit="1", trend="up", storing=True, source="after ISO 22400-2, GQ")
def good_quantity(o: Observed) -> Figure:
    """GQ of the last units of the scope

    范围内末端设备的 GQ
    """
    return o.out_good, None
