"""Plants that have locked: units that wait for one another to take or to give a part, in a ring.

Each unit says what others must do before it can give a part and before it can take one
(:mod:`twin.engine.waits`). What may still happen is found from what waits for nobody; the rest never happens: shifts
and repairs do not free it, only a command or the loss of a part would. A source counts as one that may always
give, so a plant that has run dry is not locked.

Source: the greatest set that is closed under waiting, as in the detection of deadlocks with alternatives (AND-OR
graphs, Knapp 1987).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twin.config.plant import PlantConfig
from twin.engine.station import Station
from twin.engine.waits import Act, Waiter, Waits
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
    """A ring of units that wait for one another, with parts in it or ready for it; None when all may go on."""
    never = _never(_asked(Act(station, None) for station in stations))
    for start in never:
        if start.unit.holds:
            ring = _ring(never, start)
            if any(unit.holds for unit in ring):
                return Lock(tuple(unit.path for unit in ring), max(unit.since for unit in ring))
    return None


def _asked(acts: Iterable[Act]) -> dict[Act, Waits]:
    """What these acts wait for, what that waits for, and so on. Where nobody could act, nobody is waited for."""
    waits: dict[Act, Waits] = {}
    ahead = list(acts)
    while ahead:
        act = ahead.pop()
        if act not in waits:
            unit, item = act
            groups = unit.before_giving() if item is None else unit.before_taking(item)
            waits[act] = tuple(group for group in groups if group)
            ahead += [other for group in groups for other in group]
    return waits


def _never(waits: dict[Act, Waits]) -> dict[Act, tuple[Act, ...]]:
    """Acts that can never happen, each with a group of acts none of which can."""
    left = {act: len(groups) for act, groups in waits.items()}
    frees: dict[Act, list[tuple[Act, int]]] = {}
    for act, groups in waits.items():
        for number, group in enumerate(groups):
            for other in group:
                frees.setdefault(other, []).append((act, number))
    shut = {(act, number) for act, groups in waits.items() for number in range(len(groups))}
    ahead = [act for act, number in left.items() if not number]
    while ahead:
        for act, number in frees.get(ahead.pop(), ()):
            if (act, number) in shut:
                shut.remove((act, number))
                left[act] -= 1
                if not left[act]:
                    ahead.append(act)
    return {
        act: next(group for number, group in enumerate(groups) if (act, number) in shut)
        for act, groups in waits.items()
        if left[act]
    }


def _ring(never: dict[Act, tuple[Act, ...]], start: Act) -> list[Waiter]:
    way = [start]
    while (following := never[way[-1]][0]) not in way:
        way.append(following)
    units = [act.unit for act in way[way.index(following) :]]
    ring = [unit for at, unit in enumerate(units) if unit is not units[at - 1]] or units[:1]
    first = min(range(len(ring)), key=lambda at: ring[at].setting.unit)
    return [*ring[first:], *ring[:first]]
