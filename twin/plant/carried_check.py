"""Whether what is taken with parts always comes back: ways that end where it is given back, and no circle of waiting.

A part that has something with it waits: for room ahead, for what units ask for on its way, and for the
parts that it is joined with. Somebody who asks for the same in one of these places may wait for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from math import inf
from typing import Any

from twin.config.plant import NeedConfig, ProcessConfig, StationConfig
from twin.engine.links import Items, Paths, reach, resolve
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.plant.people import PHASES, Asked, Staff, skills_of

Sort = tuple[EquipmentPath, str]
"""People and tools of a site that may stand for each other, by one of their skills."""


@dataclass(frozen=True)
class Network:
    """Stations and who hands what to whom.

    Args:
        stations: All of the plant.
        successors: Destinations of each.
        reworks: Where inspections send rework.
        items: Items that can come to each.
    """

    stations: Mapping[EquipmentPath, StationConfig]
    successors: Mapping[EquipmentPath, Paths]
    reworks: Mapping[EquipmentPath, Paths]
    items: Items

    @cached_property
    def staff(self) -> Staff:
        """Who has which skill."""
        return Staff(self.stations)

    @cached_property
    def givers(self) -> dict[EquipmentPath, list[EquipmentPath]]:
        """Where parts may come from, by unit."""
        found: dict[EquipmentPath, list[EquipmentPath]] = {path: [] for path in self.stations}
        for giver in self.stations:
            for path in dict.fromkeys(self.after(giver)):
                found[path].append(giver)
        return found

    def after(self, path: EquipmentPath) -> Paths:
        """Where parts may go from a unit."""
        return (*self.successors[path], *self.reworks.get(path, ()))

    def before(self, path: EquipmentPath) -> list[EquipmentPath]:
        """Where parts may come from to a unit."""
        return self.givers[path]

    def menders(self, path: EquipmentPath) -> list[EquipmentPath]:
        """Who may repair a tool."""
        return [able for asked in skills_of(self.stations[path]) for able in self.staff.able(path, asked.skill)]

    def asked(self, paths: Iterable[EquipmentPath]) -> list[tuple[EquipmentPath, Asked]]:
        """All that some units ask for."""
        return [(path, asked) for path in paths for asked in skills_of(self.stations[path])]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Something that is taken at a unit and kept.

    Args:
        path: The unit.
        number: Number of the need.
        need: The need.
        until: Units at which it is given back.
        way: Units that it comes to, those included, with the items that have it with them there.
    """

    path: EquipmentPath
    number: int
    need: NeedConfig
    until: Paths
    way: Items

    @property
    def places(self) -> set[EquipmentPath]:
        """Units at which a part may have it."""
        return {self.path, *self.way}

    @property
    def where(self) -> str:
        """The field that says so."""
        return f"{self.path} needs.{self.number}.keep_until"


def check_keeping(network: Network) -> list[Problem]:
    """All that is wrong with what is kept."""
    kept = list(_kept(network))
    problems = [problem for each in kept for problem in (*_wrong_ends(network, each), *_too_few(network, each))]
    return problems or (_circles(network, kept) if kept else [])


def _kept(network: Network) -> Iterator[Keeping]:
    for path, station in network.stations.items():
        for number, need in enumerate(getattr(station, "needs", ())):
            if need.keep_until:
                named = (resolve(name, path.line, network.stations) for name in need.keep_until)
                until = tuple(end for end in named if end is not None)
                yield Keeping(path, number, need, until, {} if path in until else _way(network, path, until))


def _way(network: Network, start: EquipmentPath, until: Paths) -> Items:
    """Units that something comes to with a part, and the items that have it with them there."""
    found: Items = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        station, every = network.stations[path], network.items[path]
        items, made = found.get(path, every), list(station.makings(every))
        carrying = {product for product, needed in made if items & needed.keys()} if made else items
        for target in network.after(path):
            leaving = carrying & station.leaving(every, target)
            new = network.stations[target].accepts(leaving) - found.get(target, set())
            if new:
                found[target] = found.get(target, set()) | new
                waiting += [] if target in until else [target]
    return found


def _wrong_ends(network: Network, kept: Keeping) -> Iterator[Problem]:
    """Units where it cannot be taken or given back, and ways that lead elsewhere."""
    station: Any = network.stations[kept.path]
    if station.several:
        got = f"the {station.kind} {kept.path}"
        yield Problem(kept.where, "a unit that works on single parts", got, "take it at the unit before or after")
    for end in kept.until:
        other = network.stations[end]
        if not isinstance(other, ProcessConfig) or not other.flows or end.site != kept.path.site:
            hint = "give it back where the part is worked on, e.g. at a machine that unloads it"
            yield Problem(kept.where, "units of the site that work on parts", f"the {other.kind} {end}", hint)
        elif kept.way and end not in kept.way:
            yield Problem(kept.where, "units that its parts come to", str(end), "check the 'to' on the way")
    for path in [path for path in kept.way if path not in kept.until]:
        away = path.site != kept.path.site or not network.after(path)
        if away or network.stations[path].network:
            ends = " or ".join(end.name for end in kept.until)
            hint = "add where it is given back there, keep_until: [...]"
            yield Problem(kept.where, f"ways that all lead to {ends}", f"one to {path}", hint)


def _too_few(network: Network, kept: Keeping) -> Iterator[Problem]:
    """Fewer than may wait for others that need one too."""
    awaited = {path: network.stations[path].awaits(items) for path, items in kept.way.items()}
    able = len(network.staff.able(kept.path, kept.need.skill)) // kept.need.number
    most = sum(awaited.values())
    if able > most or not most:
        return
    where = ", ".join(str(path) for path, number in awaited.items() if number)
    if most == inf:
        expected = f"no unit on its way at which parts with a {kept.need.skill!r} wait for each other"
        yield Problem(kept.where, expected, where, "give it back before")
    else:
        expected = f"a {kept.need.skill!r} for more than {most:g} parts, which may wait for another at {where}"
        yield Problem(kept.where, expected, f"for {able}", "add some, or give it back before")


# --- circles ----------------------------------------------------------------------------------------


def _circles(network: Network, kept: list[Keeping]) -> list[Problem]:
    """Kept things that are asked for by those that parts wait for that have them, or one another, with them."""
    sorts = _sorts(network)
    of = {each.where: sorts.get(key := (each.path.site, each.need.skill), key) for each in kept}
    waits: dict[Sort, dict[Sort, Keeping]] = {sort: {} for sort in of.values()}
    problems = []
    for each in kept:
        own = of[each.where]
        for path, asked in _awaited(network, each, kept):
            sort = sorts.get((path.site, asked.skill))
            if sort == own:
                expected = f"nobody who asks for {asked.skill!r} where parts wait that have one"
                hint = "use others there, with another skill, or give it back before; see the guide on disturbances"
                problems.append(Problem(each.where, expected, f"{path} {asked.field}", hint))
            elif sort in waits and sort != own:
                waits[own].setdefault(sort, each)
    return problems or _crossed(waits)


def _crossed(waits: dict[Sort, dict[Sort, Keeping]]) -> list[Problem]:
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        circle: list[Sort] = error.args[1][::-1]
        first = waits[circle[0]][circle[1]]
        names = " > ".join(skill for _, skill in circle)
        hint = "take both at once, or give one back before the other is taken"
        return [Problem(first.where, "kept things that are taken in one order everywhere", names, hint)]
    return []


def _sorts(network: Network) -> dict[Sort, Sort]:
    """The sort of each skill of each site."""
    found: dict[Sort, Sort] = {}
    for path, station in network.stations.items():
        skills = [(path.site, skill) for skill in getattr(station, "skills", ())]
        joined = {found.get(skill, skill) for skill in skills}
        for skill in (*skills, *(one for one, sort in found.items() if sort in joined)):
            found[skill] = min(joined)
    return found


def _awaited(network: Network, kept: Keeping, every: list[Keeping]) -> Iterator[tuple[EquipmentPath, Asked]]:
    """What is asked for by those that a part may have to wait for while it has something with it."""
    # all units ahead: when the last has no room, none has
    ahead = reach(network.after(kept.path), network.after) if kept.way else []
    seen = {kept.path, *ahead}
    aside = [giver for path in ahead if _joins(network, path) for giver in network.before(path) if giver not in seen]
    awaited = network.asked((*ahead, *reach(aside, network.before)))
    awaited += ((kept.path, asked) for asked in _later(network.stations[kept.path], kept.need))
    yield from awaited
    used = {asked.skill for _, asked in (*awaited, *network.asked([kept.path]))}
    used |= {other.need.skill for other in every if other.places & kept.places}  # they too may be down
    first = [able for skill in sorted(used) for able in network.staff.able(kept.path, skill)]
    yield from network.asked(reach(first, network.menders))


def _later(station: StationConfig, first: NeedConfig) -> list[Asked]:
    """What the unit itself asks for after it has taken something."""
    needs: Iterable[NeedConfig] = getattr(station, "needs", ())
    begin = min(map(PHASES.index, first.during))
    after = [need is not first and max(map(PHASES.index, need.during)) > begin for need in needs]
    asked = skills_of(station)
    return [one for one, later in zip(asked, after, strict=False) if later] + asked[len(after) :]


def _joins(network: Network, path: EquipmentPath) -> bool:
    makings = network.stations[path].makings(network.items[path])
    return any(len(needed) > 1 for _, needed in makings)
