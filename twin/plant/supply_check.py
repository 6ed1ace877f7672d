"""Whether the members of a supply network fit together; found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from twin.config.plant import StationConfig
from twin.engine.links import Paths, resolve, unknown
from twin.equipment import EquipmentPath
from twin.errors import Problem

Stations = Mapping[EquipmentPath, StationConfig]


def wrong_supply(stations: Stations, successors: Mapping[EquipmentPath, Paths]) -> Iterator[Problem]:
    """Everything that is wrong between suppliers, stocking points, lanes and customers."""
    feeding: dict[EquipmentPath, list[EquipmentPath]] = {path: [] for path in stations}
    for path, targets in successors.items():
        for target in targets:
            feeding[target].append(path)
    yield from _circles(stations, feeding)
    for path, station in stations.items():
        for target in successors[path]:
            yield from _wrong_pair(path, station, target, stations[target])
        if station.network:
            yield from _wrong_needs(path, stations, feeding)
            yield from _wrong_backups(path, stations, feeding)


def _circles(stations: Stations, feeding: Mapping[EquipmentPath, list[EquipmentPath]]) -> Iterator[Problem]:
    """Orders that would come back to who placed them."""
    members = {path: [b for b in feeding[path] if stations[b].network] for path in stations if stations[path].network}
    try:
        TopologicalSorter(members).prepare()
    except CycleError as error:
        around = error.args[1]
        yield Problem(f"{around[0]} to", "a supply network without circles", " > ".join(reversed(around)))


def _sells(station: StationConfig) -> tuple[str, ...]:
    return getattr(station, "supplies", ())


def _wrong_pair(
    path: EquipmentPath, station: StationConfig, target: EquipmentPath, other: StationConfig
) -> Iterator[Problem]:
    expected = ""
    if station.conveys and (not other.network or other.conveys):
        expected = "a stocking point or a customer after a lane"
    elif station.network and station.begins and not other.network:
        expected = "a lane, a stocking point or a customer after a supplier"
    elif other.network and (other.conveys or other.ends) and not station.network:
        expected = f"a supplier or a stocking point before a {other.kind}"
    if expected:
        yield Problem(f"{path} to", expected, f"{target} of kind {other.kind} after {station.kind}")


def _leading(
    path: EquipmentPath, stations: Stations, feeding: Mapping[EquipmentPath, list[EquipmentPath]]
) -> dict[EquipmentPath, set[EquipmentPath]]:
    """Vendors that a buyer can order from, each with the lanes between (or itself)."""
    found: dict[EquipmentPath, set[EquipmentPath]] = {}
    for before in feeding[path]:
        if stations[before].conveys:
            for vendor in feeding[before]:
                found.setdefault(vendor, set()).update((vendor, before))
        elif _sells(stations[before]):
            found.setdefault(before, set()).add(before)
    return found


def _wrong_needs(
    path: EquipmentPath, stations: Stations, feeding: Mapping[EquipmentPath, list[EquipmentPath]]
) -> Iterator[Problem]:
    station: Any = stations[path]
    if station.begins or station.conveys:
        return
    needs = {station.item} if station.ends else set(station.required)
    vendors = _leading(path, stations, feeding)
    if not vendors and not station.ends and not station.components:
        return
    sold = {item for vendor in vendors for item in _sells(stations[vendor])}
    for item in sorted(needs - sold):
        hint = "let a supplier or stocking point that has it lead here, by its 'to'"
        yield Problem(
            f"{path}", f"somebody who supplies {item!r}", f"only {', '.join(sorted(sold)) or 'nothing'}", hint
        )
    few = [item for item, number in getattr(station, "components", {}).items() if number < 1]
    for item in few:
        yield Problem(f"{path} components.{item}", "at least 1", str(station.components[item]))


def _wrong_backups(
    path: EquipmentPath, stations: Stations, feeding: Mapping[EquipmentPath, list[EquipmentPath]]
) -> Iterator[Problem]:
    for number, link in enumerate(getattr(stations[path], "backups", ())):
        ways = set().union(*_leading(path, stations, feeding).values())
        for end in ("primary", "backup"):
            name = getattr(link, end)
            found = resolve(name, path.line, stations)
            where = f"{path} backups.{number}.{end}"
            if found is None:
                yield unknown(where, name, path.line, stations)
            elif found not in ways:
                known = ", ".join(sorted(ways)) or "nothing leads here"
                yield Problem(where, "a supplier, stocking point or lane that leads here", name, known)
