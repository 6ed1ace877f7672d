"""One class name stands for one thing: who meets it in a message or an import knows which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.structure.test_sizes import ROOT

FOLDERS = ("twin", "devices", "brokers", "dashboards", "scenarios")
SHARED = {
    "ForecastConfig", "Group", "Hands", "Kanban", "KanbanConfig", "PlantView", "Release", "Route",
    "Scope", "Setting", "Settled", "Sink", "Site", "Source", "Supply", "Tick", "WarmUpConfig",
}  # fmt: skip
"""Names that two rooms use each for its own, mostly a station and what is said of it; none may join them."""


def homes() -> dict[str, list[str]]:
    """Modules by the public class that they define."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")):
        if "node_modules" in file.parts:
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(Path(file).relative_to(ROOT)))
    return found


def test_no_name_is_taken_twice_that_was_not_before() -> None:
    twice = {name: files for name, files in homes().items() if len(files) > 1}
    assert {name: files for name, files in twice.items() if name not in SHARED} == {}
    assert {name: files for name, files in twice.items() if len(files) > 2} == {}
    assert SHARED - set(twice) == set()  # the list only becomes shorter
