"""Plants that have locked: units that wait for one another to take a part, in a ring.

A unit waits when it is full of parts that can go nowhere else than to units that wait as well. Nothing that
happens in such a set can free it: shifts and repairs do not, only a command or the loss of a part would.

Source: the greatest set that is closed under waiting, as in the detection of deadlocks with alternatives (AND-OR
graphs, Knapp 1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.config.plant import PlantConfig
from twin.engine.station import Station
from twin.equipment import EquipmentPath

LOCKED = "locked"
"""Code of the alarm."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Units that wait for one another.

    Args:
        ring: Their paths, each waiting for the next, the last for the first.
        since_s: Simulated time since when none has gone on.
    """

    ring: tuple[EquipmentPath, ...]
    since_s: float

    def __str__(self) -> str:
        line = self.ring[0].line
        names = [path.name if path.line == line else str(path) for path in self.ring]
        return " > ".join([*names, names[0]])

    def told(self, plant: PlantConfig) -> str:
        """It in words, with the local time of the plant."""
        since = plant.local(self.since_s)
        return f"locked since {since:%Y-%m-%d %H:%M}: {self} (a buffer in this ring gives room to pass)"


def find_lock(stations: Sequence[Station]) -> Lock | None:
    """A ring of units that wait for one another; None when all may go on."""
    waits = {station: takers for station in stations if (takers := station.waits_for())}
    pruned = True
    while pruned:
        free = [station for station, takers in waits.items() if any(taker not in waits for taker in takers)]
        for station in free:
            del waits[station]
        pruned = bool(free)
    if not waits:
        return None
    ring = _ring(waits)
    return Lock(tuple(station.path for station in ring), max(station.since for station in ring))


def _ring(waits: dict[Station, tuple[Station, ...]]) -> list[Station]:
    way = [next(iter(waits))]
    while (following := waits[way[-1]][0]) not in way:
        way.append(following)
    ring = way[way.index(following) :]
    first = min(range(len(ring)), key=lambda at: ring[at].setting.unit)
    return [*ring[first:], *ring[:first]]
