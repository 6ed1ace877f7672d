"""What the operations of a unit depend on: maintenance, wear, people and tools, put together in order."""

from __future__ import annotations

from typing import Any

from twin.behaviours.life import CYCLES, Strokes, renew_life
from twin.behaviours.maintenance import Maintenance, Pauses
from twin.behaviours.needs import Needs
from twin.behaviours.quality import HoldRule, ScrapDrift
from twin.behaviours.workplace import Workplace
from twin.config.behaviours import behaviour_of


def equip(station: Workplace, config: Any) -> None:
    """Add to a unit what its configuration says, after its own stages and its failure modes."""
    station.upkeep = tuple(Maintenance(station, job) for job in getattr(config, "maintenance", ()))
    if station.upkeep:
        station.stages = (*station.stages, Pauses(station))
    if any(life.basis == CYCLES for life in station.lives):
        station.stages = (*station.stages, Strokes(station))
    for one in getattr(config, "behaviours", ()):
        behaviour = behaviour_of(one)(station, one)
        if behaviour.after:
            station.exits = (*station.exits, behaviour)
        else:
            station.stages = (*station.stages, behaviour)
    drift, rule = getattr(config, "scrap_drift", None), getattr(config, "hold_rule", None)
    station.drift = None if drift is None else ScrapDrift(station, drift, config.scrap)
    station.rule = None if rule is None else HoldRule(station, rule)
    needs = getattr(config, "needs", ())
    if needs or any(getattr(config, key, None) is not None for key in ("load_time", "unload_time")):
        station.needs = Needs(station, needs, config.priority)
    if station.rule is not None:
        station.go_general()
    renew_life(station)
