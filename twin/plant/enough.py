"""Whether enough ever comes together for what begins with several parts: a batch, a load, a set of components.

What can be at a unit at one time, or ever, is bounded by where it comes from: a source with a limit, what stands
ready at the start, the cards of a loop. A bound is never too low, so what is told here waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import floor, inf
from typing import NamedTuple

from twin.config.plant import PlantConfig, StationConfig
from twin.engine.links import Paths, destinations, resolve, rework_target
from twin.equipment import EquipmentPath
from twin.errors import Problem

Stations = Mapping[EquipmentPath, StationConfig]


class Origin(NamedTuple):
    """Where parts come from: a unit, and which of what it gives (of cards: which of them)."""

    path: EquipmentPath
    name: str


FREED = "freed"
"""What leaves a loop of cards, of which any number follow."""
Origins = dict[EquipmentPath, dict[str, set[Origin]]]
"""Where the parts of each item that can come to a unit may come from."""


def too_few(config: PlantConfig) -> list[Problem]:
    """Units that wait for more parts than can ever be there."""
    stations = {path: station for path, _, station in config.stations()}
    successors, _ = destinations(config)
    targets = {path: (*successors[path], *rework_target(path, stations[path], stations)) for path in stations}
    origins = _origins(stations, targets)
    bounds = _bounds(stations, origins)
    return [problem for path in stations for problem in _lacking(path, stations, origins[path], bounds)]


def _lacking(
    path: EquipmentPath, stations: Stations, here: dict[str, set[Origin]], bounds: dict[Origin, float]
) -> Iterator[Problem]:
    for item in dict.fromkeys(getattr(stations[path], "sequence", ())):
        if not here.get(item):
            hint = "leave it out, or check the 'to' of its supplier"
            yield Problem(f"{path} sequence", f"a station that delivers {item!r} here", "none", hint)
    for field, items, number in stations[path].gathers({*here}):
        among = {origin for item in items for origin in here.get(item, ())}
        most = sum(bounds[origin] for origin in among)
        if most < number and (most or stations[path].joins):  # of nothing that comes nothing waits
            names = ", ".join(sorted({origin.path.name for origin in among if bounds[origin]}))
            hint = f"more from {names}, or less here" if names else "see what comes before it"
            what = " and ".join(sorted(items))
            yield Problem(f"{path} {field}", f"{number} of {what} that it waits for", f"at most {most:g}", hint)


# --- where parts come from --------------------------------------------------------------------------


def _origins(stations: Stations, targets: Mapping[EquipmentPath, Paths]) -> Origins:
    """Follow the parts of each origin until nothing new is found."""
    found: Origins = {path: {} for path in stations}
    for path, station in stations.items():
        for item in station.brings():
            found[path][item] = {Origin(path, item)}
    gates = _gates(stations)
    ahead = [path for path in stations if found[path]]
    while ahead:
        path = ahead.pop()
        given = _given(path, stations[path], found[path], gates)
        for target in targets[path]:
            leaving = stations[path].leaving({*found[path]}, target)
            new = False
            for item in stations[target].accepts(leaving):
                known = found[target].setdefault(item, set())
                more = given.get(item, {Origin(path, item)})
                new = new or not more <= known
                known |= more
            if new:
                ahead.append(target)
    return found


def _gates(stations: Stations) -> dict[EquipmentPath, set[EquipmentPath]]:
    """Entries of loops of cards by the unit where the loop ends."""
    found: dict[EquipmentPath, set[EquipmentPath]] = {}
    for path, station in stations.items():
        name = getattr(station, "exit", None)
        end = resolve(name, path.line, stations) if isinstance(name, str) else None
        if end is not None:
            found.setdefault(end, set()).add(path)
    return found


def _given(
    path: EquipmentPath,
    station: StationConfig,
    here: dict[str, set[Origin]],
    gates: Mapping[EquipmentPath, set[EquipmentPath]],
) -> dict[str, set[Origin]]:
    """Where what leaves a unit comes from; what it makes comes from there."""
    made = {product for product, _ in station.makings({*here})}
    ends = gates.get(path, ())
    given = {}
    for item, origins in here.items():
        card = station.card(item)
        if card is not None:
            given[item] = {Origin(path, card[0])}
        elif item not in made and not station.splits:
            given[item] = {Origin(path, FREED) if origin.path in ends else origin for origin in origins}
    return given


# --- how many there are -----------------------------------------------------------------------------


def _bounds(stations: Stations, origins: Origins) -> dict[Origin, float]:
    """The most of each origin: from no bound at all downwards, until no round tells more."""
    every = (origin for here in origins.values() for them in here.values() for origin in sorted(them))
    bounds = dict.fromkeys(every, inf)
    for _ in bounds:
        before = dict(bounds)
        for origin in bounds:
            bounds[origin] = _bound(origin, stations[origin.path], origins[origin.path], bounds)
        if bounds == before:
            break
    return bounds


def _bound(
    origin: Origin, station: StationConfig, here: dict[str, set[Origin]], bounds: Mapping[Origin, float]
) -> float:
    def coming(item: str) -> float:
        return sum(bounds[other] for other in here.get(item, ()) if other != origin)

    if origin.name == FREED:
        return inf
    cards = dict(filter(None, (station.card(item) for item in here)))
    if cards:
        entering = [item for item in here if (card := station.card(item)) and card[0] == origin.name]
        return min(cards.get(origin.name, inf), sum(map(coming, entering)))
    making = [
        min((floor(coming(item) / each + 1e-9) if coming(item) < inf else inf for item, each in needed.items()))
        for product, needed in station.makings({*here})
        if product == origin.name
    ]
    return sum(making) if making else station.brings().get(origin.name, inf)
