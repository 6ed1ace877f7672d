"""Runs a scenario and puts its records in place in the format of an exporter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios.exporters import Subject, exporters
from scenarios.format.document import Scenario
from scenarios.headless.simulation import Simulation, simulate
from scenarios.placing import placed
from scenarios.reading.messages import nearest
from twin.config.plant import PlantConfig
from twin.engine.clock import epoch_ns
from twin.errors import Problem, ScenarioError


def exporter_of(name: str) -> Any:
    """The exporter of a format.

    Raises:
        ScenarioError: There is none of that name.
    """
    known = exporters.kinds()
    if name not in known:
        raise ScenarioError([Problem("format", f"one of {', '.join(known)}", repr(name), nearest(name, known))])
    return exporters[name]


def titles(plant: PlantConfig) -> dict[str, str]:
    """English titles by path of all units and items that have one."""
    found = {str(path): station.title.en for path, _, station in plant.stations() if station.title is not None}
    return found | {item: config.title.en for item, config in plant.items.items()}


def export(
    scenario: Scenario,
    name: str,
    out: Path,
    seed: int | None,
    until_s: float,
    options: Any = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Simulate a scenario and put its records in place as a whole in a format.

    Args:
        scenario: The scenario.
        name: Name of the format.
        out: File or folder.
        seed: Seed; default that of the scenario.
        until_s: Horizon in simulated s; of no meaning for a format that says only what equipment there is.
        options: Options of the format; default its defaults.
        progress: Told the simulated time reached.

    Raises:
        ScenarioError: The records cannot be written there.
    """
    kind = exporter_of(name)
    until_s = 0.0 if getattr(kind, "equipment_only", False) else until_s
    start = epoch_ns(scenario.epoch)
    chosen = scenario.run.seed if seed is None else seed
    manifest = {"scenario": scenario.name, "seed": chosen, "sim_s": until_s, "epoch": scenario.epoch.isoformat()}
    units = tuple(str(path) for path, _, _ in scenario.stations())
    end = start + round(until_s * 1e9)
    subject = Subject(scenario.name, titles(scenario.plant()), units, scenario.zone_of(), start, end, manifest)
    with placed(out, parents=True) as draft:
        exporter = kind(draft, subject, kind.Options() if options is None else options)
        result = simulate(scenario, seed, until_s, progress, exporter.take, operations=kind.operations)
        exporter.close()
    return result
