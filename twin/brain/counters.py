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


def _said(unit: Unit, tag: str) -> tuple[MeterMaster, Limits]:
    meters = {} if unit.master is None else unit.master.meters
    declared = meters.get(tag, PLAIN)
    per_h = declared.max_per_h
    if tag == ENERGY and tag not in meters and unit.master is not None:
        highest = max((each.high for each in unit.master.tags if each.name == POWER), default=0.0)
        per_h = MARGIN * highest or None
    elif tag not in ABSURD and per_h is None:
        per_h = inf
    return declared, Limits(per_h, ABSURD.get(tag), declared.rolls_over_at, declared.net)
