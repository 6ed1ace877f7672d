"""Ways on which material goes round or through without taking time: then time would stand still for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twin.config.plant import StationConfig
from twin.engine.links import Items, Paths
from twin.equipment import EquipmentPath
from twin.errors import Problem

Stations = Mapping[EquipmentPath, StationConfig]
Way = list[EquipmentPath]


def wrong_ways(
    stations: Stations,
    successors: Mapping[EquipmentPath, Paths],
    reworks: Mapping[EquipmentPath, Paths],
    items: Items,
) -> list[Problem]:
    """Endless sources whose material may be gone at once, and circles that a part goes round in no time.

    Args:
        stations: All of the plant.
        successors: Destinations of each.
        reworks: Where inspections send rework; followed from those that send all of it there again and again.
        items: Items that can come to each.
    """
    awaiting = _awaiting(stations)
    instant = {path for path, station in stations.items() if station.instant and path not in awaiting}
    boundless = {path for path, station in stations.items() if station.boundless and path not in awaiting}
    quick = {path: [to for to in successors[path] if to in boundless] for path in stations}
    problems = []
    for path, station in stations.items():
        if station.endless and (way := _to_end(stations, quick, path)):
            expected = f"a unit that holds material up from the source to {way[-1]}"
            hint = "give the source an interval or a limit, or a unit on the way a time above 0 s or a capacity"
            problems.append(Problem(str(path), expected, f"none: {_shown(way)}", hint))
    open_ways = {
        path: [to for to in quick[path] if to in instant and _given(stations, items[path], path, to)]
        for path in stations
        if path in instant
    }
    for path in open_ways:
        if stations[path].returns:
            again = reworks.get(path) or (path,)
            open_ways[path] = [to for to in again if to in instant and _given(stations, items[path], path, to)]
    for circle in _circles(open_ways):
        hint = "give one of them a time above 0 s"
        problems.append(Problem(str(circle[0]), "a unit that takes time in every circle", _shown(circle), hint))
    return problems


def _awaiting(stations: Stations) -> set[EquipmentPath]:
    """Units that wait for somebody who walks to them: that takes time, though their work takes none."""
    walkers = {
        (path.site, skill)
        for path, station in stations.items()
        for skill in getattr(station, "skills", ())
        if getattr(station, "walk", 0.0) or getattr(station, "speed", None)
    }
    needs = ((path, need) for path, station in stations.items() for need in getattr(station, "needs", ()))
    return {path for path, need in needs if (path.site, need.skill) in walkers}


def _to_end(stations: Stations, quick: Mapping[EquipmentPath, list[EquipmentPath]], start: EquipmentPath) -> Way:
    """The shortest way of no time from a source out of the plant; empty when there is none."""
    came = {start: start}
    items = {start: stations[start].opening()}
    for path in (ahead := [start]):
        if stations[path].ends:
            return _back(came, path, start)
        for to in quick[path]:
            given = _given(stations, items[path], path, to)
            if given and to not in came:
                came[to], items[to] = path, given
                ahead.append(to)
    return []


def _back(came: Mapping[EquipmentPath, EquipmentPath], end: EquipmentPath, start: EquipmentPath) -> Way:
    """The way from the start to an end, by where each was come to from."""
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]


def _given(stations: Stations, items: set[str], path: EquipmentPath, to: EquipmentPath) -> set[str]:
    """Items that go from one unit to another when some come to the first."""
    return stations[to].accepts(stations[path].leaving(items, to))


def _circles(quick: Mapping[EquipmentPath, list[EquipmentPath]]) -> Iterator[Way]:
    """One circle through each unit that is in one, unless it is in one told before."""
    quick = _trimmed(quick)
    told: set[EquipmentPath] = set()
    for start in quick:
        came: dict[EquipmentPath, EquipmentPath] = {}
        for path in (ahead := [start]):
            for to in quick[path]:
                if to == start and start not in told:
                    way = _back(came, path, start)
                    told.update(way)
                    yield [*way, start]
                elif to not in came and to not in told:
                    came[to] = path
                    ahead.append(to)


def _trimmed(quick: Mapping[EquipmentPath, list[EquipmentPath]]) -> dict[EquipmentPath, list[EquipmentPath]]:
    """Without the units that no circle can go through, for nothing quick comes to them or leads on."""
    into: dict[EquipmentPath, list[EquipmentPath]] = {path: [] for path in quick}
    for path, targets in quick.items():
        for to in targets:
            into[to].append(path)
    gone: set[EquipmentPath] = set()
    for ends, starts in ((quick, into), (into, quick)):
        left = {path: len(ends[path]) for path in quick}
        for path in (ahead := [path for path in quick if not left[path]]):
            gone.add(path)
            for before in starts[path]:
                left[before] -= 1
                if not left[before]:
                    ahead.append(before)
    return {path: [to for to in targets if to not in gone] for path, targets in quick.items() if path not in gone}


def _shown(way: Way) -> str:
    return " > ".join(path.name if path.line == way[0].line else str(path) for path in way)
