"""What is to be expected: bands of forecasts beside what was, and what a forecast costs the live plant."""

from __future__ import annotations

from dashboards.panel import Kpi, PanelSpec, Picture, Scope, panel

LINE_THROUGHPUT = panel(
    PanelSpec(
        "line_throughput_ahead",
        "Throughput: past and expected",
        "产出速率：实际与预测",
        Scope.LINE,
        Picture.BAND,
        Kpi(("throughput_per_h",), "hour"),
        unit="1/h",
        low=0,
        width=12,
        order=40,
    )
)

LINE_OEE = panel(
    PanelSpec(
        "line_oee_ahead",
        "OEE of the line: past and expected",
        "产线综合效率：实际与预测",
        Scope.LINE,
        Picture.BAND,
        Kpi(("line_oee",), "hour"),
        low=0,
        high=1,
        width=12,
        order=41,
    )
)

SITE_ENERGY = panel(
    PanelSpec(
        "site_energy_ahead",
        "Energy: past and expected",
        "用电量：实际与预测",
        Scope.SITE,
        Picture.BAND,
        Kpi(("energy_kwh",), "hour"),
        unit="kW.h",
        low=0,
        width=16,
        order=42,
    )
)

SITE_PAUSE = panel(
    PanelSpec(
        "site_snapshot_pause",
        "Pause of the last forecast",
        "最近一次预测的停顿",
        Scope.SITE,
        Picture.STAT,
        Kpi(("snapshot_pause_ms",)),
        unit="ms",
        low=0,
        width=8,
        order=43,
    )
)

UNIT_CONTENT = panel(
    PanelSpec(
        "unit_content_ahead",
        "Parts inside, expected",
        "在库数量预测",
        Scope.UNIT,
        Picture.BAND,
        Kpi(("work_in_process",), "hour"),
        low=0,
        width=12,
        order=63,
    )
)

UNIT_THROUGHPUT = panel(
    PanelSpec(
        "unit_throughput_ahead",
        "Throughput: past and expected",
        "产出速率：实际与预测",
        Scope.UNIT,
        Picture.BAND,
        Kpi(("throughput_per_h",), "hour"),
        unit="1/h",
        low=0,
        width=12,
        order=64,
    )
)
