"""Indicators of job orders: of the units that release them, and of every level above."""

from __future__ import annotations

from dataclasses import dataclass

from twin.kpi.spec import Figure, Scope, kpi

JOBS: tuple[Scope, ...] = ("jobs",)


@dataclass(frozen=True, slots=True)
class JobFlow:
    """Job orders that were completed in one window.

    Args:
        completed: Orders completed.
        timed: Of these, those whose release is known.
        flow_s: Sum of their times from release to completion, s.
        due: Of the completed, those with a due date.
        on_time: Of these, completed until then.
        late_s: Sum of completion minus due date of these, s; below 0 when early.
    """

    completed: int
    timed: int
    flow_s: float
    due: int
    on_time: int
    late_s: float


def _own(unit: str, trend: str, source: str = "own design") -> dict[str, object]:
    return {"unit": unit, "trend": trend, "scopes": JOBS, "source": source}


@kpi("orders_completed", "Orders completed", "完成订单数", **_own("order", "up"))
def orders_completed(flow: JobFlow) -> Figure:
    """job orders completed

    完成的工单数
    """
    return flow.completed, None


@kpi(
    "order_flow_time_h",
    "Order flow time",
    "订单流程时间",
    scale=1 / 3600,
    **_own("h", "down", "own design, mean of the actual order execution time (AOET) after ISO 22400-2"),
)
def order_flow_time_h(flow: JobFlow) -> Figure:
    """sum of times from release to completion / orders completed whose release is known

    从下达到完成的时间之和 / 下达时间已知的完成工单数
    """
    return flow.flow_s, flow.timed


@kpi("orders_on_time", "Orders on time", "订单准时完成率", high=1.0, **_own("1", "up"))
def orders_on_time(flow: JobFlow) -> Figure:
    """orders completed until they were due / orders completed with a due date

    在交期前完成的工单数 / 有交期的完成工单数
    """
    return flow.on_time, flow.due


@kpi("order_lateness_h", "Order lateness", "订单延迟时间", low=None, scale=1 / 3600, **_own("h", "down"))
def order_lateness_h(flow: JobFlow) -> Figure:
    """sum of completion minus due date, below 0 when early / orders completed with a due date

    完成时间减交期之和（提前为负）/ 有交期的完成工单数
    """
    return flow.late_s, flow.due
