"""Which items come to which station: found once, before anything runs, and checked."""

from __future__ import annotations

from typing import Any

from twin.config.plant import PlantConfig, StationConfig
from twin.engine.links import Items, Paths, items_at
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.plant.carried_check import Network, check_keeping
from twin.plant.endless import wrong_ways
from twin.plant.people_check import wrong_people
from twin.plant.supply_check import wrong_supply

MOST_AT_START = 1_000_000
"""Most items that stand in a unit at the start, each kept apart; a member of a supply network keeps their number."""


def check_flow(
    config: PlantConfig, successors: dict[EquipmentPath, Paths], reworks: dict[EquipmentPath, Paths]
) -> tuple[Items, list[Problem]]:
    """Follow the items through the plant.

    Returns:
        Items that can come to or start in each station, and what is wrong.
    """
    stations = {path: station for path, _, station in config.stations()}
    items = items_at(stations, successors, reworks)
    problems: list[Problem] = []
    for path, station in stations.items():
        problems += _wrong_place(path, station, successors[path], stations)
        problems += _wrong_mix(path, station)
        problems += _wrong_cycles(path, station, items[path])
        problems += _wrong_stock(path, station, items[path])
        problems += _wrong_shares(path, station)
        problems += _wrong_rooms(path, station, successors[path], stations)
        problems += station.problems(path, items[path])
    problems += wrong_people(config, stations)
    problems += _refused_everywhere(stations, successors, items)
    problems += wrong_ways(stations, successors, reworks, items)
    problems += wrong_supply(stations, successors)
    problems += check_keeping(Network(stations, successors, reworks, items))
    return items, problems


def _wrong_place(
    path: EquipmentPath, station: StationConfig, targets: Paths, stations: dict[EquipmentPath, StationConfig]
) -> list[Problem]:
    problems = []
    if targets and not station.flows:
        problems.append(Problem(f"{path} to", "nothing, it takes no material", ", ".join(targets)))
    if not targets and station.flows and not station.ends:
        problems.append(Problem(f"{path} to", "somewhere to give parts to", "nothing", "add a sink after it"))
    if targets and station.ends:
        problems.append(Problem(f"{path} to", f"nothing, it is a {station.kind}", ", ".join(targets)))
    for target in targets:
        kind = stations[target].kind
        if not stations[target].flows:
            hint = "list it after the sink or in a line of its own, or write to: [...]"
            problems.append(Problem(f"{path} to", "a unit that takes parts", f"the {kind} {target}", hint))
        if stations[target].begins:
            problems.append(Problem(f"{path} to", "a unit that takes parts", f"the {kind} {target}"))
        if (stations[target].dock == "in") != (station.dock == "out"):
            problems.append(
                Problem(f"{path} to", "shipping before every receiving and nowhere else", f"{station.kind} to {kind}")
            )
    return problems


def _refused_everywhere(
    stations: dict[EquipmentPath, StationConfig], successors: dict[EquipmentPath, Paths], items: Items
) -> list[Problem]:
    """Items that leave a unit and for which none of the units after it has use."""
    problems = []
    for path, targets in successors.items():
        given = {item for target in targets for item in stations[path].leaving(items[path], target)}
        taken = {item for to in targets for item in stations[to].accepts(stations[path].leaving(items[path], to))}
        for item in sorted(given - taken):
            hint = "list it in its variants, places or cards, or send it elsewhere by a route"
            problems.append(Problem(f"{path} to", f"a unit that takes {item!r}", ", ".join(targets), hint))
    return problems


def _wrong_mix(path: EquipmentPath, station: StationConfig) -> list[Problem]:
    mix: dict[str, int] = getattr(station, "mix", {})
    empty = mix and sum(mix.values()) <= 0
    return [Problem(f"{path} mix", "at least one item in a round", "none")] if empty else []


def _wrong_cycles(path: EquipmentPath, station: StationConfig, items: set[str]) -> list[Problem]:
    if not station.flows or not hasattr(station, "cycles") or station.cycle is not None:  # type: ignore[attr-defined]
        return []
    needed = set(getattr(station, "products", items))
    missing = sorted(needed - set(station.cycles))
    hint = "give cycle, or cycles by item"
    return [Problem(f"{path} cycle", f"a time for {item!r}", "none", hint) for item in missing]


def _wrong_stock(path: EquipmentPath, station: StationConfig, items: set[str]) -> list[Problem]:
    places: Any = getattr(station, "capacity", None)
    held = sum(getattr(station, "initial", {}).values())
    problems = []
    if held > MOST_AT_START and not station.network:
        problems.append(Problem(f"{path} initial", f"at most {MOST_AT_START} items at the start", str(held)))
    if places is not None and held > places:
        problems.append(Problem(f"{path} initial", f"at most {places} items, its capacity", str(held)))
    load = getattr(station, "load", None)
    if getattr(station, "departures", ()) or getattr(station, "max_wait", None) is not None:
        return problems  # a smaller load goes too
    needed = 0 if load is None else len(items) * (load - 1) + 1
    if load is not None and places < max(needed, load):
        expected = f"at least {max(needed, load)} places for loads of {load} of {len(items)} items"
        problems.append(Problem(f"{path} capacity", expected, str(places)))
    return problems


def _wrong_rooms(
    path: EquipmentPath, station: StationConfig, targets: Paths, stations: dict[EquipmentPath, StationConfig]
) -> list[Problem]:
    """Receivers that never have room for a whole load."""
    load: Any = getattr(station, "load", 0)
    docks: list[Any] = [(target, stations[target]) for target in targets if stations[target].dock == "in"]
    hint = f"or loads of less at {path}"
    return [
        Problem(f"{target} capacity", f"room for a load of {load}", f"{dock.capacity} places", hint)
        for target, dock in docks
        if station.dock == "out" and dock.capacity < load
    ]


def _wrong_shares(path: EquipmentPath, station: StationConfig) -> list[Problem]:
    share = getattr(station, "scrap", 0.0) + getattr(station, "rework", 0.0)
    return [] if share <= 1 else [Problem(f"{path} rework", "scrap and rework of at most 1 together", f"{share:g}")]
