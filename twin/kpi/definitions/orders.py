"""Indicators of orders: of units that take orders, and of a chain towards its final customers."""

from __future__ import annotations

from dataclasses import dataclass

from twin.day_pattern import DAY_S
from twin.kpi.spec import Figure, Scope, kpi

TRADE: tuple[Scope, ...] = ("trade",)


@dataclass(frozen=True, slots=True)
class OrderFlow:
    """Orders in one window.

    Args:
        window_s: Length of the window in s.
        due: Orders that were due.
        on_time_in_full: Of these, delivered in full until then.
        received: Pieces ordered.
        at_once: Of these, shipped in the same instant.
        shipped: Pieces shipped.
        completed: Orders whose last piece was delivered.
        cycle_s: Sum of the times from order to last delivery of these, s.
        overdue_s: Integral of the pieces due and not delivered, pieces x s.
        stock_s: Integral of the pieces on hand, pieces x s; None where no stock is told.
        orders_spread: Variance of the orders placed, of a chain squared coefficient of variation; None: too short.
        demand_spread: The same of the orders received.
    """

    window_s: float
    due: int
    on_time_in_full: int
    received: float
    at_once: float
    shipped: float
    completed: int
    cycle_s: float
    overdue_s: float
    stock_s: float | None
    orders_spread: float | None
    demand_spread: float | None


def _own(unit: str, trend: str, source: str = "own design, terms after SCOR") -> dict[str, object]:
    return {"unit": unit, "trend": trend, "scopes": TRADE, "source": source}


@kpi("otif", "On time in full", "准时足量交付率", high=1.0, **_own("1", "up"))
def otif(flow: OrderFlow) -> Figure:
    """orders due that were delivered in full until then / orders due

    按期足量交付的到期订单数 / 到期订单数
    """
    return flow.on_time_in_full, flow.due


@kpi("order_fill_rate", "Order fill rate", "现货满足率", high=1.0, **_own("1", "up"))
def order_fill_rate(flow: OrderFlow) -> Figure:
    """pieces shipped in the instant of their order / pieces ordered

    下单当时即发出的件数 / 订购件数
    """
    return flow.at_once, flow.received


@kpi("order_cycle_time_h", "Order cycle time", "订单周期", scale=1 / 3600, **_own("h", "down"))
def order_cycle_time_h(flow: OrderFlow) -> Figure:
    """sum of times from order to last delivery / orders completed

    从下单到最后一次交付的时间之和 / 完成订单数
    """
    return flow.cycle_s, flow.completed


@kpi("backlog", "Overdue backlog", "逾期欠交量", **_own("piece", "down"))
def backlog(flow: OrderFlow) -> Figure:
    """integral of pieces due and not delivered / length of the window

    到期未交件数对时间的积分 / 窗口长度
    """
    return flow.overdue_s, flow.window_s


@kpi("backlog_days", "Backlog days", "欠交天数", scale=1 / DAY_S, **_own("d", "down"))
def backlog_days(flow: OrderFlow) -> Figure:
    """mean pieces due and not delivered / pieces shipped per day

    平均到期未交件数 / 每日发货件数
    """
    return flow.overdue_s, flow.shipped


@kpi("days_of_inventory", "Days of inventory", "库存天数（按发货）", scale=1 / DAY_S, **_own("d", "none"))
def days_of_inventory(flow: OrderFlow) -> Figure:
    """mean pieces on hand / pieces shipped per day

    平均在库件数 / 每日发货件数
    """
    return flow.stock_s, flow.shipped


@kpi(
    "bullwhip",
    "Bullwhip ratio",
    "牛鞭效应系数",
    additive=False,
    **_own("1", "down", "own design, after Chen et al. 2000"),
)
def bullwhip(flow: OrderFlow) -> Figure:
    """variance of orders placed / of orders received, in equal periods; of a chain squared coefficients of variation

    等长周期内：下达订单量的方差 / 收到订单量的方差；产业链为变异系数平方之比
    """
    return flow.orders_spread, flow.demand_spread or 0.0
