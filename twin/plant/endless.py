"""Ways on which material goes round or through without taking time: then time would stand still for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twin.config.plant import StationConfig
from twin.engine.links import Items, Paths
from twin.equipment import EquipmentPath
from twin.errors import Problem

Stations = Mapping[EquipmentPath, StationConfig]
Way = list[EquipmentPath]


def wrong_ways(stations: Stations, successors: Mapping[EquipmentPath, Paths], items: Items) -> list[Problem]:
    """Endless sources whose material may be gone at once, and circles that a part goes round in no time.

    Args:
        stations: All of the plant.
        successors: Destinations of each.
        items: Items that can come to each.
    """
    instant = {path for path, station in stations.items() if station.instant}
    quick = {path: [to for to in successors[path] if stations[to].boundless] for path in stations}
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
    for circle in _circles(open_ways):
        hint = "give one of them a time above 0 s"
        problems.append(Problem(str(circle[0]), "a unit that takes time in every circle", _shown(circle), hint))
    return problems


def _to_end(stations: Stations, quick: Mapping[EquipmentPath, list[EquipmentPath]], start: EquipmentPath) -> Way:
    """The shortest way of no time from a source out of the plant; empty when there is none."""
    ways: dict[EquipmentPath, Way] = {start: [start]}
    items = {start: stations[start].opening()}
    for path in (ahead := [start]):
        if stations[path].ends:
            return ways[path]
        for to in quick[path]:
            given = _given(stations, items[path], path, to)
            if given and to not in ways:
                ways[to], items[to] = [*ways[path], to], given
                ahead.append(to)
    return []


def _given(stations: Stations, items: set[str], path: EquipmentPath, to: EquipmentPath) -> set[str]:
    """Items that go from one unit to another when some come to the first."""
    return stations[to].accepts(stations[path].leaving(items, to))


def _circles(quick: Mapping[EquipmentPath, list[EquipmentPath]]) -> Iterator[Way]:
    """One circle through each unit that is in one, unless it is in one told before."""
    told: set[EquipmentPath] = set()
    for start in quick:
        ways: dict[EquipmentPath, Way] = {}
        ahead = [(start, [start])]
        for path, way in ahead:
            for to in quick[path]:
                if to == start and start not in told:
                    told.update(way)
                    yield [*way, start]
                elif to not in ways and to not in told:
                    ways[to] = [*way, to]
                    ahead.append((to, ways[to]))


def _shown(way: Way) -> str:
    return " > ".join(path.name if path.line == way[0].line else str(path) for path in way)
