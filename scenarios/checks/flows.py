"""Whether a plant can be built and everything in it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devices.instants import wrong_instants
from scenarios.checks.references import ends, flows, ships
from scenarios.format.document import station_configs
from scenarios.reading.index import Index, StationEntry, text_at
from scenarios.reading.messages import problem
from scenarios.reading.nodes import Loc
from twin.config.plant import PlantConfig
from twin.errors import ModelError, Problem
from twin.plant.plant import Plant


def impossible(index: Index, plant: PlantConfig) -> Iterator[Problem]:
    """What keeps a valid document from being a working plant, with the places in the document."""
    yield from _unfed(index)
    try:
        Plant(plant, 0, trace=False)
    except ModelError as error:
        yield from placed(index, error.problems)
    yield from placed(index, wrong_instants(plant))


def placed(index: Index, problems: Iterable[Problem]) -> Iterator[Problem]:
    """What the engine finds, with file and line."""
    for found in problems:
        yield Problem(_place(index, found.where), found.expected, found.got, found.hint)


def _place(index: Index, where: str) -> str:
    """What the engine says of a unit, a perturbation or a common envelope, with file and line."""
    path, _, field = where.partition(" ")
    unit = index.units.get(path)
    loc = None if unit is None else unit.loc
    if path == "perturbation":
        name, _, field = field.partition(" ")
        loc = _perturbation(index, name)
    if path.startswith("recipes."):
        loc = ("recipes", path.removeprefix("recipes."))
    if path == "envelope":
        name, _, field = field.partition(" ")
        loc = _named(index, [("envelopes",)], name)
    parts = (int(part) if part.isdigit() else part for part in field.split("."))
    return where if loc is None else f"{index.root.at((*loc, *parts)).mark} {where}"


def _perturbation(index: Index, name: str) -> Loc | None:
    """Where a perturbation stands, or the cap of a site or of several that is one."""
    commons = len(index.root.at(("envelopes",)).elements)
    caps: list[Loc] = [(*loc, "envelope", "caps") for _, _, loc in index.sites()]
    return _named(index, [("perturbations",), *caps, *(("envelopes", n, "caps") for n in range(commons))], name)


def _named(index: Index, lists: Iterable[Loc], name: str) -> Loc | None:
    """Where the first entry of some lists with an id stands."""
    nodes = ((loc, index.root.at(loc).elements) for loc in lists)
    named = ((*loc, n) for loc, elements in nodes for n, one in enumerate(elements) if text_at(one, "id") == name)
    return next(named, None)


def destinations(unit: StationEntry) -> list[str]:
    """Paths of the units that a unit gives material to, rework too."""
    given = unit.node.entries.get("to")
    names = [str(element.plain()) for element in ([] if given is None else given.elements)]
    if given is None and unit.following is not None and flows(unit) and not ships(unit) and not ends(unit):
        names = [unit.following]
    rework = text_at(unit.node, "rework_to")
    return [unit.target(name) for name in ([*names, rework] if rework else names)]


def _unfed(index: Index) -> Iterator[Problem]:
    fed = {target for unit in index.units.values() for target in destinations(unit)}
    hint = "list it after the unit that feeds it, or name it in that unit's 'to'"
    kinds = {kind for kind, config in station_configs().items() if config.fed}
    for unit in index.units.values():
        if unit.kind in kinds and unit.path not in fed:
            yield problem(index.root, unit.loc, "a unit that feeds it", "none", hint)
