"""Panels of one enterprise: its sites side by side."""

from __future__ import annotations

from dashboards.panel import RISING_GOOD, Kpi, PanelSpec, Picture, Scope, panel

OEE = panel(
    PanelSpec(
        "enterprise_oee",
        "OEE by site",
        "各工厂综合设备效率",
        Scope.ENTERPRISE,
        Picture.BAR,
        Kpi(("oee",), "hour"),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        each=Scope.SITE,
        width=12,
        order=10,
    )
)

ENERGY = panel(
    PanelSpec(
        "enterprise_energy",
        "Energy by hour",
        "每小时用电量",
        Scope.ENTERPRISE,
        Picture.LINE,
        Kpi(("energy_kwh",), "hour"),
        unit="kW.h",
        low=0,
        each=Scope.SITE,
        width=12,
        order=20,
    )
)

KPIS = panel(
    PanelSpec(
        "enterprise_kpis",
        "Figures of the sites",
        "工厂指标",
        Scope.ENTERPRISE,
        Picture.TABLE,
        Kpi(
            ("oee", "availability", "effectiveness", "quality_ratio", "throughput_per_h", "energy_kwh", "co2_kg"),
            "hour",
        ),
        each=Scope.SITE,
        width=24,
        order=30,
    )
)
