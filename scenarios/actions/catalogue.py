"""``factory list`` and ``factory describe``: what a scenario can use."""

from __future__ import annotations

import inspect
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from devices.drivers import drivers
from devices.profiles import profiles
from devices.signals.signal import Profile
from scenarios.experiments.document import ExperimentConfig, OptimisationConfig
from scenarios.experiments.problems import shipped
from scenarios.exporters import exporters
from scenarios.importers import importers
from scenarios.loader import LIBRARY
from twin.config import Config, PerturbationConfig
from twin.control.rules import rules
from twin.distributions import FAMILIES
from twin.effects import effects
from twin.errors import Problem, ScenarioError
from twin.registry import Registry
from twin.sharing import sharings
from twin.sim.effect import Effect
from twin.stations import stations
from twin.supply.policies import policies
from twin.units import Unit

REGISTRIES: dict[str, Registry[Any]] = {
    "station": stations,
    "profile": profiles,
    "driver": drivers,
    "policy": policies,
    "rule": rules,
    "effect": effects,
    "sharing": sharings,
    "importer": importers,
    "exporter": exporters,
}


STUDIES: dict[str, type[BaseModel]] = {"experiment": ExperimentConfig, "optimisation": OptimisationConfig}
"""Documents beside scenarios."""


def summary(thing: object) -> str:
    """What a thing is: both names of a tag profile, else the first line of the docstring."""
    if isinstance(thing, Profile):
        return f"{thing.en} {thing.zh}"
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


class Entry(NamedTuple):
    """What there is to say of a kind.

    Args:
        sort: What it is a kind of.
        text: What it does.
        config: What can be set, None when there is nothing of the sort.
    """

    sort: str
    text: str
    config: type[BaseModel] | None


def entries(kind: str) -> list[Entry]:
    """Everything of a name: kinds of different sorts may share it.

    Raises:
        ScenarioError: No such kind.
    """
    found = [Entry("study", summary(STUDIES[kind]), STUDIES[kind])] if kind in STUDIES else []
    found += [Entry("distribution", summary(FAMILIES[kind]), FAMILIES[kind])] if kind in FAMILIES else []
    found += [_entry(sort, registry[kind]) for sort, registry in REGISTRIES.items() if kind in registry]
    if not found:
        known = [*STUDIES, *FAMILIES, *(name for registry in REGISTRIES.values() for name in registry.kinds())]
        near = get_close_matches(kind, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "see factory list"
        raise ScenarioError([Problem("kind", "a name that factory list shows", repr(kind), hint)])
    return found


def _entry(sort: str, thing: Any) -> Entry:
    if sort == "effect":
        return Entry(sort, f"{prose(thing)}\n{_extent(thing)}", PerturbationConfig)
    if sort in ("station", "policy"):
        return Entry(sort, summary(thing.config), thing.config)
    return Entry(sort, prose(thing), getattr(thing, "Options", None))


def prose(thing: object) -> str:
    """A docstring up to its first section, such as Args, a line for each paragraph."""
    text = re.split(r"\n\n\w+:", inspect.cleandoc(thing.__doc__ or ""), maxsplit=1)[0]
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _extent(effect: type[Effect]) -> str:
    how = "on or off"
    if effect.value:
        usual = "required" if effect.default is None else f"default {effect.default:g}"
        fields = " or ".join((effect.value, *effect.instead))
        how = f"extent: {fields}, {usual}, nothing at {effect.neutral:g}"
    ended = (
        "" if not effect.lasts else f"; as a command ended by {effect.ended_by or 'itself, with nothing as its extent'}"
    )
    return f"{how}{'; may grow and fade' if effect.gradual else ''}{ended}"


def list_all() -> None:
    """Print everything."""
    Console().print(listing())


def describe(kind: str) -> None:
    """Print what there is to say of a kind."""
    console = Console()
    found = entries(kind)
    for entry in found:
        title = f"{entry.sort}: " if len(found) > 1 or entry.sort not in ("station", "distribution") else ""
        console.print(title + entry.text, markup=False, highlight=False)
        if entry.config is not None and entry.config.model_fields:
            console.print(fields(entry.config))
