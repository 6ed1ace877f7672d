"""Canonical unit states and what other vocabularies call them.

Source: the canonical set is our own design; the mapped columns follow PackML (ISA-TR88.00.02),
OPC UA Machinery Basic Building Blocks (OPC 40001-1, Annex C), SEMI E10 and ISO 22400-2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class UnitState(IntEnum):
    """What a work unit is doing. The number is stored and drawn; never renumber."""

    UNKNOWN = 0
    OFF_SHIFT = 1
    PLANNED_BREAK = 2
    PREVENTIVE_MAINT = 3
    IDLE_NO_ORDER = 4
    SETUP = 5
    PRODUCING = 6
    STARVED = 7
    BLOCKED = 8
    MINOR_STOP = 9
    FAILED = 10
    REPAIR = 11
    QUALITY_HOLD = 12
    ENERGY_CURTAILED = 13
    ENGINEERING_TRIAL = 14


class TimeElement(Enum):
    """Where a state's duration goes in the time model after ISO 22400-2."""

    UNKNOWN = "unknown"
    OUTSIDE_POT = "outside_pot"
    PLANNED_DOWN = "planned_downtime"
    ADOT = "adot"
    AUST = "aust"
    APT = "apt"
    ADET = "adet"


@dataclass(frozen=True, slots=True)
class StateRow:
    """One canonical state in the words of the standards.

    Args:
        packml: PackML state.
        machinery: OPC UA Machinery item state and operation mode.
        e10: SEMI E10 state.
        element: Time element when an order is on the unit.
        element_without_order: Time element when none is.
        colour: Colour for people, ``#rrggbb``; never used alone.
        en: English name.
        zh: Chinese name.
    """

    packml: str
    machinery: tuple[str, str]
    e10: str
    element: TimeElement
    element_without_order: TimeElement
    colour: str
    en: str
    zh: str


def _row(packml: str, machinery: str, e10: str, elements: str, colour: str, en: str, zh: str) -> StateRow:
    item, mode = machinery.split("/")
    first, _, second = elements.partition("|")
    with_order = TimeElement[first]
    without = TimeElement[second] if second else with_order
    return StateRow(packml, (item, mode), e10, with_order, without, colour, en, zh)


STATES: dict[UnitState, StateRow] = {
    UnitState.UNKNOWN: _row("Undefined", "NotAvailable/None", "unknown", "UNKNOWN", "#9e9e9e", "Unknown", "未知"),
    UnitState.OFF_SHIFT: _row(
        "Stopped", "NotAvailable/None", "nonscheduled", "OUTSIDE_POT", "#607d8b", "Off shift", "非班次"
    ),
    UnitState.PLANNED_BREAK: _row(
        "Idle", "NotExecuting/None", "nonscheduled", "PLANNED_DOWN", "#90a4ae", "Planned break", "计划休息"
    ),
    UnitState.PREVENTIVE_MAINT: _row(
        "Stopped",
        "OutOfService/Maintenance",
        "scheduled downtime",
        "PLANNED_DOWN",
        "#7e57c2",
        "Preventive maintenance",
        "预防性维护",
    ),
    UnitState.IDLE_NO_ORDER: _row(
        "Idle", "NotExecuting/None", "standby", "ADOT", "#bdbdbd", "Idle, no order", "无工单待机"
    ),
    UnitState.SETUP: _row(
        "Starting", "NotExecuting/Setup", "scheduled downtime", "AUST", "#26a69a", "Setup", "换型准备"
    ),
    UnitState.PRODUCING: _row("Execute", "Executing/Processing", "productive", "APT", "#2e9e4f", "Producing", "生产"),
    UnitState.STARVED: _row(
        "Suspended", "NotExecuting/Processing", "standby", "ADET", "#f5c542", "Starved", "缺料等待"
    ),
    UnitState.BLOCKED: _row(
        "Suspended", "NotExecuting/Processing", "standby", "ADET", "#ef8e38", "Blocked", "下游堵塞"
    ),
    UnitState.MINOR_STOP: _row(
        "Held", "NotExecuting/Processing", "unscheduled downtime", "ADET", "#e57373", "Minor stop", "短停"
    ),
    UnitState.FAILED: _row(
        "Aborted", "OutOfService/Processing", "unscheduled downtime", "ADET|ADOT", "#d32f2f", "Failed", "故障"
    ),
    UnitState.REPAIR: _row(
        "Aborted", "OutOfService/Maintenance", "unscheduled downtime", "ADET|ADOT", "#ad1457", "Under repair", "维修"
    ),
    UnitState.QUALITY_HOLD: _row(
        "Held", "NotExecuting/Processing", "standby", "ADET", "#8d6e63", "Quality hold", "质量锁定"
    ),
    UnitState.ENERGY_CURTAILED: _row(
        "Stopped",
        "NotAvailable/None",
        "unscheduled downtime",
        "ADET|PLANNED_DOWN",
        "#3f51b5",
        "Energy curtailed",
        "限电",
    ),
    UnitState.ENGINEERING_TRIAL: _row(
        "Execute", "Executing/Setup", "engineering", "ADOT", "#00acc1", "Engineering trial", "工程试制"
    ),
}


MINOR_STOP_MAX_S = 300.0
"""A minor stop that lasts longer is a failure, where nothing else is declared. Source: own design."""


def time_element(state: UnitState, has_order: bool) -> TimeElement:
    """Time element of a state.

    Source: domain decision after ISO 22400-2: delay counts with an order on the unit, down time without.
    Power cut off as announced is planned: the order was taken off the unit before (own design).

    >>> time_element(UnitState.FAILED, has_order=False).name
    'ADOT'
    """
    row = STATES[state]
    return row.element if has_order else row.element_without_order
