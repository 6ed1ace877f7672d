"""``factory list`` and ``factory describe``."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from devices.profiles import profiles
from scenarios.actions.catalogue import FAMILIES, STUDIES, entries, fields, listing, registries, summary
from twin.config.plant import PerturbationConfig
from twin.errors import ScenarioError

NAMES = sorted({*STUDIES, *FAMILIES, *(name for registry in registries().values() for name in registry.kinds())})


@pytest.mark.parametrize("name", NAMES)
def test_everything_listed_can_be_described(name: str) -> None:
    for entry in entries(name):
        assert entry.text
        if entry.config is not None:
            assert fields(entry.config).row_count == len(entry.config.model_fields)


def test_all_sorts_are_listed() -> None:
    console = Console(width=400, record=True, file=StringIO())
    console.print(listing())
    lines = {tuple(line.split()[:2]) for line in console.export_text().splitlines() if line.strip()}
    for sort, registry in registries().items():
        assert {(sort, name) for name in registry.kinds()} <= lines
    assert {"rule", "effect", "importer", "exporter", "kpi", "panel", "store", "engine"} <= registries().keys()


def test_every_registry_of_the_platform_is_listed() -> None:
    made = re.compile(r'Registry\(\s*"(\w+)",\s*"')
    root = Path(__file__).parents[2]
    packages = ("twin", "devices", "brokers", "dashboards", "scenarios")
    texts = (path.read_text(encoding="utf-8") for package in packages for path in (root / package).rglob("*.py"))
    assert {sort for text in texts for sort in made.findall(text)} == set(registries())


def test_options_of_rules_and_formats_and_the_extent_of_effects() -> None:
    (rule,) = entries("sequence")
    assert rule.config is not None
    assert (rule.sort, list(rule.config.model_fields)) == ("rule", ["order"])
    (importer,) = entries("smt2020")
    assert importer.config is not None
    assert {"batches", "stagger", "rule"} <= importer.config.model_fields.keys()
    (slow,) = entries("slow")
    assert slow.config is PerturbationConfig
    assert "extent: factor" in slow.text
    (stop,) = entries("stop")
    assert "ended by restart" in stop.text


def test_a_name_of_two_sorts_shows_both() -> None:
    assert {entry.sort for entry in entries("conveyor")} == {"station", "profile"}


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'sequence'"):
        entries("sequense")


def test_profiles_are_listed_by_their_own_names() -> None:
    assert summary(profiles["press"]) == "Stamping press 冲压机"


def test_indicators_and_panels_say_what_they_are() -> None:
    (kpi,) = entries("oee")
    assert "formula: " in kpi.text
    (panel,) = entries("line_throughput")
    assert "unit: " in panel.text
    (engine,) = entries("ray")
    assert engine.standing == "beta"
