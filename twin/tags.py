"""What a device can say: tag specifications."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TagSpec:
    """One tag of a device: a Sparkplug metric definition, an OPC UA variable.

    Args:
        name: Name in snake case, unique within the device.
        unit: Symbol of the engineering unit, UCUM style (``Cel``, ``kW``, ``mm/s``, ``1``).
        low: Lower end of the normal range (EURange).
        high: Upper end of the normal range.
        en: English title.
        zh: Chinese title.
        deadband: Change below which nothing need be reported, in ``unit``.
        period_s: Sampling period in seconds.
        counter: Only ever grows.
    """

    name: str
    unit: str
    low: float
    high: float
    en: str
    zh: str
    deadband: float = 0.0
    period_s: float = 1.0
    counter: bool = False
