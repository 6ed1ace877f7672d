"""Indicators of one machine."""

from __future__ import annotations

from dashboards.panel import RISING_GOOD, Kpi, PanelSpec, Picture, Scope, panel

OEE = panel(
    PanelSpec(
        "unit_oee",
        "OEE",
        "综合设备效率",
        Scope.UNIT,
        Picture.GAUGE,
        Kpi(("oee",)),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        width=4,
        order=11,
    )
)

AVAILABILITY = panel(
    PanelSpec(
        "unit_availability",
        "Availability",
        "可用率",
        Scope.UNIT,
        Picture.GAUGE,
        Kpi(("availability",)),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        width=4,
        order=12,
    )
)

EFFECTIVENESS = panel(
    PanelSpec(
        "unit_effectiveness",
        "Effectiveness",
        "性能效率",
        Scope.UNIT,
        Picture.GAUGE,
        Kpi(("effectiveness",)),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        width=4,
        order=13,
    )
)

QUALITY = panel(
    PanelSpec(
        "unit_quality_ratio",
        "Quality ratio",
        "合格率",
        Scope.UNIT,
        Picture.GAUGE,
        Kpi(("quality_ratio",)),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        width=4,
        order=14,
    )
)

THROUGHPUT = panel(
    PanelSpec(
        "unit_throughput",
        "Throughput",
        "产出速率",
        Scope.UNIT,
        Picture.STAT,
        Kpi(("throughput_per_h",)),
        unit="1/h",
        low=0,
        width=4,
        order=15,
    )
)

OEE_TREND = panel(
    PanelSpec(
        "unit_oee_trend",
        "OEE by hour",
        "每小时综合效率",
        Scope.UNIT,
        Picture.LINE,
        Kpi(("oee", "availability", "effectiveness", "quality_ratio"), "hour"),
        low=0,
        high=1,
        width=12,
        order=62,
    )
)

RESOURCES = panel(
    PanelSpec(
        "unit_resources",
        "People and fixtures by hour",
        "每小时人员与工装利用",
        Scope.UNIT,
        Picture.LINE,
        Kpi(("worker_utilisation", "worker_efficiency", "fixture_utilisation"), "hour"),
        low=0,
        high=1,
        width=12,
        order=63,
    )
)
