"""``factory list`` and ``factory describe``: what a scenario can use."""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from devices import quality
from scenarios.experiments.document import ExperimentConfig, OptimisationConfig
from scenarios.experiments.problems import shipped
from scenarios.loader import LIBRARY
from twin.config.plant import Config, PerturbationConfig
from twin.distributions import FAMILIES
from twin.engine.effect import Effect
from twin.errors import Problem, ScenarioError, did_you_mean
from twin.quantities import Measure
from twin.registry import REGISTRIES, Registry

HOMES = (
    "twin.stations",
    "twin.behaviours.behaviour",
    "devices.profiles",
    "devices.drivers",
    "devices.connections",
    "devices.servers",
    "devices.personalities",
    "devices.tagfiles",
    "twin.supply.policies",
    "twin.control.rules",
    "twin.effects",
    "twin.sharing",
    "twin.kpi.spec",
    "brokers.connectors",
    "brokers.stores",
    "dashboards.panel",
    "scenarios.importers",
    "scenarios.exporters",
    "scenarios.experiments.engines",
)
"""Modules that define a registry, in the order in which their kinds are listed."""


STUDIES: dict[str, type[BaseModel]] = {"experiment": ExperimentConfig, "optimisation": OptimisationConfig}
"""Documents beside scenarios."""


def registries() -> dict[str, Registry[Any]]:
    """Every registry by what is registered in it."""
    for home in HOMES:
        importlib.import_module(home)
    return REGISTRIES


def summary(thing: object) -> str:
    """What a thing is: both names of one that has them, else the first line of the docstring."""
    names = (getattr(thing, "en", None), getattr(thing, "zh", None))
    if not isinstance(thing, type) and all(isinstance(name, str) for name in names):
        return " ".join(dict.fromkeys(map(str, names)))
    return (thing.__doc__ or "").strip().splitlines()[0]


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def listing() -> Table:
    """Everything by sort, kind and summary."""
    table = _table("sort", "kind", "stability", "what it is")
    for sort, path in [*(("scenario", path) for path in sorted(LIBRARY.glob("*.yaml"))), *shipped()]:
        here = str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
        table.add_row(sort, path.stem, "stable", here)
    for sort, registry in registries().items():
        for kind in registry.kinds():
            table.add_row(sort, kind, standing(registry, kind), summary(registry[kind]))
    for family, distribution in FAMILIES.items():
        table.add_row("distribution", family, "stable", summary(distribution))
    return table


def standing(registry: Registry[Any], kind: str) -> str:
    """How far a kind can be relied on, the plug-in that it comes from, if any, and of a driver its level."""
    origin = registry.origin(kind)
    level = quality.standing(kind).level if registry.sort in ("driver", "connection") else ""
    return registry.stability(kind) + (f" ({origin})" if origin else "") + (f" · {level}" if level else "")


def fields(config: type[BaseModel]) -> Table:
    """Fields of a configuration with unit, default and meaning."""
    table = _table("field", "unit", "default", "meaning")
    for name, info in config.model_fields.items():
        unit = next((mark.symbol for mark in info.metadata if isinstance(mark, Measure)), "")
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
        standing: How far it can be relied on, and where it comes from.
    """

    sort: str
    text: str
    config: type[BaseModel] | None
    standing: str = "stable"


def entries(kind: str) -> list[Entry]:
    """Everything of a name: kinds of different sorts may share it.

    Raises:
        ScenarioError: No such kind.
    """
    found = [Entry("study", summary(STUDIES[kind]), STUDIES[kind])] if kind in STUDIES else []
    found += [Entry("distribution", summary(FAMILIES[kind]), FAMILIES[kind])] if kind in FAMILIES else []
    found += [_entry(sort, registry, kind) for sort, registry in registries().items() if kind in registry]
    if not found:
        known = [*STUDIES, *FAMILIES, *(name for registry in registries().values() for name in registry.kinds())]
        hint = did_you_mean(kind, known, "see factory list")
        raise ScenarioError([Problem("kind", "a name that factory list shows", repr(kind), hint)])
    return found


def _entry(sort: str, registry: Registry[Any], kind: str) -> Entry:
    thing, level = registry[kind], standing(registry, kind)
    if sort == "effect":
        return Entry(sort, f"{prose(thing)}\n{_extent(thing)}", PerturbationConfig, level)
    if sort in ("station", "policy", "behaviour"):
        return Entry(sort, summary(thing.config), thing.config, level)
    if not isinstance(thing, type) and is_dataclass(thing) and hasattr(thing, "en"):
        return Entry(sort, f"{summary(thing)}\n{_facts(thing)}", None, level)
    return Entry(sort, prose(thing), getattr(thing, "Options", None), level)


def _facts(thing: Any) -> str:
    """What a declared thing, such as an indicator or a panel, says of itself in plain words and numbers."""
    said = {one.name: getattr(thing, one.name) for one in dataclass_fields(thing) if one.name not in ("id", "en", "zh")}
    plain = {name: value for name, value in said.items() if isinstance(value, str | int | float) and value != ""}
    return "\n".join(f"{name}: {value}" for name, value in plain.items())


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
        level = "" if entry.standing == "stable" else f" [{entry.standing}]"
        console.print(title + entry.text + level, markup=False, highlight=False)
        if entry.config is not None and entry.config.model_fields:
            console.print(fields(entry.config))
