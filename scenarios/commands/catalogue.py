"""``factory list`` and ``factory describe``: what a scenario can use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from devices.drivers import drivers
from devices.profiles import profiles
from scenarios.experiments.document import ExperimentConfig, OptimisationConfig
from scenarios.experiments.problems import shipped
from scenarios.exporters import exporters
from scenarios.importers import importers
from scenarios.loader import LIBRARY
from twin.config import Config
from twin.control.rules import rules
from twin.distributions import FAMILIES
from twin.errors import Problem, ScenarioError
from twin.registry import Registry
from twin.stations import stations
from twin.supply.policies import policies
from twin.units import Unit

REGISTRIES: dict[str, Registry[Any]] = {
    "station": stations,
    "profile": profiles,
    "driver": drivers,
    "policy": policies,
    "rule": rules,
    "importer": importers,
    "exporter": exporters,
}


STUDIES: dict[str, type[BaseModel]] = {"experiment": ExperimentConfig, "optimisation": OptimisationConfig}
"""Documents beside scenarios."""


def summary(thing: object) -> str:
    """First line of the docstring."""
    return (thing.__doc__ or "").strip().splitlines()[0]


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def listing() -> Table:
    """Everything by sort, kind and summary."""
    table = _table("sort", "kind", "what it is")
    for sort, path in [*(("scenario", path) for path in sorted(LIBRARY.glob("*.yaml"))), *shipped()]:
        table.add_row(sort, path.stem, str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
    for sort, registry in REGISTRIES.items():
        for kind in registry.kinds():
            table.add_row(sort, kind, summary(registry[kind]))
    for family, distribution in FAMILIES.items():
        table.add_row("distribution", family, summary(distribution))
    return table


def fields(config: type[BaseModel]) -> Table:
    """Fields of a configuration with unit, default and meaning."""
    table = _table("field", "unit", "default", "meaning")
    for name, info in config.model_fields.items():
        unit = next((mark.symbol for mark in info.metadata if isinstance(mark, Unit)), "")
        default = "required" if info.is_required() else str(info.default)
        if isinstance(info.default, Config):
            default = "see reference"
        table.add_row(name, unit, default, info.description or "")
    return table


def configuration(kind: str) -> tuple[str, type[BaseModel]]:
    """Summary and configuration class of a kind of station, a distribution, an experiment or an optimisation.

    Raises:
        ScenarioError: No such kind.
    """
    if kind in STUDIES:
        return summary(STUDIES[kind]), STUDIES[kind]
    if kind in FAMILIES:
        return summary(FAMILIES[kind]), FAMILIES[kind]
    if kind in policies:
        return summary(policies[kind].config), policies[kind].config
    try:
        entry: Any = stations[kind]
    except KeyError as error:
        raise ScenarioError([Problem("kind", "a station or distribution", repr(kind), str(error.args[0]))]) from None
    return summary(entry.config), entry.config


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("list")
    def list_() -> None:
        """List scenarios, studies, kinds of station, profiles, drivers and distributions."""
        Console().print(listing())

    @app.command()
    def describe(
        kind: Annotated[str, typer.Argument(help="kind of station, distribution, experiment, optimisation")],
    ) -> None:
        """Show the fields of a kind of station, of a distribution, of an experiment or an optimisation."""
        head, config = configuration(kind)
        console = Console()
        console.print(head)
        console.print(fields(config))
