"""Indicators of a line as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from twin.kpi.spec import Figure, kpi


@dataclass(frozen=True, slots=True)
class LineFlow:
    """A line in one window.

    Args:
        earned_s: Good quantity of its last processing units x planned time per item of its slowest stage, the designed
            bottleneck; a stage is one unit, or parallel units with the same neighbours. Of a line of tools, through
            which lots go by recipes, the planned time of all that they did: it has no last unit and no one stage.
        pbt_ns: Planned busy time of that stage; of parallel units the mean weighted by their rates; of all tools.
        bottleneck: Position of the unit with the lowest starved and blocked share; None when unknown.
    """

    earned_s: float
    pbt_ns: float
    bottleneck: int | None


@kpi(
    "line_oee", "OEE of the line", "产线综合效率", unit="1", trend="up", high=1.0, scopes=("line",), source="own design"
)
def line_oee(line: LineFlow) -> Figure:
    """good quantity of the last units x planned time per item of the designed bottleneck / its PBT; of tools their OEE

    末端设备合格品数量 × 设计瓶颈的计划单件时间 / 其 PBT；按工艺路线流转的机群取其 OEE
    """
    return line.earned_s, line.pbt_ns * 1e-9


@kpi("bottleneck_unit", "Bottleneck unit", "瓶颈工位", unit="1", trend="none", scopes=("line",), additive=False,
     source="own design after the active-period view")  # fmt: skip
def bottleneck_unit(line: LineFlow) -> Figure:
    """position in the line of the unit with the lowest starved and blocked share of PBT

    待料与堵塞占 PBT 比例最低的设备在产线中的位置
    """
    return line.bottleneck, None
