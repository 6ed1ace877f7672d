"""Who can do what at which site, and what units ask for: people, and tools that are taken like them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from twin.config.plant import StationConfig
from twin.equipment import EquipmentPath

PHASES = ("setup", "load", "operation", "unload")


class Asked(NamedTuple):
    """A skill that a unit asks for: the field that says so, the skill, how many have to have it."""

    field: str
    skill: str
    number: int


def skills_of(station: StationConfig) -> list[Asked]:
    """All that a station asks for."""
    needs = enumerate(getattr(station, "needs", ()))
    asked = [Asked(f"needs.{n}.skill", need.skill, need.number) for n, need in needs]
    rule = getattr(station, "hold_rule", None)
    jobs = [("hold_rule", rule)] if rule is not None else []
    for key in ("failures", "maintenance"):
        jobs += [(f"{key}.{number}", job) for number, job in enumerate(getattr(station, key, ()))]
    return asked + [Asked(f"{field}.crew", job.crew, 1) for field, job in jobs if job.crew is not None]


class Staff:
    """Who has which skill, found once for a plant.

    Args:
        stations: All of the plant.
    """

    def __init__(self, stations: Mapping[EquipmentPath, StationConfig]):
        self._able: dict[tuple[EquipmentPath, str], list[EquipmentPath]] = {}
        for path, station in stations.items():
            for skill in dict.fromkeys(getattr(station, "skills", ())):
                self._able.setdefault((path.site, skill), []).append(path)

    def able(self, path: EquipmentPath, skill: str) -> Sequence[EquipmentPath]:
        """Those of the site of a unit who have a skill, in document order."""
        return self._able.get((path.site, skill), ())


def assigned(wanted: Sequence[frozenset[EquipmentPath]]) -> int:
    """The most demands that different units can meet at once, each by one of its units (augmenting paths, Kuhn)."""
    of: dict[EquipmentPath, int] = {}
    met: dict[int, EquipmentPath] = {}
    return sum(_meet(wanted, demand, of, met) for demand in range(len(wanted)))


def _meet(
    wanted: Sequence[frozenset[EquipmentPath]], demand: int, of: dict[EquipmentPath, int], met: dict[int, EquipmentPath]
) -> bool:
    """Meet one demand more, if it can be done by others changing their units."""
    takers: dict[EquipmentPath, int] = {}
    for one in (ahead := [demand]):
        free = next((unit for unit in wanted[one] if unit not in of), None)
        if free is not None:
            takers[free] = one
            unit: EquipmentPath | None = free
            while unit is not None:
                taker = takers[unit]
                of[unit], before = taker, met.get(taker)
                met[taker], unit = unit, before
            return True
        others = [unit for unit in wanted[one] if unit not in takers]
        takers |= dict.fromkeys(others, one)
        ahead += dict.fromkeys(of[unit] for unit in others)
    return False
