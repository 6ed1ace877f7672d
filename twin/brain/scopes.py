"""Groups of units: lines, areas, sites, enterprises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.brain.elements import FIXTURES, PERSONNEL
from twin.brain.reports.bottleneck import NO_LIMIT, Limit, designed_bottleneck
from twin.brain.site import Table
from twin.brain.unit import Unit
from twin.equipment import EquipmentPath, Level
from twin.kpi.observed import COLUMN
from twin.kpi.observed import METERED as AMOUNTS
from twin.kpi.output import Output, Standing, Term, output_of

LEVELS = {
    Level.UNIT: "machine",
    Level.LINE: "line",
    Level.AREA: "area",
    Level.SITE: "site",
    Level.ENTERPRISE: "enterprise",
}
METERED = [
    COLUMN[f"{kind}_{what}"] for kind in ("energy", "air", "gas") for what in ("known_ns", "span_ns", "missed", "doubt")
] + [COLUMN[name] for name in ("rates_doubt", "co2_known_ns", "cost_known_ns", *PERSONNEL, *FIXTURES)]
"""Columns that add over all units of a group and not only over those that process."""
METERED_FLOATS = [COLUMN[name] for name in AMOUNTS]
OUTPUT = [COLUMN[name] for name in ("out_produced", "out_good", "out_rate")]


@dataclass(frozen=True, slots=True)
class Scope:
    """A machine or a group; numbers are rows of a table.

    Args:
        path: Its path.
        level: Its level.
        units: Rows of all its units.
        processing: Rows of those that process material.
        output: What leaves it; see :func:`twin.kpi.output.output_of`.
        limit: The designed bottleneck of a line: the units that together limit the flow.
    """

    path: EquipmentPath
    level: Level
    units: tuple[int, ...]
    processing: tuple[int, ...]
    output: Output
    limit: Limit = NO_LIMIT

    @property
    def last(self) -> tuple[int, ...]:
        """Rows of those after which no other processing unit of the group comes."""
        return self.output.last

    @property
    def name(self) -> str:
        """Name of the level in records."""
        return LEVELS[self.level]


def group(path: EquipmentPath, units: Sequence[Unit]) -> Scope:
    """The group of all units at or below a path, of a table with these units."""
    rows = {unit.path: row for row, unit in enumerate(units) if unit.path.is_under(path)}
    processing = tuple(row for row in rows.values() if units[row].processing)
    names = {str(path): row for path, row in rows.items()}
    output = output_of(names, [Standing(unit.master) for unit in units])
    limits = processing and path.level is Level.LINE
    limit = designed_bottleneck(rows, units, output) if limits else NO_LIMIT
    return Scope(path, path.level, tuple(rows.values()), processing, output, limit)


def moved(scope: Scope, before: Sequence[Unit], after: Sequence[Unit]) -> Scope:
    """The same scope of a table with other rows, which holds all its units."""
    rows = {unit.path: row for row, unit in enumerate(after)}
    place = {row: rows[before[row].path] for row in scope.units}
    members, processing = (tuple(place[row] for row in kept) for kept in (scope.units, scope.processing))
    return Scope(scope.path, scope.level, members, processing, scope.output.moved(place), scope.limit.moved(place))


def machines(units: Sequence[Unit]) -> list[Scope]:
    """Each unit as its own scope."""
    return [
        Scope(unit.path, Level.UNIT, (row,), (row,) if unit.processing else (), Output((Term(row, given=1),), (row,)))
        for row, unit in enumerate(units)
    ]


def groups(units: Sequence[Unit], levels: Sequence[Level]) -> list[Scope]:
    """All groups of some levels that the units belong to, sorted by path within a level."""
    return [group(path, units) for level in levels for path in sorted({unit.path.at(level) for unit in units})]


def summed(table: Table, scope: Scope) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One row for a group: times and quantities of its processing units, energy and people of all its units.

    Axes before that of the units, e.g. of several windows, stay.
    """
    processing, everyone = list(scope.processing), list(scope.units)
    ints = table.ints[..., processing, :].sum(axis=-2)
    floats = table.floats[..., processing, :].sum(axis=-2)
    ints[..., METERED] = table.ints[..., everyone, :][..., METERED].sum(axis=-2)
    floats[..., METERED_FLOATS] = table.floats[..., everyone, :][..., METERED_FLOATS].sum(axis=-2)
    good, spoiled = scope.output.of(table.floats)
    floats[..., OUTPUT] = np.stack([good + spoiled, good, good], axis=-1)
    ints[..., COLUMN["window_ns"]] = table.ints[..., 0, COLUMN["window_ns"]]
    return ints, floats
