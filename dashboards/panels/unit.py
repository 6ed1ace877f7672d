"""Panels of one machine: what it says and does."""

from __future__ import annotations

from dashboards.panel import Events, PanelSpec, Picture, Scope, Telemetry, panel
from twin.records import RecordKind

STATE = panel(
    PanelSpec("unit_state", "State", "当前状态", Scope.UNIT, Picture.STAT, Events(RecordKind.STATE), width=4, order=10)
)

TIMELINE = panel(
    PanelSpec(
        "unit_state_timeline",
        "State timeline",
        "状态时序",
        Scope.UNIT,
        Picture.STATE_TIMELINE,
        Events(RecordKind.STATE, tags=("state_code",)),
        width=24,
        height=5,
        order=20,
    )
)

TAGS = panel(
    PanelSpec(
        "unit_tags",
        "Trends",
        "参数趋势",
        Scope.UNIT,
        Picture.LINE,
        Telemetry(),
        width=24,
        height=10,
        order=50,
    )
)

ENERGY = panel(
    PanelSpec(
        "unit_energy_counter",
        "Energy counter",
        "电能表读数",
        Scope.UNIT,
        Picture.LINE,
        Telemetry(("energy_kwh",)),
        unit="kW.h",
        low=0,
        width=12,
        order=60,
    )
)

STOCK = panel(
    PanelSpec(
        "unit_stock",
        "Stock on hand",
        "库存",
        Scope.UNIT,
        Picture.LINE,
        Events(RecordKind.STOCK),
        low=0,
        width=12,
        order=61,
    )
)

ALARMS = panel(
    PanelSpec("unit_alarms", "Alarms", "告警", Scope.UNIT, Picture.TABLE, Events(RecordKind.ALARM), width=24, order=70)
)
