"""Disassembly takes what it knows, and each item becomes its own parts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import line_plant, sink, source
from tests.stations.runs import Run
from twin.errors import ModelError

ITEMS = ("a", "b", "c", "core", "screw")


def plant(mix: dict[str, int], **fields: Any) -> Any:
    units = (source(mix=mix), {"id": "strip", "kind": "disassembly", "cycle": "10 s", **fields}, sink())
    return line_plant(*units, items=ITEMS)


def test_each_item_becomes_its_own_parts() -> None:
    run = Run(plant({"a": 1, "b": 1}, variants={"a": {"core": 1}, "b": {"core": 1, "screw": 2}}), 41.0)
    assert run.items("strip") == ["a", "b", "a", "b"]
    assert run.items("out") == ["core", "core", "screw", "screw"] * 2


def test_an_item_that_it_does_not_know_is_refused_before_the_run() -> None:
    with pytest.raises(ModelError, match=r"src to: expected a unit that takes 'c', got .*list it in its variants, "):
        Run(plant({"a": 1, "c": 1}, variants={"a": {"core": 1}}))
    with pytest.raises(ModelError, match=r"strip yields: expected no items that it yields .*\(b\), got a"):
        Run(plant({"a": 1, "b": 1}, yields={"a": 2}))


def test_an_item_that_it_does_not_know_stays_where_it_is() -> None:
    fork = {"id": "fork", "kind": "route", "to": ["strip", "out"]}
    units = (source(mix={"a": 1, "c": 1}), fork, {"id": "strip", "kind": "disassembly", "cycle": "10 s",
             "variants": {"a": {"core": 1}}}, sink(interval="5 s"))  # fmt: skip
    run = Run(line_plant(*units, items=ITEMS), 100.0)
    assert set(run.items("strip")) == {"a"}
    assert "c" in run.items("out")
