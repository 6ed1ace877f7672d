"""The designed bottleneck of a group: the units whose planned rates limit what can flow through.

It is the smallest cut of the material flow, each processing unit having the capacity 1 / planned run
time. So parallel units count together, also where whole branches run side by side, and rework beside
the flow does not count. Where branches meet in an assembly they are treated as if they added up.

Source: own design; max-flow min-cut theorem (Ford and Fulkerson 1956).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from twin.brain.unit import Unit
from twin.equipment import EquipmentPath

RATE = 1e6
"""Capacity of a planned run time of 1 s; rounding decides between cuts that are equal to six digits only."""
UNLIMITED = 1 << 28

Edge = tuple[int, int, int]
"""From, to, capacity."""


def designed_bottleneck(rows: Mapping[EquipmentPath, int], units: Sequence[Unit]) -> tuple[int, ...]:
    """Rows of the units that limit the flow; of the slowest unit where nothing is known of the flow.

    Args:
        rows: Row of each unit of the group, by path.
        units: All units of the table, in the order of the rows.
    """
    cut = _smallest_cut(rows, units)
    if cut:
        return cut
    processing = [row for row in rows.values() if units[row].processing]
    slowest = max(processing, key=lambda row: units[row].ideal_s or 0.0, default=None)
    return () if slowest is None else (slowest,)


def _smallest_cut(rows: Mapping[EquipmentPath, int], units: Sequence[Unit]) -> tuple[int, ...]:
    entries = _entries(rows, units)
    if not entries:
        return ()
    number = {row: index for index, row in enumerate(rows.values())}
    start, end = 2 * len(number), 2 * len(number) + 1
    edges = [*_through(number, units), *_between(rows, number, units)]
    edges += [(start, 2 * number[row], UNLIMITED) for row in entries]
    edges += [(2 * number[row] + 1, end, UNLIMITED) for row in _exits(rows, units)]
    reached = _reached(edges, start, end)
    return tuple(row for row, index in number.items() if 2 * index in reached and 2 * index + 1 not in reached)


def _through(number: Mapping[int, int], units: Sequence[Unit]) -> Iterator[Edge]:
    """Each unit as an edge from its way in to its way out, with its planned rate."""
    for row, index in number.items():
        ideal_s = units[row].ideal_s if units[row].processing else None
        yield 2 * index, 2 * index + 1, _capacity(ideal_s) if ideal_s else UNLIMITED


def _capacity(ideal_s: float) -> int:
    """A planned rate as a whole number; of run times so short or so long that it cannot say them, the nearest."""
    return round(min(max(RATE / ideal_s, 1), UNLIMITED - 1))


def _between(rows: Mapping[EquipmentPath, int], number: Mapping[int, int], units: Sequence[Unit]) -> Iterator[Edge]:
    for row, index in number.items():
        for target in _targets(rows, units[row]):
            yield 2 * index + 1, 2 * number[target], UNLIMITED


def _targets(rows: Mapping[EquipmentPath, int], unit: Unit) -> list[int]:
    inside: Mapping[Any, int] = rows
    return [inside[name] for name in unit.next if name in inside]


def _entries(rows: Mapping[EquipmentPath, int], units: Sequence[Unit]) -> set[int]:
    """Units fed from outside the group, and its first unit; none where nothing is fed by anything."""
    mine = set(rows.values())
    within = {target for row in mine for target in _targets(rows, units[row])}
    outside = {target for row, unit in enumerate(units) if row not in mine for target in _targets(rows, unit)}
    if not within | outside:
        return set()
    first = min(units[row].position for row in mine)
    return outside | {row for row in mine - within if units[row].position == first or not units[row].processing}


def _exits(rows: Mapping[EquipmentPath, int], units: Sequence[Unit]) -> list[int]:
    """Units whose material leaves the group, or goes nowhere."""
    inside: Mapping[Any, int] = rows
    ways = {row: units[row].next for row in rows.values()}
    return [row for row, names in ways.items() if not names or any(name not in inside for name in names)]


def _reached(edges: Sequence[Edge], start: int, end: int) -> set[int]:
    """Nodes to which more could still flow when the flow is largest."""
    from scipy.sparse import coo_array, csr_array  # here: it takes longest of all to import
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    sources, targets, capacities = (np.array(column, dtype=np.int32) for column in zip(*edges, strict=True))
    graph = coo_array((capacities, (sources, targets)), shape=(end + 1, end + 1)).tocsr()
    left: csr_array = csr_array(graph - maximum_flow(graph, start, end).flow)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    return set(breadth_first_order(left, start, return_predecessors=False).tolist())
