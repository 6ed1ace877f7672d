"""What the page about the architecture names is there."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest

from tests.cli.programs import ROOT

PAGE = ROOT / "docs" / "architecture.md"
NAME = re.compile(r"\b(?:twin|devices|brokers|dashboards|scenarios)(?:\.\w+)+")
FENCE = re.compile(r"^```mermaid\n(.*?)^```", re.MULTILINE | re.DOTALL)


def named() -> list[str]:
    return sorted(set(NAME.findall(PAGE.read_text(encoding="utf-8"))))


def found(name: str) -> object:
    """A module, or what is in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            thing = getattr(thing, part)
        return thing
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("name", named())
def test_every_module_and_name_is_there(name: str) -> None:
    assert found(name) is not None


def drawn() -> Iterator[tuple[str, str]]:
    """(id, module) of the boxes of the picture."""
    (picture,) = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    yield from re.findall(r"(\w+)\[\(?([\w.]+)", picture)


def test_every_box_of_the_picture_is_a_module_in_the_folder_that_it_stands_in() -> None:
    (picture,) = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    boxes = dict(drawn())
    folders = re.findall(r"subgraph (\w+)\n(.*?)\n  end", picture, re.DOTALL)
    assert [folder for folder, _ in folders] == ["scenarios", "twin", "devices", "brokers", "dashboards"]
    for folder, text in folders:
        inside = re.findall(r"(\w+)\[\(?([\w.]+)", text)
        assert inside
        assert all(module.split(".")[0] == folder for _, module in inside)
        assert all(hasattr(found(module), "__path__") or hasattr(found(module), "__file__") for _, module in inside)
    arrows = re.findall(r"(\w+)(?:\[[^\]]*\])? *-(?:->|\. \w+ \.->) *(?=(\w+))", picture)
    assert {end for arrow in arrows for end in arrow} == set(boxes)


def test_there_are_the_three_journeys() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for journey in ("sample", "KPI", "station"):
        (part,) = re.findall(rf"^## Journey of a {journey}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
        steps = re.findall(r"^\d+\. .*$", part, re.MULTILINE)
        assert len(steps) >= 5
        assert sum(NAME.search(step) is not None for step in steps) >= len(steps) - 1
