"""Panels of one site: its machines, lines, output and energy."""

from __future__ import annotations

from dashboards.panel import RISING_GOOD, Events, Kpi, PanelSpec, Picture, Scope, panel
from twin.records import RecordKind

MACHINES = panel(
    PanelSpec(
        "site_machines",
        "Machine states",
        "设备状态",
        Scope.SITE,
        Picture.GRID,
        Events(RecordKind.STATE),
        each=Scope.UNIT,
        width=24,
        height=10,
        order=20,
    )
)

OEE = panel(
    PanelSpec(
        "site_oee",
        "OEE",
        "综合设备效率",
        Scope.SITE,
        Picture.GAUGE,
        Kpi(("oee",)),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        order=10,
    )
)

THROUGHPUT = panel(
    PanelSpec(
        "site_throughput",
        "Throughput",
        "产出速率",
        Scope.SITE,
        Picture.STAT,
        Kpi(("throughput_per_h",)),
        unit="1/h",
        low=0,
        order=11,
    )
)

ENERGY = panel(
    PanelSpec(
        "site_energy",
        "Energy",
        "用电量",
        Scope.SITE,
        Picture.STAT,
        Kpi(("energy_kwh",), "hour"),
        unit="kW.h",
        low=0,
        order=12,
    )
)

CO2 = panel(
    PanelSpec(
        "site_co2",
        "CO2 of electricity",
        "用电碳排放",
        Scope.SITE,
        Picture.STAT,
        Kpi(("co2_kg",), "hour"),
        unit="kg",
        low=0,
        order=13,
    )
)

LINES = panel(
    PanelSpec(
        "site_line_oee",
        "OEE of the lines",
        "产线综合效率",
        Scope.SITE,
        Picture.BAR,
        Kpi(("line_oee",), "hour"),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        each=Scope.LINE,
        width=12,
        order=30,
    )
)

THROUGHPUT_TREND = panel(
    PanelSpec(
        "site_throughput_trend",
        "Throughput by hour",
        "每小时产出趋势",
        Scope.SITE,
        Picture.LINE,
        Kpi(("throughput_per_h",), "hour"),
        unit="1/h",
        low=0,
        width=12,
        order=31,
    )
)

ENERGY_TREND = panel(
    PanelSpec(
        "site_energy_trend",
        "Energy by hour",
        "每小时用电量",
        Scope.SITE,
        Picture.LINE,
        Kpi(("energy_kwh",), "hour"),
        unit="kW.h",
        low=0,
        width=12,
        order=32,
    )
)

STOCK = panel(
    PanelSpec(
        "site_stock",
        "Stock on hand",
        "库存",
        Scope.SITE,
        Picture.BAR,
        Events(RecordKind.STOCK),
        low=0,
        each=Scope.UNIT,
        width=12,
        order=33,
    )
)

RESOURCES = panel(
    PanelSpec(
        "site_resources",
        "People and fixtures",
        "人员与工装",
        Scope.SITE,
        Picture.TABLE,
        Kpi(("worker_utilisation", "worker_efficiency", "fixture_utilisation"), "hour"),
        low=0,
        high=1,
        each=Scope.UNIT,
        width=12,
        order=34,
    )
)

ALARMS = panel(
    PanelSpec(
        "site_alarms",
        "Alarms",
        "告警",
        Scope.SITE,
        Picture.TABLE,
        Events(RecordKind.ALARM),
        width=24,
        order=40,
    )
)
