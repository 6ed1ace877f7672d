"""Circles in a directed graph."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter


def cycle_in(edges: Iterable[tuple[str, str]]) -> list[str]:
    """One circle of a graph, first node repeated at the end; empty when there is none.

    >>> cycle_in([("a", "b"), ("b", "c"), ("c", "b")]) in (["b", "c", "b"], ["c", "b", "c"])
    True
    >>> cycle_in([("a", "b"), ("a", "c"), ("b", "c")])
    []
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for source, target in edges:
        sorter.add(target, source)
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []
