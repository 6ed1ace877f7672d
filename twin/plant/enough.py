"""Whether enough ever comes together for what begins with several parts: a batch, a load, a set of components.

What can be at a unit at one time, or ever, is bounded by where it comes from: a source with a limit, what stands
ready at the start, the cards of a loop. A bound is never too low, so what is told here waits for ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import ceil, floor, inf
from typing import NamedTuple

from twin.config.plant import PlantConfig, StationConfig
from twin.config.recipes import StepConfig
from twin.engine.links import Paths, destinations, resolve, rework_target
from twin.equipment import EquipmentPath
from twin.errors import Problem

Stations = Mapping[EquipmentPath, StationConfig]
Family = tuple[str | None, str | tuple[str, int]]
"""Pool, and name of those of its steps that share batches, or the one step."""


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
    found = [problem for path in stations for problem in _lacking(path, stations, origins[path], bounds)]
    return [*found, *_small_batches(config)]


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


def _small_batches(config: PlantConfig) -> Iterator[Problem]:
    """Steps of recipes that wait for more pieces than the lots have that ever come to them."""
    coming: defaultdict[Family, list[Lots]] = defaultdict(list)
    lots = [lot for _, _, station in config.stations() if station.releases for lot in _lots(station)]
    for name, recipe in config.recipes.items():
        own = [lot for lot in lots if _recipe(config, lot.item) == name]
        ids = [step.id or str(number + 1) for number, step in enumerate(recipe.steps)]
        again = any(step.rework for step in recipe.steps)
        for number, step in enumerate(recipe.steps):
            before = {"", *(ids if again else ids[: number + 1])}
            certain = not again and all(one.sample == 1.0 for one in recipe.steps[: number + 1])
            coming[_family(name, number, step)] += [
                lot._replace(certain=certain) for lot in own if lot.begins in before
            ]
    for name, recipe in config.recipes.items():
        for number, step in enumerate(recipe.steps):
            if found := _unfilled(step, coming[_family(name, number, step)]):
                yield Problem(f"recipes.{name} steps.{number}.batch_min", *found)


class Lots(NamedTuple):
    """Lots of one line of a plan.

    Args:
        item: Their item.
        begins: The step that they begin with, empty for the first.
        size: Pieces of each.
        number: How many there are at most.
        certain: All of them come to the step in question, each once.
    """

    item: str
    begins: str
    size: int
    number: float
    certain: bool = False


def _unfilled(step: StepConfig, lots: list[Lots]) -> tuple[str, str, str] | None:
    """Expected, got and hint where batches of a step are never full, or its last ones are not."""
    most = sum(lot.size * lot.number for lot in lots)
    if 0 < most < step.batch_min:
        hint = "release more or larger lots, or wait for less"
        return f"{step.batch_min} pieces of lots that come to the step", f"at most {most:g}", hint
    sizes = {lot.size for lot in lots}
    if step.batch_max is None or step.batch_min == 1 or len(sizes) != 1:
        return None
    (size,), number = sizes, sum(lot.number for lot in lots)
    least, room = ceil(step.batch_min / size), max(step.batch_max // size, 1)
    if least > room:
        expected = f"lots of which some number has {step.batch_min} to {step.batch_max} pieces"
        return expected, f"lots of {size}", "batches begin with less: change batch_min, batch_max or the size of lots"
    batches = number // least  # as many as there can be: if these cannot take all lots, fewer cannot either
    if number < inf and batches * room < number and all(lot.certain for lot in lots):
        expected = f"a number of lots that fill batches of {_between(least, room)} lots"
        return expected, f"{number:g} lots", "the last ones wait for ever: release more, or wait for less"
    return None


def _between(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


def _lots(desk: StationConfig) -> Iterator[Lots]:
    for plan in getattr(desk, "release", ()):
        times = 1.0 if plan.every is None else plan.times or inf
        yield Lots(plan.item, "", plan.size, plan.lots * times)
    for lot in getattr(desk, "started", ()):
        yield Lots(lot.item, lot.step, lot.size, float(lot.lots))


def _recipe(config: PlantConfig, item: str) -> str:
    known = config.items.get(item)
    return item if known is None else known.recipe or item


def _family(recipe: str, number: int, step: StepConfig) -> Family:
    """What lots share batches by."""
    return step.pool, step.batch_family or (recipe, number)


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
