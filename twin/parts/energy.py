"""Electrical power by state."""

from __future__ import annotations

from twin.config import PowerConfig
from twin.states import UnitState

_FIELD = {
    UnitState.OFF_SHIFT: "off",
    UnitState.SETUP: "setup",
    UnitState.PRODUCING: "producing",
    UnitState.FAILED: "down",
    UnitState.REPAIR: "down",
    UnitState.PREVENTIVE_MAINT: "down",
}


def power_by_state(config: PowerConfig) -> list[float]:
    """Power in kWh per second by code of the state (number, plus 16 with an order), 32 values.

    >>> power = power_by_state(PowerConfig(producing="7.2 kW"))
    >>> power[6], power[22], power[7]
    (0.002, 0.002, 0.0)
    """
    powers = []
    for code in range(16):
        field = _FIELD.get(UnitState(code), "idle") if code in UnitState._value2member_map_ else "idle"
        value = getattr(config, field)
        powers.append((config.idle if value is None else value) / 3600)
    return powers * 2
