"""Indicators of a supply chain and of its links."""

from __future__ import annotations

from dataclasses import dataclass

from twin.day_pattern import DAY_S
from twin.kpi.spec import Figure, Scope, kpi

CHAIN: tuple[Scope, ...] = ("chain",)
LINK: tuple[Scope, ...] = ("link",)


@dataclass(frozen=True, slots=True)
class LinkFlow:
    """One link of the chain in one window.

    Args:
        possible: Good items that its stages could have completed: the largest flow through them, each of which could
            have made able time / planned run time x yield.
        stock: Items on hand and in transit, mean over the window.
        quantity: Items per final product.
        window_s: Length of the window in s.
        shipped: Final products shipped in the window.
        chain_possible: Final products that the chain's bottleneck allowed in the window; None when unknown.
    """

    possible: float | None
    stock: float | None
    quantity: float
    window_s: float
    shipped: float
    chain_possible: float | None


@dataclass(frozen=True, slots=True)
class ChainFlow:
    """A chain in one window.

    Args:
        shipped: Final products shipped.
        window_s: Length of the window in s.
        possible: Final products that the bottleneck link allowed; None when no link is observed.
        bottleneck: Index of that link.
        stock: On hand and in transit, mean over the window, in final-product equivalents.
        energy_kwh: Energy of all its sites; None without meters.
    """

    shipped: float
    window_s: float
    possible: float | None
    bottleneck: int | None
    stock: float | None
    energy_kwh: float | None


def _own(unit: str, trend: str, scopes: tuple[Scope, ...]) -> dict[str, object]:
    return {"unit": unit, "trend": trend, "scopes": scopes, "source": "own design"}


@kpi("chain_throughput_per_day", "Chain throughput", "产业链产出", scale=DAY_S, **_own("1/d", "up", CHAIN))
def chain_throughput_per_day(chain: ChainFlow) -> Figure:
    """final products shipped / length of the window

    发出的最终产品数 / 窗口长度
    """
    return chain.shipped, chain.window_s


@kpi("chain_capacity_per_day", "Chain capacity", "产业链产能", additive=False, scale=DAY_S, **_own("1/d", "up", CHAIN))
def chain_capacity_per_day(chain: ChainFlow) -> Figure:
    """smallest link capacity in final products

    以最终产品计的最小环节产能
    """
    return chain.possible, chain.window_s


@kpi("chain_load", "Chain load", "产业链负荷", additive=False, high=1.0, **_own("1", "up", CHAIN))
def chain_load(chain: ChainFlow) -> Figure:
    """chain throughput / chain capacity

    产业链产出 / 产业链产能
    """
    return (None, None) if chain.possible is None else (chain.shipped, chain.possible)


@kpi("bottleneck_link", "Bottleneck link", "瓶颈环节", additive=False, **_own("1", "none", CHAIN))
def bottleneck_link(chain: ChainFlow) -> Figure:
    """index of the link with the smallest capacity in final products

    以最终产品计产能最小的环节的序号
    """
    return chain.bottleneck, None


@kpi("wip", "Work in process", "在制库存", additive=False, **_own("1", "down", (*CHAIN, *LINK)))
def wip(flow: ChainFlow | LinkFlow) -> Figure:
    """items on hand and in transit / items per final product, mean over the window; chain: sum over its links

    在库与在途件数 / 单位产品用量，窗口内平均；产业链为各环节之和
    """
    return flow.stock, flow.quantity if isinstance(flow, LinkFlow) else None


@kpi("chain_energy_per_product_kwh", "Energy per final product", "单位产品链能耗",
     **{**_own("kW.h", "down", CHAIN), "basis": "product"})  # fmt: skip
def chain_energy_per_product_kwh(chain: ChainFlow) -> Figure:
    """energy of all sites of the chain / final products shipped

    产业链各工厂用电量 / 发出的最终产品数
    """
    return chain.energy_kwh, chain.shipped


@kpi("chain_link_capacity_per_day", "Link capacity", "环节产能", scale=DAY_S, **_own("1/d", "up", LINK))
def chain_link_capacity_per_day(link: LinkFlow) -> Figure:
    """largest flow through the stages of the link, each able time / planned run time x yield, / items per final product

    环节各工序的最大流（每道：可用时间 / 计划单件时间 × 合格率）/ 单位产品用量，按日计
    """
    return link.possible, link.quantity * link.window_s


@kpi("chain_link_slack", "Slack of the link", "环节富余", additive=False, low=None, **_own("1", "up", LINK))
def chain_link_slack(link: LinkFlow) -> Figure:
    """capacity of the link / capacity of the chain - 1

    环节产能 / 产业链产能 − 1
    """
    if link.possible is None or link.chain_possible is None:
        return None, None
    return link.possible / link.quantity - link.chain_possible, link.chain_possible


@kpi("days_of_stock", "Days of stock", "库存天数", additive=False, scale=1 / DAY_S, **_own("d", "none", LINK))
def days_of_stock(link: LinkFlow) -> Figure:
    """items on hand and in transit / (final products shipped per s x items per final product)

    在库与在途件数 /（每秒发出的最终产品数 × 单位产品用量）
    """
    return None if link.stock is None else link.stock * link.window_s, link.shipped * link.quantity
