"""Headline figures and graph of a supply chain."""

from __future__ import annotations

from dashboards.panel import Events, Kpi, PanelSpec, Picture, Scope, Threshold, panel
from twin.records import RecordKind

GRAPH = panel(
    PanelSpec(
        "chain_graph",
        "Chain graph",
        "产业链图谱",
        Scope.CHAIN,
        Picture.CHAIN_GRAPH,
        Kpi(("chain_link_capacity_per_day", "chain_link_slack", "days_of_stock", "wip", "bottleneck_link")),
        unit="1/d",
        width=24,
        height=14,
        order=50,
    )
)

THROUGHPUT = panel(
    PanelSpec(
        "chain_throughput",
        "Chain throughput",
        "产业链产出",
        Scope.CHAIN,
        Picture.STAT,
        Kpi(("chain_throughput_per_day",)),
        unit="1/d",
        low=0,
        width=5,
        order=10,
    )
)

CAPACITY = panel(
    PanelSpec(
        "chain_capacity",
        "Chain capacity",
        "产业链产能",
        Scope.CHAIN,
        Picture.STAT,
        Kpi(("chain_capacity_per_day",)),
        unit="1/d",
        low=0,
        width=5,
        order=11,
    )
)

LOAD = panel(
    PanelSpec(
        "chain_load",
        "Chain load",
        "产业链负荷",
        Scope.CHAIN,
        Picture.GAUGE,
        Kpi(("chain_load",)),
        low=0,
        high=1,
        thresholds=(Threshold(0.6, "warn"), Threshold(0.8, "good")),
        width=4,
        order=12,
    )
)

WIP = panel(
    PanelSpec(
        "chain_wip",
        "Work in process",
        "在制库存",
        Scope.CHAIN,
        Picture.STAT,
        Kpi(("wip",)),
        low=0,
        width=5,
        order=13,
    )
)

ENERGY = panel(
    PanelSpec(
        "chain_energy_per_product",
        "Energy per product",
        "单位产品能耗",
        Scope.CHAIN,
        Picture.STAT,
        Kpi(("chain_energy_per_product_kwh",)),
        unit="kW.h",
        low=0,
        width=5,
        order=14,
    )
)

THROUGHPUT_TREND = panel(
    PanelSpec(
        "chain_throughput_trend",
        "Throughput by hour",
        "每小时产出趋势",
        Scope.CHAIN,
        Picture.LINE,
        Kpi(("chain_throughput_per_day", "chain_capacity_per_day"), "hour"),
        unit="1/d",
        low=0,
        width=12,
        order=60,
    )
)

ALARMS = panel(
    PanelSpec(
        "chain_alarms",
        "Alarms",
        "告警",
        Scope.CHAIN,
        Picture.TABLE,
        Events(RecordKind.ALARM),
        width=12,
        order=70,
    )
)
