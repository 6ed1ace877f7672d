"""Commands that come over the transport of the records, such as those of Sparkplug hosts: what a plant offers there.

A command is a name and a value: true begins an effect, false or null ends it, a number says how much of it, a text has
further fields of an instruction as JSON (``{"duration": "10 min"}``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from brokers.links import Offered
from twin.effects import effects
from twin.plant.instruction import Instruction
from twin.plant.plant import Plant

CAUSE = "host"
"""Cause of what is wanted that way, so that the same way ends it."""


def offered_by(plant: Plant, sites: Iterable[str]) -> dict[str, Offered]:
    """By site, what its units and the site itself can be told."""
    found: dict[str, dict[str, dict[str, bool]]] = {site: {site: _names(plant, site)} for site in sites}
    for unit in plant.units:
        if str(unit.site) in found:
            found[str(unit.site)][str(unit)] = _names(plant, str(unit))
    return dict(found)


def _names(plant: Plant, path: str) -> dict[str, bool]:
    return {name: bool(effects[name].value) for name in plant.offer(path)}


def wanted_by(path: str, name: str, value: object) -> dict[str, Any]:
    """The instruction that a command means.

    >>> wanted_by("a/b/c/d/e", "slow", 1.5)
    {'cause': 'host', 'factor': 1.5, 'target': 'a/b/c/d/e', 'effect': 'slow'}
    >>> wanted_by("a/b/c/d/e", "stop", False)
    {'cause': 'host', 'end': True, 'target': 'a/b/c/d/e', 'effect': 'stop'}
    """
    return {"cause": CAUSE, **_fields(name, value), "target": path, "effect": name}


def _fields(name: str, value: object) -> dict[str, Any]:
    if value is None or value is False:
        return {"end": True}
    if value is True:
        return {}
    if isinstance(value, int | float):
        return {(effects[name].value if name in effects else "") or "factor": value}
    try:
        said = json.loads(str(value))
    except ValueError:
        said = None
    return said if isinstance(said, dict) and said.keys() <= Instruction.model_fields.keys() else {"value": value}
