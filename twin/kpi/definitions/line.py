"""Indicators of a line as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from twin.kpi.spec import Figure, kpi


@dataclass(frozen=True, slots=True)
class LineFlow:
    """A line in one window.

    Args:
        earned_s: Good pieces that left it x planned time that its designed bottleneck needs for each of them; a unit
            that works on four pieces for one that leaves counts four times its planned run time, parallel units count
            together. Where the line ends by joining or taking apart, operations there stand for pieces. Of a line of
            tools, through which lots go by recipes, the planned time of all that they did: it has no one bottleneck.
        pbt_ns: Planned busy time of that bottleneck; of several units the mean weighted by their rates; of all tools.
        bottleneck: Position of the unit with the lowest starved and blocked share; None when unknown.
    """

    earned_s: float
    pbt_ns: float
    bottleneck: int | None


@kpi(
    "line_oee", "OEE of the line", "产线综合效率", unit="1", trend="up", high=1.0, scopes=("line",), source="own design"
)
def line_oee(line: LineFlow) -> Figure:
    """good quantity of the last units x planned time of the designed bottleneck for each / its PBT; of tools their OEE.
    Only part of the data where a planned time is not known, nor which pieces are joined or come from taking apart

    末端设备合格品数量 × 设计瓶颈为每件所需的计划时间 / 其 PBT；按工艺路线流转的机群取其 OEE。
    计划时间或所装配、拆出零件的种类数量不明时，标为数据不全
    """
    return line.earned_s, line.pbt_ns * 1e-9


@kpi("bottleneck_unit", "Bottleneck unit", "瓶颈工位", unit="1", trend="none", scopes=("line",), additive=False,
     source="own design after the active-period view")  # fmt: skip
def bottleneck_unit(line: LineFlow) -> Figure:
    """position in the line of the unit with the lowest starved and blocked share of PBT

    待料与堵塞占 PBT 比例最低的设备在产线中的位置
    """
    return line.bottleneck, None
