"""Who hands parts to whom: the destinations that a user wrote, resolved and checked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from twin.config.plant import PlantConfig, StationConfig
from twin.equipment import EquipmentPath
from twin.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from twin.engine.station import Station

T = TypeVar("T")
Paths = tuple[EquipmentPath, ...]
Items = dict[EquipmentPath, set[str]]


def resolve(name: str, line: EquipmentPath, known: Mapping[EquipmentPath, object]) -> EquipmentPath | None:
    """The unit that a name means: an id in the line, or a full path; None when there is none."""
    path = line.child(name) if "/" not in name else name
    return EquipmentPath(path) if path in known else None


def reach(starts: Iterable[T], follow: Callable[[T], Iterable[T]], stops: Container[T] = ()) -> list[T]:
    """The starts and all that is come to from them, the nearest first; nothing is followed beyond the stops."""
    found: dict[T, None] = {}
    ahead = deque(starts)
    while ahead:
        one = ahead.popleft()
        if one not in found:
            found[one] = None
            ahead += () if one in stops else follow(one)
    return list(found)


def givees(station: Station) -> tuple[Station, ...]:
    """Where parts may go from a unit, also for rework."""
    return (*station.successors, *getattr(station, "rework_takers", ()))


def destinations(config: PlantConfig) -> tuple[dict[EquipmentPath, Paths], list[Problem]]:
    """Destinations of each station.

    Without ``to`` a station gives to the next one listed in its line; the last of a line and a sink to nobody.

    Returns:
        Paths of the successors by path, and what is wrong.
    """
    stations = [(path, station) for path, _, station in config.stations()]
    known = {path: None for path, _ in stations}
    found: dict[EquipmentPath, Paths] = {}
    problems: list[Problem] = []
    for index, (path, station) in enumerate(stations):
        if station.to is None:
            follower = stations[index + 1][0] if index + 1 < len(stations) else None
            gives = station.flows and not station.ends
            near = follower is not None and follower.line == path.line and gives
            found[path] = (follower,) if near and follower is not None else ()
        else:
            found[path] = _named(path, station.to, known, problems)
    problems.extend(_doubled(path for path, _ in stations))
    return found, problems


def _named(
    path: EquipmentPath, names: Iterable[str], known: Mapping[EquipmentPath, object], problems: list[Problem]
) -> Paths:
    targets = []
    for name in names:
        target = resolve(name, path.line, known)
        if target is None:
            problems.append(unknown(f"{path} to", name, path.line, known))
        elif target == path:
            problems.append(Problem(f"{path} to", "another unit", "the unit itself"))
        else:
            targets.append(target)
    return tuple(targets)


def unknown(where: str, name: str, line: EquipmentPath, known: Iterable[EquipmentPath]) -> Problem:
    """The problem of a name that no unit has."""
    names = [path.name if path.line == line else str(path) for path in known]
    hint = did_you_mean(name, names, "use an id of the line or a full path")
    return Problem(where, "a unit of the plant", repr(name), hint)


def _doubled(paths: Iterable[EquipmentPath]) -> list[Problem]:
    seen: set[EquipmentPath] = set()
    problems = []
    for path in paths:
        if path in seen:
            problems.append(Problem(str(path), "one unit of this path", "two", "give them different ids"))
        seen.add(path)
    return problems


def rework_target(path: EquipmentPath, station: StationConfig, known: Mapping[EquipmentPath, object]) -> Paths:
    """The unit that an inspection sends rework to, as a tuple; empty when there is none."""
    name = getattr(station, "rework_to", None)
    target = None if name is None else resolve(name, path.line, known)
    return () if target is None else (target,)


def items_at(
    stations: Mapping[EquipmentPath, StationConfig],
    successors: Mapping[EquipmentPath, Paths],
    reworks: Mapping[EquipmentPath, Paths],
) -> Items:
    """Items that can come to, or start in, each station.

    Args:
        stations: All stations.
        successors: Where each gives its material to.
        reworks: Where each sends rework to.
    """
    items: Items = {path: station.opening() for path, station in stations.items()}
    waiting = [path for path in stations if items[path]]
    while waiting:
        path = waiting.pop()
        for target in (*successors[path], *reworks.get(path, ())):
            leaving = stations[path].leaving(items[path], target)
            new = stations[target].accepts(leaving) - items[target]
            if new:
                items[target] |= new
                waiting.append(target)
    return items
