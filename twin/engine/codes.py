"""Codes of the states of units, and the reasons to hold a unit."""

from __future__ import annotations

from functools import cache

from twin.states import UnitState

WITH_ORDER = 16
CODES = 32
"""A state's code is its number, plus 16 while an order is on the unit."""
PRODUCING = int(UnitState.PRODUCING) + WITH_ORDER
STARVED = int(UnitState.STARVED) + WITH_ORDER
BLOCKED = int(UnitState.BLOCKED) + WITH_ORDER
SETUP = int(UnitState.SETUP) + WITH_ORDER
FAILED = int(UnitState.FAILED) + WITH_ORDER
OFF_SHIFT = int(UnitState.OFF_SHIFT) + WITH_ORDER
PLANNED_BREAK = int(UnitState.PLANNED_BREAK) + WITH_ORDER
IDLE_NO_ORDER = int(UnitState.IDLE_NO_ORDER)

PREVENTIVE_MAINT = int(UnitState.PREVENTIVE_MAINT)
ENERGY_CURTAILED = int(UnitState.ENERGY_CURTAILED) + WITH_ORDER
ANNOUNCED_CURTAILED = int(UnitState.ENERGY_CURTAILED)
QUALITY_HOLD = int(UnitState.QUALITY_HOLD) + WITH_ORDER
REPAIR = int(UnitState.REPAIR) + WITH_ORDER
MINOR_STOP = int(UnitState.MINOR_STOP) + WITH_ORDER

DOWN, BREAK, OFF, MAINTENANCE, CURTAILED, HOLD = 1, 2, 4, 8, 16, 32
"""Reasons to hold a unit: failed or stopped, planned break, outside all shifts, maintenance, no power, quality."""
REPAIRING, MINOR, ANNOUNCED, NO_SUPPLY = 64, 128, 256, 512
"""Further ones: a crew repairs it, a minor stop, no power as announced, a supplier that gives nothing."""
HELD_STATES = (
    (OFF, OFF_SHIFT),
    (BREAK, PLANNED_BREAK),
    (ANNOUNCED, ANNOUNCED_CURTAILED),
    (CURTAILED, ENERGY_CURTAILED),
    (MAINTENANCE, PREVENTIVE_MAINT),
    (REPAIRING, REPAIR),
    (DOWN, FAILED),
    (MINOR, MINOR_STOP),
    (HOLD, QUALITY_HOLD),
    (NO_SUPPLY, STARVED),
)
"""State by reason; the first that holds decides (our own order)."""
REASON_OF = {code: reason for reason, code in HELD_STATES if reason not in (OFF, BREAK, NO_SUPPLY)}
VARIED = frozenset(REASON_OF)
"""States whose cause may change while they last."""


@cache
def held_state(held: int) -> int:
    """Code of the state of a unit that is held for some reasons."""
    return next(code for reason, code in HELD_STATES if held & reason)
