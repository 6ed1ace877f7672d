"""The largest flow of material through units of which each can do so many operations, as a linear programme.

Its variables are operations of each kind, pieces that go from one unit to another, and what comes from elsewhere and
leaves. What a unit could do less is paid by its dual value: pieces that leave fewer for one operation fewer. That is
the generalisation of a smallest cut to units that join pieces or take them apart, where branches that meet must all
bring their share.

Source: own design; linear programming duality (Dantzig 1963), solved by HiGHS.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from twin.brain.reports.operations import Material

SMALLEST = 1e3
"""What the smallest limit is scaled to, far above the solver's tolerance."""
WIDEST = 1e9
"""A limit so many times the smallest one is none."""
ROUNDING = 1e-9
"""An operation that is worth less is worth nothing."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be as much as can be.

    Args:
        leaving: Units of which the pieces count that leave, with the items that count; None: all.
        done: Units of which the operations count.
    """

    leaving: Mapping[int, Collection[str] | None] = field(default_factory=dict)
    done: Collection[int] = ()

    def piece(self, row: int, item: str) -> float:
        """What a piece that leaves counts."""
        if row not in self.leaving:
            return 0.0
        items = self.leaving[row]
        return float(items is None or item in items)


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest flow.

    Args:
        amount: It, in what counts.
        worth: What one operation less of a unit takes away of it, by row, of those that limit it.
        uneven: Whether it is that of some products only, as others want more of what limits it.
    """

    amount: float
    worth: Mapping[int, float]
    uneven: bool


class _Programme:
    """Columns and rows as they come."""

    def __init__(self) -> None:
        self.rows: dict[Hashable, int] = {}
        self.places: list[tuple[int, int]] = []
        self.numbers: list[float] = []
        self.aims: list[float] = []

    def column(self, entries: Iterable[tuple[Hashable, float]], aim: float = 0.0) -> int:
        """A variable, with its numbers in the balances that it is in."""
        for key, number in entries:
            self.places.append((self.rows.setdefault(key, len(self.rows)), len(self.aims)))
            self.numbers.append(number)
        self.aims.append(aim)
        return len(self.aims) - 1


def largest_flow(
    material: Material, limits: Mapping[int, float], kept: Mapping[int, float], aim: Aim
) -> Largest | None:
    """The largest flow; None where nothing limits it.

    Args:
        material: The units.
        limits: Good operations that each can do; those that are not in it do not limit.
        kept: Share of the operations of each that is good, where it is not all.
        aim: What counts.
    """
    programme = _Programme()
    done = {
        row: _add_operations(programme, material, row, kept.get(row, 1.0), row in aim.done) for row in material.rows
    }
    for giver, leaves, taker, arrives in material.flows:
        programme.column([(("out", giver, leaves), -1.0), (("in", taker, arrives), 1.0)])
    for row in material.rows:
        for item in sorted(material.supplied[row]):
            programme.column([(("in", row, item), 1.0)])
        for item in sorted(material.leaving[row]):
            programme.column([(("out", row, item), -1.0)], aim.piece(row, item))
    return _solved(programme, done, limits, kept, {row for row in done if material.joins(row) or material.splits(row)})


def _add_operations(programme: _Programme, material: Material, row: int, kept: float, counts: bool) -> list[int]:
    """The variables of a unit's operations."""
    return [
        programme.column(
            [
                *((("in", row, item), -float(number)) for item, number in operation.takes.items()),
                *((("out", row, item), kept * number) for item, number in operation.gives.items()),
            ],
            kept if counts else 0.0,
        )
        for operation in material.operations[row]
    ]


def _solved(
    programme: _Programme,
    done: Mapping[int, list[int]],
    limits: Mapping[int, float],
    kept: Mapping[int, float],
    several: Collection[int],
) -> Largest | None:
    from scipy.optimize import linprog  # here: it takes longest of all to import

    smallest = min((limit for limit in limits.values() if limit > 0), default=1.0)
    limited = [row for row in done if done[row] and limits.get(row, inf) < WIDEST * smallest]
    if not (limited and programme.rows):
        return None
    width, scale = len(programme.aims), SMALLEST / smallest
    able = np.array([limits[row] * scale for row in limited])
    shares = [((number, column), kept.get(row, 1.0)) for number, row in enumerate(limited) for column in done[row]]
    most: Any = _sparse(shares, (len(limited), width))
    balance: Any = _sparse(zip(programme.places, programme.numbers, strict=True), (len(programme.rows), width))
    found = linprog(-np.array(programme.aims), most, able, balance, np.zeros(len(programme.rows)), bounds=(0, None))
    if found.status != 0:
        return None
    worth = (-np.asarray(found.ineqlin.marginals)).tolist()
    cost = np.asarray(found.lower.marginals)
    uneven = any(cost[columns].max() > ROUNDING for row, columns in done.items() if row in several)
    limiting = {row: each for row, each in zip(limited, worth, strict=True) if each > ROUNDING}
    return Largest(-float(found.fun or 0.0) / scale, limiting, uneven)


def _sparse(entries: Iterable[tuple[tuple[int, int], float]], shape: tuple[int, int]) -> Any:
    from scipy.sparse import coo_array

    places, numbers = zip(*entries, strict=True)
    return coo_array((np.array(numbers), np.array(places).T), shape=shape).tocsr()
