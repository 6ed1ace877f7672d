"""Electrical power, compressed air and gas by state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from operator import mul

from twin.config.plant import MediumConfig, PowerConfig
from twin.states import UnitState

_FIELD = {
    UnitState.OFF_SHIFT: "off",
    UnitState.ENERGY_CURTAILED: "off",
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
    return by_state(config)


def by_state(config: PowerConfig | MediumConfig) -> list[float]:
    """Amount per second by code of the state, 32 values, of a configuration per hour."""
    amounts = []
    for code in range(16):
        field = _FIELD.get(UnitState(code), "idle") if code in UnitState._value2member_map_ else "idle"
        value = getattr(config, field)
        amounts.append((config.idle if value is None else value) / 3600)
    return amounts * 2


def amount(seconds: Sequence[float], per_second: Sequence[float]) -> float:
    """What was used in some times by code of the state (s, 32 values).

    Added in this order, it never falls while the times grow: a counter made of it runs forwards only.

    >>> amount([2.0, 4.0], [0.5, 0.25])
    2.0
    """
    used: float = sum(map(mul, seconds, per_second))
    return used


class Medium:
    """Compressed air or gas that a unit takes.

    Args:
        config: Flows by state, and the volume per part.
    """

    __slots__ = ("flow", "per_part")

    def __init__(self, config: MediumConfig):
        self.flow = by_state(config)
        self.per_part = config.per_part

    def used(self, seconds: Sequence[float], parts: int) -> float:
        """Volume in m³ of some times by code of the state (s, 32 values) and completed parts."""
        return amount(seconds, self.flow) + parts * self.per_part


class Ramp:
    """Power that follows a change of state evenly over a time, not at once.

    Args:
        power: Power in kWh/s that each state goes to, by code.
        length_s: Time of a whole ramp; a change of state during it begins a new one from where it was.
    """

    __slots__ = ("_from", "length_s", "power")

    def __init__(self, power: Sequence[float], length_s: float):
        self.power, self.length_s = power, length_s
        self._from = power[0]

    def now(self, code: int, spent: float) -> float:
        """Power after some time in a state."""
        left = 1.0 - spent / self.length_s
        return self.power[code] + (self._from - self.power[code]) * left if left > 0 else self.power[code]

    def more(self, code: int, spent: float) -> float:
        """Energy of some time in a state beyond its power times the time, in kWh."""
        ramped = min(spent, self.length_s)
        return (self._from - self.power[code]) * (ramped - ramped * ramped / (2 * self.length_s))

    def leave(self, code: int, spent: float) -> None:
        """A state ends after some time: the next ramp begins where this one came to."""
        self._from = self.now(code, spent)

    def over(self, intervals: Iterable[tuple[float, float, int]], t0_s: float, t1_s: float) -> float:
        """Energy beyond power times time in a window.

        Args:
            intervals: All intervals (begin, end, code) since the start, in order; the ramp begins anew with them.
            t0_s: Begin of the window.
            t1_s: End.
        """
        ramp, more = Ramp(self.power, self.length_s), 0.0
        for begin, end, code in intervals:
            if begin >= t1_s:
                break
            first, last = max(begin, t0_s), min(end, t1_s)
            if last > first:
                more += ramp.more(code, last - begin) - ramp.more(code, first - begin)
            ramp.leave(code, end - begin if end < inf else 0.0)
        return more
