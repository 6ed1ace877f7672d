"""Panels of one line: its units in the order of the flow."""

from __future__ import annotations

from dashboards.panel import RISING_GOOD, Events, Kpi, PanelSpec, Picture, Scope, panel
from twin.records import RecordKind

OEE = panel(
    PanelSpec(
        "line_oee",
        "OEE of the line",
        "产线综合效率",
        Scope.LINE,
        Picture.GAUGE,
        Kpi(("line_oee",)),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        order=10,
    )
)

THROUGHPUT = panel(
    PanelSpec(
        "line_throughput",
        "Throughput",
        "产出速率",
        Scope.LINE,
        Picture.STAT,
        Kpi(("throughput_per_h",)),
        unit="1/h",
        low=0,
        order=11,
    )
)

QUALITY = panel(
    PanelSpec(
        "line_first_pass_yield",
        "First pass yield",
        "首次合格率",
        Scope.LINE,
        Picture.GAUGE,
        Kpi(("first_pass_yield",)),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        order=12,
    )
)

ENERGY = panel(
    PanelSpec(
        "line_energy_per_part",
        "Energy per good part",
        "单件能耗",
        Scope.LINE,
        Picture.STAT,
        Kpi(("energy_per_part_kwh",)),
        unit="kW.h",
        low=0,
        order=13,
    )
)

STATES = panel(
    PanelSpec(
        "line_states",
        "States of the units",
        "设备状态时序",
        Scope.LINE,
        Picture.STATE_TIMELINE,
        Events(RecordKind.STATE),
        each=Scope.UNIT,
        width=24,
        height=12,
        order=20,
    )
)

WAITING = panel(
    PanelSpec(
        "line_waiting",
        "Starved and blocked share",
        "待料堵塞占比",
        Scope.LINE,
        Picture.BAR,
        Kpi(("waiting_share",), "hour"),
        low=0,
        high=1,
        each=Scope.UNIT,
        width=12,
        order=30,
    )
)

UNIT_OEE = panel(
    PanelSpec(
        "line_unit_oee",
        "OEE of the units",
        "各设备综合效率",
        Scope.LINE,
        Picture.BAR,
        Kpi(("oee",), "hour"),
        low=0,
        high=1,
        thresholds=RISING_GOOD,
        each=Scope.UNIT,
        width=12,
        order=31,
    )
)
