"""Indicators of transport between the places of a supply network."""

from __future__ import annotations

from dataclasses import dataclass

from twin.kpi.spec import Figure, Scope, kpi

TRANSPORT: tuple[Scope, ...] = ("transport",)


@dataclass(frozen=True, slots=True)
class TransportFlow:
    """What departed in one window; what belongs to a piece counts when it departs.

    Args:
        cost_cny: Cost; None where no way of transport says what it costs.
        priced: Pieces that departed where the cost is said.
        co2_kg: CO2; None where no way of transport knows the mass and the way of its loads.
        weighed: Pieces that departed where these are known.
        tkm: Transport activity of these: sum of mass x way, in tonne-kilometres.
        shipped: Of a chain: final products shipped; else None.
    """

    cost_cny: float | None
    priced: float
    co2_kg: float | None
    weighed: float
    tkm: float | None
    shipped: float | None = None


def _own(unit: str, trend: str, source: str = "own design: counted at departure") -> dict[str, object]:
    return {"unit": unit, "trend": trend, "scopes": TRANSPORT, "basis": "energy", "source": source}


@kpi("transport_cost_cny", "Transport cost", "运输费用", **_own("CNY", "down"))
def transport_cost_cny(flow: TransportFlow) -> Figure:
    """cost of the departures and of the pieces that departed; only where a cost is given

    发车费用与发出件的费用之和；仅限给出费用处
    """
    return flow.cost_cny, None


@kpi("transport_cost_per_piece_cny", "Transport cost per piece", "单件运输费用", **_own("CNY", "down"))
def transport_cost_per_piece_cny(flow: TransportFlow) -> Figure:
    """transport cost / pieces that departed where a cost is given

    运输费用 / 给出费用处发出的件数
    """
    return flow.cost_cny, flow.priced


@kpi("transport_co2_kg", "CO2 of transport", "运输碳排放", **_own("kg", "down"))
def transport_co2_kg(flow: TransportFlow) -> Figure:
    """sum over what departed of mass x way x factor; only where mass and way are given

    对发出货物：质量 × 里程 × 因子，求和；仅限给出质量与里程处
    """
    return flow.co2_kg, None


@kpi("transport_co2_per_piece_kg", "CO2 of transport per piece", "单件运输碳排放", **_own("kg", "down"))
def transport_co2_per_piece_kg(flow: TransportFlow) -> Figure:
    """CO2 of transport / pieces that departed where mass and way are given

    运输碳排放 / 给出质量与里程处发出的件数
    """
    return flow.co2_kg, flow.weighed


@kpi("transport_activity_tkm", "Transport activity", "货物周转量",
     **_own("t.km", "none", "own design, term after ISO 14083; counted at departure"))  # fmt: skip
def transport_activity_tkm(flow: TransportFlow) -> Figure:
    """sum over what departed of mass x way

    对发出货物：质量 × 里程，求和
    """
    return flow.tkm, None


@kpi("transport_co2_per_tkm_kg", "Emission intensity of transport", "运输碳排放强度",
     **_own("kg/(t.km)", "down", "own design, after ISO 14083: emissions / transport activity"))  # fmt: skip
def transport_co2_per_tkm_kg(flow: TransportFlow) -> Figure:
    """CO2 of transport / transport activity

    运输碳排放 / 货物周转量
    """
    return flow.co2_kg, 0.0 if flow.tkm is None else flow.tkm


@kpi("transport_co2_per_product_kg", "CO2 of transport per final product", "单位产品运输碳排放", **_own("kg", "down"))
def transport_co2_per_product_kg(flow: TransportFlow) -> Figure:
    """of a chain: CO2 of transport from all its sites / final products shipped

    产业链：各工厂运输碳排放 / 发出的最终产品数
    """
    return (None, None) if flow.shipped is None else (flow.co2_kg, flow.shipped)
