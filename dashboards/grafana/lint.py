"""What Grafana answers with silence or a log line, found before it gets there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from dashboards.grafana.render import COLUMNS, SCHEMA_VERSION
from twin.errors import Problem

Document = dict[str, Any]


def problems(dashboards: list[Document]) -> list[Problem]:
    """Everything that is wrong with a folder of dashboards."""
    found = [problem for document in dashboards for problem in _of_dashboard(document)]
    for key in ("uid", "title"):
        for value, times in Counter(document[key] for document in dashboards).items():
            if times > 1:
                found.append(
                    Problem(f"folder: {key}", "a different one for each dashboard", f"{value!r} {times} times")
                )
    return found


def _of_dashboard(document: Document) -> Iterator[Problem]:
    name = str(document["title"])
    if document.get("schemaVersion") != SCHEMA_VERSION:
        yield Problem(name, f"schemaVersion {SCHEMA_VERSION}", repr(document.get("schemaVersion")))
    if "${DS_" in json.dumps(document):
        yield Problem(name, "a fixed datasource uid", "an input ${DS_...} of the export format")
    for key in ("id", "title"):
        for value, times in Counter(panel[key] for panel in document["panels"]).items():
            if times > 1:
                yield Problem(f"{name}: {key}", "a different one for each panel", f"{value!r} {times} times")
    for variable in document["templating"]["list"]:
        yield from _source(f"{name}: variable {variable['name']}", variable)
    for panel in document["panels"]:
        yield from _of_panel(f"{name}: {panel['title']}", panel, document)
    yield from _overlaps(name, document["panels"])


def _source(where: str, part: Document) -> Iterator[Problem]:
    if not (part.get("datasource") or {}).get("uid"):
        yield Problem(where, "a datasource with a uid", repr(part.get("datasource")))


def _of_panel(where: str, panel: Document, document: Document) -> Iterator[Problem]:
    grid = panel["gridPos"]
    if grid["x"] < 0 or grid["w"] < 1 or grid["x"] + grid["w"] > COLUMNS:
        yield Problem(where, f"columns within 0 to {COLUMNS}", f"{grid['x']} to {grid['x'] + grid['w']}")
    if not panel["targets"]:
        yield Problem(where, "a query", "none")
    known = {variable["name"] for variable in document["templating"]["list"]}
    for target in panel["targets"]:
        yield from _source(f"{where} {target['refId']}", target)
        for name in _names(target["query"]):
            if name not in known:
                yield Problem(f"{where} {target['refId']}", f"a variable of {', '.join(sorted(known))}", repr(name))


def _names(statement: str) -> Iterator[str]:
    """Variables that a statement uses in the form that survives Grafana's escaping."""
    for part in statement.split("${")[1:]:
        name, _, form = part.partition("}")[0].partition(":")
        if not name.startswith("__"):
            yield name if form == "regex" else f"{name} without :regex"


def _overlaps(name: str, panels: list[Document]) -> Iterator[Problem]:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        grid = panel["gridPos"]
        cells = [
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        ]
        other = next((taken[cell] for cell in cells if cell in taken), None)
        if other:
            yield Problem(f"{name}: {panel['title']}", "a place of its own", f"one that {other!r} has")
        taken.update((cell, str(panel["title"])) for cell in cells)
