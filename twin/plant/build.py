"""From a configuration to linked stations; everything that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from twin.behaviours.calendar import Calendar, CalendarClock, CalendarFollower
from twin.behaviours.requests import Allocator
from twin.config.named import Sort
from twin.config.plant import PlantConfig, Reference, SiteConfig, calendar_name
from twin.control.shop import check_control, put_together
from twin.engine.journal import Journal
from twin.engine.kernel import Kernel
from twin.engine.links import Paths, destinations, resolve, rework_target, unknown
from twin.engine.station import Parts, Setting, Station
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem, did_you_mean
from twin.instants import dates_in, misplaced
from twin.plant.flow import check_flow
from twin.plant.upkeep_check import wrong_upkeep
from twin.stations import stations


@dataclass(frozen=True, slots=True)
class Basis:
    """What all stations share."""

    config: PlantConfig
    seed: int
    kernel: Kernel
    journal: Journal


def build(basis: Basis) -> tuple[tuple[Station, ...], list[CalendarClock]]:
    """Build and link all stations of a plant.

    Raises:
        ModelError: With every finding.
    """
    successors, problems = destinations(basis.config)
    problems += _wrong_kinds(basis.config)
    problems += _wrong_calendars(basis.config)
    problems += _wrong_references(basis.config)
    problems += _unknown_names(basis.config, "calendar")
    problems += _misplaced(basis.config)
    problems += check_control(basis.config)
    if problems:
        raise ModelError(problems)
    flow, problems = check_flow(basis.config, successors, _reworks(basis.config))
    problems += _unknown_names(basis.config, "item", "skill")
    if problems:
        raise ModelError(problems)
    made = _made(basis)
    _link(made, successors, _reworks(basis.config))
    for station in made.values():
        station.connect(made, flow)
    for station in made.values():
        station.on_linked()
    for path, station in made.items():
        if hasattr(station, "stock_items"):
            station.stock_items(flow[path])
    put_together(basis.config, basis.seed, basis.kernel, made)
    return tuple(made.values()), _clocks(basis, made)


def _made(basis: Basis) -> dict[EquipmentPath, Station]:
    parts = Parts()
    allocator = Allocator(basis.kernel)
    volumes = {name: item.volume for name, item in basis.config.items.items() if item.volume is not None}
    made: dict[EquipmentPath, Station] = {}
    axes = {path: basis.config.axis(site) for path, site in basis.config.sites()}
    for unit, (path, line, config) in enumerate(basis.config.stations()):
        shared = (basis.seed, basis.kernel, basis.journal, parts, allocator, axes[path.site], volumes)
        setting = Setting(path, unit, config, line.standing_order, *shared)
        made[path] = stations[config.kind].of(setting)  # type: ignore[attr-defined]
    return made


def _link(
    made: dict[EquipmentPath, Station], successors: dict[EquipmentPath, Paths], reworks: dict[EquipmentPath, Paths]
) -> None:
    givers: dict[EquipmentPath, list[Station]] = {path: [] for path in made}
    for path, station in made.items():
        for target in dict.fromkeys((*successors[path], *reworks.get(path, ()))):
            givers[target].append(station)
    for path, station in made.items():
        station.link(tuple(made[target] for target in successors[path]), tuple(givers[path]))
        if path in reworks:
            station.rework_takers = tuple(made[target] for target in reworks[path])  # type: ignore[attr-defined]


def _reworks(config: PlantConfig) -> dict[EquipmentPath, Paths]:
    known = {path: None for path, _, _ in config.stations()}
    found = {path: rework_target(path, station, known) for path, _, station in config.stations()}
    return {path: target for path, target in found.items() if target}


def _wrong_references(config: PlantConfig) -> list[Problem]:
    known = {path: station for path, _, station in config.stations()}
    problems = []
    for path, _, station in config.stations():
        for reference in station.references():
            if reference.of != "unit":
                continue
            target = resolve(reference.name, path.line, known)
            where = f"{path} {reference.field}"
            if target is None:
                problems.append(unknown(where, reference.name, path.line, known))
            elif reference.trait and not getattr(known[target], reference.trait):
                expected = f"a unit of kind {' or '.join(_kinds_that(reference.trait))}"
                problems.append(Problem(where, expected, f"{target} of kind {known[target].kind}"))
            elif reference.having and getattr(known[target], reference.having[0], None) != reference.having[1]:
                expected = " ".join(("a unit with", *reference.having))
                problems.append(Problem(where, expected, f"{target} with another"))
    return problems


def _misplaced(config: PlantConfig) -> list[Problem]:
    """Local times of units at which there is no such time, or that come before the run begins."""
    axes = {path: config.axis(site) for path, site in config.sites()}
    return [
        Problem(f"{path} {place}", *found)
        for path, _, station in config.stations()
        for place, time in dates_in(station)
        if (found := misplaced(time, axes[path.site]))
    ]


def _unknown_names(config: PlantConfig, *sorts: Sort) -> list[Problem]:
    """Names of some sorts that nothing has."""
    named = ((path, reference) for path, _, station in config.stations() for reference in station.references())
    skills = _skills(config)
    known: dict[str, Collection[str]] = {"item": config.items, "calendar": config.calendars}
    return [
        one
        for path, reference in named
        if reference.of in sorts
        for one in _unknown_name(path, reference, known.get(reference.of, skills.get(path.site, ())))
    ]


def _skills(config: PlantConfig) -> dict[EquipmentPath, set[str]]:
    """Skills of the people and tools of each site."""
    found: dict[EquipmentPath, set[str]] = {}
    for path, _, station in config.stations():
        found.setdefault(path.site, set()).update(getattr(station, "skills", ()))
    return found


def _unknown_name(path: EquipmentPath, reference: Reference, known: Collection[str]) -> list[Problem]:
    """An item, skill or calendar that there is not."""
    wanted = f"{'an' if reference.of == 'item' else 'a'} {reference.of} of the plant"
    if reference.of == "skill":
        wanted = "a skill of a worker or tool of the site"
    if reference.name in known:
        return []
    hint = did_you_mean(reference.name, known, f"known: {', '.join(sorted(known)) or 'none'}")
    return [Problem(f"{path} {reference.field}", wanted, repr(reference.name), hint)]


def _kinds_that(trait: str) -> list[str]:
    """Kinds of stations that have a trait."""
    return [kind for kind in stations.kinds() if getattr(stations[kind].config, trait)]  # type: ignore[attr-defined]


def _wrong_kinds(config: PlantConfig) -> list[Problem]:
    problems = []
    for path, _, station in config.stations():
        if station.kind not in stations:
            problems.append(
                Problem(f"{path} kind", "a kind of station", repr(station.kind), stations.hint(station.kind))
            )
        elif not isinstance(station, stations[station.kind].config):  # type: ignore[attr-defined]
            wanted = stations[station.kind].config.__name__  # type: ignore[attr-defined]
            problems.append(Problem(str(path), f"a {wanted}", type(station).__name__))
    return problems


def _wrong_calendars(config: PlantConfig) -> list[Problem]:
    problems = []
    for path, site, line in config.lines():
        for station in line.stations:
            name = calendar_name(site, line, station)
            if name is not None and name not in config.calendars:
                hint = f"known: {', '.join(config.calendars) or 'none'}"
                problems.append(Problem(f"{path}/{station.id} calendar", "a calendar of the plant", repr(name), hint))
            problems += wrong_upkeep(path.child(station.id), station, name)
    return problems


def _clocks(basis: Basis, made: dict[EquipmentPath, Station]) -> list[CalendarClock]:
    clocks: dict[tuple[str, str], CalendarClock] = {}
    for path, site, line in basis.config.lines():
        for station in line.stations:
            unit = made[path.child(station.id)]
            members: list[tuple[str | None, CalendarFollower]] = [(calendar_name(site, line, station), unit)]
            members += [(upkeep.window, upkeep) for upkeep in unit.upkeep]
            for name, member in members:
                if name is not None:
                    _clock(basis, clocks, name, site).members.append(member)
    return list(clocks.values())


def _clock(basis: Basis, clocks: dict[tuple[str, str], CalendarClock], name: str, site: SiteConfig) -> CalendarClock:
    axis = basis.config.axis(site)
    key = (name, axis.zone.name)
    if key not in clocks:
        clocks[key] = CalendarClock(Calendar(basis.config.calendars[name], axis), basis.kernel)
    return clocks[key]
