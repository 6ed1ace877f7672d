"""Which counters of a unit the brain reads, and what each can do by the unit's master data."""

from __future__ import annotations

from math import inf

from twin.brain.doubts import Limits
from twin.brain.meters import MeterLog
from twin.brain.unit import ENERGY, Unit
from twin.counters import TRANSPORT
from twin.master import MeterMaster

COUNTERS = (ENERGY, "air_m3", "gas_m3", *(counter.name for counter in TRANSPORT))
ABSURD_PER_H = 1e6
"""No unit uses more in an hour: kWh of electricity, m3 of compressed air or gas."""
ABSURD = {ENERGY: ABSURD_PER_H, "air_m3": ABSURD_PER_H, "gas_m3": ABSURD_PER_H}
POWER = "power_kw"
MARGIN = 4.0
"""How far above the range of its power meter the power of a unit may come of which nothing else is said."""
PLAIN = MeterMaster()
SIGNS = str.maketrans({"³": "3", ".": "", "·": "", "*": "", "⋅": "", " ": "", "^": ""})


def counter_of(unit: Unit, tag: str) -> MeterLog:
    """The readings of a counter of a unit."""
    if tag == ENERGY:
        return unit.meter
    log = unit.media.get(tag)
    if log is None:
        log = unit.media[tag] = MeterLog(*_said(unit, tag))
    return log


def declare(unit: Unit) -> bool:
    """Tell the counters of a unit what its master data say; whether a reading is to be judged again."""
    logs = {ENERGY: unit.meter, **unit.media}
    changed = [log.declare(*_said(unit, tag)) and bool(log.heard) for tag, log in logs.items()]
    return any(changed)


KWH = {"kwh": 1.0, "wh": 1e-3, "mwh": 1e3, "gwh": 1e6, "j": 1 / 3.6e6, "kj": 1 / 3600, "mj": 1 / 3.6, "gj": 1 / 3.6e-3}
M3 = {"m3": 1.0, "nm3": 1.0, "l": 1e-3, "dm3": 1e-3, "hl": 0.1}
UNITS = {ENERGY: KWH, "air_m3": M3, "gas_m3": M3}
"""What a unit is in that of the indicators, by counter; units are compared without case and signs."""
NOT_SAID = {"", "1"}


def scale_of(unit: Unit, tag: str) -> float | None:
    """What one of a counter is in the unit of the indicators, by the master data; None: they say a strange unit."""
    known = UNITS.get(tag)
    said = None if unit.master is None else next((each.unit for each in unit.master.tags if each.name == tag), None)
    if known is None or said is None:
        return 1.0
    plain = said.translate(SIGNS).lower()
    return 1.0 if plain in NOT_SAID else known.get(plain)


def _said(unit: Unit, tag: str) -> tuple[MeterMaster, Limits, float | None]:
    meters = {} if unit.master is None else unit.master.meters
    declared, scale = meters.get(tag, PLAIN), scale_of(unit, tag)
    per_h, absurd = declared.max_per_h, ABSURD.get(tag)
    if tag == ENERGY and tag not in meters and unit.master is not None:
        highest = max((each.high for each in unit.master.tags if each.name == POWER), default=0.0)
        per_h = MARGIN * highest / (scale or 1.0) or None
    elif tag not in ABSURD and per_h is None:
        per_h = inf
    absurd = None if absurd is None else absurd / (scale or 1.0)
    return declared, Limits(per_h, absurd, declared.rolls_over_at, declared.net), scale
