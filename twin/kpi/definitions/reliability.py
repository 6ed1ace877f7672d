"""How often and how long units fail."""

from __future__ import annotations

from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi

S = 1e-9
PER_H = 1 / 3600


@kpi("mtbf_h", "Mean operating time between failures", "平均失效间隔", unit="h", trend="up", scale=PER_H,
     basis="failures", source="after ISO 22400-2 #31, denominator: failures")  # fmt: skip
def mtbf_h(o: Observed) -> Figure:
    """(APT + AUST) / failures that began; absent without failure

    （APT + AUST）/ 开始的故障次数；无故障时不给出
    """
    return o.aupt_ns * S, o.failures


@kpi("mttr_h", "Mean time to repair", "平均修复时间", unit="h", trend="down", scale=PER_H,
     basis="failures", source="after ISO 22400-2 #33, denominator: failures that ended")  # fmt: skip
def mttr_h(o: Observed) -> Figure:
    """full length of the failures that ended / their number

    结束的故障的全部时长 / 其次数
    """
    return o.repair_ns * S, o.repaired


@kpi("corrective_maintenance_ratio", "Corrective maintenance ratio", "修复性维护比", unit="1", trend="down", high=1.0,
     source="after ISO 22400-2 #34")  # fmt: skip
def corrective_maintenance_ratio(o: Observed) -> Figure:
    """CMT / (CMT + PMT)

    CMT /（CMT + PMT）
    """
    return o.cmt_ns * S, (o.cmt_ns + o.pmt_ns) * S
