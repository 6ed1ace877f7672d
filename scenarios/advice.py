"""What in a valid scenario is likely not meant; told as warnings, nothing fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from devices.drivers import is_real
from devices.master import material, role_of
from scenarios.checks.flows import destinations, placed
from scenarios.loader import draft
from scenarios.reading.index import Index, StationEntry, indexed, listed, text_at, under
from scenarios.reading.messages import problem
from twin.config.plant import PlantConfig, ProcessConfig
from twin.engine.links import destinations as linked
from twin.engine.links import rework_target
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.kpi.output import Standing, output_of
from twin.master import EquipmentMaster
from twin.plant.enough import too_few
from twin.stations import stations


def advice(path: Path, plant: PlantConfig) -> list[Problem]:
    """Warnings about a scenario that loads, each with file and line.

    Args:
        path: Its file.
        plant: The plant that it describes.

    Raises:
        ScenarioError: As :func:`scenarios.loader.load`.
    """
    index = indexed(draft(path).root)
    return [
        *_unbuffered(index),
        *_unnamed(index),
        *_unfelt(index),
        *placed(index, [*too_few(plant), *_uncounted(plant)]),
    ]


def _unnamed(index: Index) -> Iterator[Problem]:
    """Links of the chain that no unit completes: they have no capacity and cannot be its bottleneck."""
    named = {text_at(unit.node, "link") for unit in index.units.values()}
    chain = index.root.entries.get("chain")
    for number, link in [] if chain is None else listed(chain, "links"):
        name = text_at(link, "id")
        if name not in named and text_at(link, "status") != "blank":
            hint = f"write link: {name} at the units that complete it, or status: blank"
            yield problem(
                index.root, ("chain", "links", number), "a unit that completes the link", f"none: {name}", hint
            )


def _unfelt(index: Index) -> Iterator[Problem]:
    """Perturbations of units that real machines stand for from the beginning: the plant has no hand in these."""
    for number, one in listed(index.root, "perturbations"):
        target = text_at(one, "target")
        drivers = {path: _driver(unit) for path, unit in index.units.items() if under(path, target)}
        if drivers and all(map(is_real, drivers.values())):
            got = "real machines alone: " + ", ".join(f"{path} ({driver})" for path, driver in drivers.items())
            hint = "it is felt when driver: simulated stands for them, as in simulate and experiments"
            yield problem(index.root, ("perturbations", number, "target"), "a place with simulated units", got, hint)


def _driver(unit: StationEntry) -> str:
    device = unit.node.entries.get("device")
    return "" if device is None else text_at(device, "driver")


def _uncounted(plant: PlantConfig) -> Iterator[Problem]:
    """Ends of lines at which material leaves of which nothing says how much."""
    to, _ = linked(plant)
    known = {path: station for path, _, station in plant.stations()}
    units, lines = list[Standing](), dict[EquipmentPath, dict[str, int]]()
    for row, (path, station) in enumerate(known.items()):
        members = lines.setdefault(path.line, {})
        flow = material(station, len(members), (to[path], rework_target(path, station, known)))
        works = 1.0 if isinstance(station, ProcessConfig) or station.pooled else None
        units.append(
            Standing(EquipmentMaster(kind=station.kind, role=role_of(station), en="", zh="", ideal_s=works, **flow))
        )
        members[path] = row
    for line, rows in lines.items():
        names = {row: path for path, row in rows.items()}
        for row in output_of(rows, units).unknown:
            got = "material that comes uncounted, so that the output of the line is only what was worked on"
            hint = "put a sink into the line where it leaves, or a machine where it comes"
            yield Problem(names[row], f"that all that leaves {line} is counted", got, hint)


def _unbuffered(index: Index) -> Iterator[Problem]:
    """Rework loops in which nothing stores: when all their units hold a part none can go on."""
    for unit in index.units.values():
        name = text_at(unit.node, "rework_to")
        way = _way_back(index, unit, unit.target(name)) if name else []
        if way:
            shown = " > ".join(path.rpartition("/")[2] for path in [unit.path, *way])
            hint = (
                "such a loop locks when each of its units holds a part: send rework to a buffer, which feeds the unit"
            )
            loc = (*unit.loc, "rework_to")
            yield problem(index.root, loc, "a buffer on the way back from rework", f"none: {shown}", hint)


def _way_back(index: Index, unit: StationEntry, start: str) -> list[str]:
    """The shortest way of rework back to its inspection that no unit which stores is on; empty when there is none."""
    ways = {start: [start]} if start in index.units and not _stores(index.units[start]) else {}
    for path in (ahead := list(ways)):
        for target in destinations(index.units[path]):
            if target == unit.path:
                return [*ways[path], target]
            if target in index.units and target not in ways and not _stores(index.units[target]):
                ways[target] = [*ways[path], target]
                ahead.append(target)
    return []


def _stores(unit: StationEntry) -> bool:
    return unit.kind in stations and bool(getattr(stations[unit.kind], "stores", False))
