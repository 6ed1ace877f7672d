"""Indicators of what is to come: of branches of the plant that have run ahead of it.

The brain never gives them; a forecast publishes quantiles of them, and of the ordinary indicators, as
records whose window says which quantile it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twin.kpi.spec import Figure, Scope, kpi

AHEAD: tuple[Scope, ...] = ("forecast",)
"""No level of the brain's own roll-up."""
S_PER_H = 3600.0
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def quantile_window(family: str, quantile: float) -> str:
    """Window of the records of one quantile.

    Args:
        family: ``forecast``: of one step of the grid; ``outlook``: of all from the begin of the forecast.
        quantile: 0 to 1.

    >>> quantile_window("forecast", 0.05)
    'forecast_p05'
    """
    return f"{family}_p{round(100 * quantile):02d}"


FORECAST_WINDOWS = tuple(quantile_window(family, q) for family in ("forecast", "outlook") for q in QUANTILES)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What one branch, or all of them, did ahead of the plant; numbers or arrays of them.

    Args:
        inside: Parts inside the units of the scope at the end of the window.
        stock_out_s: Time from now until the stock first falls to 0.
        completion_s: Time from now until the ordered quantity is complete.
        on_time: Branches in which it is complete when due.
        branches: Number of branches.
        pause_s: Time the plant stood still to be saved.
    """

    inside: Any = 0
    stock_out_s: Any = None
    completion_s: Any = None
    on_time: Any = 0
    branches: int = 0
    pause_s: float = 0.0


@kpi("work_in_process", "Work in process", "在制品", unit="1", trend="down", scopes=AHEAD,
     additive=False, source="own design")  # fmt: skip
def work_in_process(ahead: Ahead) -> Figure:
    """parts inside the units of the scope at the end of the window

    窗口结束时范围内各设备中的件数
    """
    return ahead.inside, None


@kpi("stock_out_h", "Time until stock-out", "缺料时间", unit="h", trend="up", scopes=AHEAD, additive=False,
     scale=1 / S_PER_H, source="own design")  # fmt: skip
def stock_out_h(ahead: Ahead) -> Figure:
    """time from the begin of the forecast until the first item of the store falls to 0

    从预测开始到该库首个物料降为 0 的时间
    """
    return ahead.stock_out_s, None


@kpi("order_completion_h", "Time until the order is complete", "订单完成时间", unit="h", trend="down", scopes=AHEAD,
     additive=False, scale=1 / S_PER_H, source="own design")  # fmt: skip
def order_completion_h(ahead: Ahead) -> Figure:
    """time from the begin of the forecast until the ordered quantity is complete

    从预测开始到订购数量完成的时间
    """
    return ahead.completion_s, None


@kpi("order_on_time", "Order on time", "订单准时概率", unit="1", trend="up", high=1.0, scopes=AHEAD,
     additive=False, source="own design")  # fmt: skip
def order_on_time(ahead: Ahead) -> Figure:
    """branches in which the order is complete when due / branches

    订单在交期前完成的分支数 / 分支总数
    """
    return ahead.on_time, ahead.branches


@kpi("snapshot_pause_ms", "Pause for the snapshot", "快照停顿", unit="ms", trend="down", scopes=AHEAD,
     additive=False, scale=1000.0, source="own design")  # fmt: skip
def snapshot_pause_ms(ahead: Ahead) -> Figure:
    """real time for which the plant stood still to be saved

    为保存快照，工厂停顿的实际时间
    """
    return ahead.pause_s, None
