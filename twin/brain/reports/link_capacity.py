"""What a link of a chain could have completed: the largest flow through all stages that make its output.

A stage limits what comes after it, parallel stages add up, scrap further on takes its share of what a stage could
have made. The stages are the units that complete the link and all before them on their site, up to the units that
complete another link. Before an assembly and behind a disassembly each stage counts by its operations for a piece of
the link's output; where it is not known how many pieces are joined or come from taking apart, what is before or behind
does not limit, and the capacity is not certain. Buffers do not limit. A unit before several links counts whole for
each of them.

Source: own design; see :mod:`twin.brain.reports.largest_flow`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

from twin.brain.reports.bottleneck import carried, operation_s
from twin.brain.reports.largest_flow import Aim, largest_flow
from twin.brain.reports.operations import Edge, Items, Material
from twin.brain.site import Table
from twin.brain.unit import Unit
from twin.kpi.observed import COLUMN
from twin.master import LinkMaster

KNOWN_TIME = [COLUMN[n] for n in ("apt_ns", "aust_ns", "adet_ns", "adot_ns", "planned_down_ns", "outside_ns")]
"""Time of a unit of which it is known what it did."""


class Possible(NamedTuple):
    """What a link could have completed.

    Args:
        items: Good items of it; None where no stage is known.
        certain: Whether it is known how many pieces each stage makes for one of them.
    """

    items: float | None
    certain: bool = True


def link_capacity(table: Table, link: LinkMaster) -> Possible:
    """Good items of a link that its stages could have completed in a window.

    Args:
        table: All units of the chain in the window.
        link: The link.
    """
    rows: dict[str, int] = {unit.path: row for row, unit in enumerate(table.units)}
    ends = [rows[path] for path in link.units if path in rows]
    stages = _Stages(table.units, rows, ends, link.id)
    kept = {row: _kept(table, row) for row in stages.found}
    limits = {row: most for row in stages.found if (most := kept[row] * _operations(table, row)) < inf}
    if not limits:
        return Possible(None)
    if limits.keys() <= {*ends} and not any(_splits(table.units[row]) for row in ends):
        return Possible(sum(limits.values()), stages.certain)
    material = Material(table.units, stages.edges, stages.entries, stages.outlets)
    aim = Aim(leaving={row: _output(table.units[row], link.item) for row in ends})
    largest = largest_flow(material, limits, kept, aim)
    if largest is None:
        return Possible(None)
    return Possible(largest.amount, stages.certain and not (largest.uneven or material.unshared))


class _Stages:
    """The stages of a link.

    Attributes:
        found: Their rows, the last first.
        edges: Which of them give to which.
        entries: Those that get material from outside the link, with what it is, where that is said.
        outlets: Those from which material goes elsewhere.
        certain: Whether it is known of all how many pieces they take and give.
    """

    def __init__(self, units: Sequence[Unit], rows: Mapping[str, int], ends: list[int], link: str):
        self.units = units
        every = [(row, rows[name]) for row, unit in enumerate(units) for name in unit.next if name in rows]
        own = [edge for edge in every if _of_link(units[edge[0]], units[edge[1]], link)]
        known = [edge for edge in own if _numbered(units[edge[0]], units[edge[1]])]
        self.found = _before(known, ends)
        self.edges = [edge for edge in known if edge[1] in self.found]
        inside = {*self.edges}
        self.certain = not any(taker in self.found for _, taker in {*own} - {*known})
        foreign = [edge for edge in every if edge[1] in self.found and edge not in inside]
        self.entries = self._entries(foreign)
        away = {row for row in self.found if any((row, rows.get(name)) not in inside for name in units[row].next)}
        self.outlets = {*ends} | away

    def _entries(self, foreign: Sequence[Edge]) -> dict[int, Items]:
        begins: dict[int, Items] = {row: set() for row in self._begins()}
        for giver, taker in foreign:
            if taker in begins or _joins(self.units[taker]):
                begins.setdefault(taker, set()).update(carried(self.units[giver], self.units[taker]))
        return begins

    def _begins(self) -> list[int]:
        """Stages that get all their material from outside the link; a bench that only rework comes to is none."""
        fed = {name for unit in self.units for name in unit.next}
        taking = {taker for _, taker in self.edges}
        first: dict[str, int] = {}
        for row in self.found:
            line, position = self.units[row].path.line, self.units[row].position
            first[line] = min(position, first.get(line, position))
        return [
            row
            for row in self.found
            if row not in taking
            and (
                self.units[row].path in fed
                or not self.units[row].processing
                or self.units[row].position == first[self.units[row].path.line]
            )
        ] or list(self.found)  # material runs in circles


def _of_link(giver: Unit, taker: Unit, link: str) -> bool:
    """Whether what a unit gives to another is made within the link."""
    return (giver.master is None or giver.master.link in (None, link)) and giver.site is taker.site


def _numbered(giver: Unit, taker: Unit) -> bool:
    """Whether it is known how many pieces the one gives, and the other takes, in an operation."""
    gives = not _splits(giver) or bool(giver.gives)
    return gives and (not _joins(taker) or bool(taker.takes)) and (not _splits(taker) or bool(taker.gives))


def _joins(unit: Unit) -> bool:
    return unit.master is not None and (unit.master.joins or bool(unit.master.takes))


def _splits(unit: Unit) -> bool:
    return unit.master is not None and (unit.master.splits or bool(unit.master.gives))


def _output(unit: Unit, item: str) -> Items | None:
    """Which of the pieces that a unit gives are the link's output; None: all."""
    named = {piece for listed in unit.master.parts.values() for piece in listed} if unit.master is not None else set()
    return {item} if _splits(unit) and item in named else None


def _before(edges: Sequence[Edge], ends: list[int]) -> dict[int, None]:
    """Units that complete something, and all before them."""
    givers: dict[int, list[int]] = {}
    for giver, taker in edges:
        givers.setdefault(taker, []).append(giver)
    found: dict[int, None] = {}
    ahead = deque(ends)
    while ahead:
        row = ahead.popleft()
        if row not in found:
            found[row] = None
            ahead += givers.get(row, ())
    return found


def _operations(table: Table, row: int) -> float:
    """Pieces that a unit could have worked on; infinite where it does not limit, or nobody knows of any of its time."""
    ideal_s = operation_s(table.units[row]) if table.units[row].processing else None
    if not ideal_s or not table.ints[row, KNOWN_TIME].any():
        return inf
    produced, good, scrap = (float(table.floats[row, COLUMN[name]]) for name in ("out_produced", "good", "scrap"))
    return int(table.ints[row, COLUMN["able_ns"]]) * 1e-9 / ideal_s * ((good + scrap) / produced if produced else 1.0)


def _kept(table: Table, row: int) -> float:
    """Share of the pieces of a unit that it did not spoil; of those that pass an inspection of a sample unseen, all."""
    unit = table.units[row]
    good, scrap = (float(table.floats[row, COLUMN[name]]) for name in ("good", "scrap"))
    if not (good + scrap and unit.processing):
        return 1.0
    seen = (unit.master.sampled or 0.0) if unit.master is not None and unit.master.samples else 1.0
    return 1 - seen * scrap / (good + scrap)
