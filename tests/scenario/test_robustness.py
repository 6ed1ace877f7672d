"""Whatever stands in a document, the loader gives a scenario or tells problems; it never breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.loader import LIBRARY, loads
from scenarios.reading.nodes import parse
from twin.errors import ScenarioError

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.just("58 s"),
    st.just("5 kW"),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
CHAIN = """
chain: {id: c, title: C, final_item: body_a, links: [{id: a, title: A, segment: upstream, item: body_a, quantity: 1},
  {id: b, title: B, segment: downstream, item: valve_a, quantity: 1}], edges: [{source: a, target: b}]}
perturbations: [{id: p, target: jialing, effect: stop, start: 1 h, duration: 1 h}]
overrides: {run.seed: 4, jialing/beibei/machining/bodies/deburr: {cycle: 50 s}}
include: []
store: {url: embedded}
brokers: {url: embedded}
"""
DOCUMENT = parse((LIBRARY / "workshop.yaml").read_text(encoding="utf-8") + CHAIN, "w")[0].plain()


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all nodes below a node."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, child in children for place in ((*path, key), *places(child, (*path, key)))]


def changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with one node replaced."""
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = changed(node[path[0]], path[1:], value)
    return copy


def loaded(text: str) -> None:
    try:
        loads(text, Path())
    except ScenarioError as error:
        assert all(problem.where and problem.expected for problem in error.problems)  # noqa: PT017 - either is fine


def test_the_document_that_is_changed_is_valid() -> None:
    scenario = loads(yaml.safe_dump(DOCUMENT, allow_unicode=True), Path())
    assert (scenario.run.seed, scenario.perturbations[0].target) == (4, "jialing")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(places(DOCUMENT)), VALUES)
def test_a_document_with_anything_anywhere(path: tuple[Any, ...], value: Any) -> None:
    loaded(yaml.safe_dump(changed(DOCUMENT, path, value), allow_unicode=True))


@settings(max_examples=100, deadline=None)
@given(st.text("abc:-[]{}&*!|>'\"#?%@`, \n\t0159", max_size=60))
def test_any_text(text: str) -> None:
    loaded(text)
