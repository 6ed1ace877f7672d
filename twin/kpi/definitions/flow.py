"""Indicators of the flow of items through a unit or a group: for studies and headless runs, which see every item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twin.kpi.spec import Figure, Scope, kpi

FLOW: tuple[Scope, ...] = ("flow",)


@dataclass(frozen=True, slots=True)
class PartFlow:
    """The flow of items through a unit or a group in one window.

    Args:
        held: Mean number of items inside its units.
        stored: Of them, in its stores.
        left: Items that left it, by :attr:`twin.kpi.observed.Observed.out_good`.
        window_s: Length of the window in s.
    """

    held: float
    stored: float
    left: float
    window_s: float


def _own(unit: str) -> dict[str, Any]:
    return {"unit": unit, "trend": "down", "scopes": FLOW, "additive": False}


@kpi("items_held", "Items held", "平均在制数", source="own design", **_own("1"))
def items_held(flow: PartFlow) -> Figure:
    """items inside the machines, stores and carriers of the scope, mean over the window

    范围内设备、库位与输送中的物件数，窗口时间平均
    """
    return flow.held, None


@kpi("time_in_system_s", "Time in system", "通过时间", source="Little 1961", **_own("s"))
def time_in_system_s(flow: PartFlow) -> Figure:
    """items held x length of the window / items that left it good: the mean time that one was inside; where pieces are
    joined, the times of all its pieces together

    平均在制数 × 窗口长度 / 离开的合格品数量：一件在内的平均时间；有装配时为其全部零件时间之和
    """
    return flow.held * flow.window_s, flow.left


@kpi("waiting_time_s", "Waiting time", "等待时间", source="Little 1961", **_own("s"))
def waiting_time_s(flow: PartFlow) -> Figure:
    """items held by the stores of the scope x length of the window / items that left it good

    范围内库位平均存放数 × 窗口长度 / 离开的合格品数量
    """
    return flow.stored * flow.window_s, flow.left
