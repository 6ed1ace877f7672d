"""Operations of units and the material between them: what a unit takes of each item, and what it gives.

A unit passes on what comes, makes one piece of several (``takes``, ``parts``), or several of one (``gives``,
``parts``). Which items go where is what master data say (``carries``), else what comes to a unit goes on. Items that
nobody names are the item ``""``; at a unit that lists its parts such pieces are those which nobody else brings.

Source: own design; a process is a vector of what it takes and gives (Koopmans 1951, activity analysis).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from twin.brain.unit import Unit

ANY = ""
"""Pieces of which nobody says what they are."""

Items = set[str]
Edge = tuple[int, int]
"""Rows of a unit that gives and of one that takes."""


class Conversion(NamedTuple):
    """A kind of operation of a unit: pieces that it takes and gives, by item."""

    takes: Mapping[str, int]
    gives: Mapping[str, int]


class Material:
    """What goes between some units, by item.

    Args:
        units: All units of a table.
        edges: Who gives to whom among those that are looked at.
        entries: Rows of units that more comes to from elsewhere, with the items that it is, where somebody says so.
        outlets: Rows of units whose material also goes elsewhere.

    Attributes:
        operations: Kinds of operations of each unit.
        supplied: Items that come to each unit from elsewhere in any number.
        flows: Who gives what to whom as what: giver, item, taker, item that it is there.
        leaving: Items that may leave each unit for somewhere else.
        unshared: Rows of units of which it is not known how many pieces they take from, or give to, each of several.
    """

    def __init__(
        self, units: Sequence[Unit], edges: Sequence[Edge], entries: Mapping[int, Items], outlets: Collection[int]
    ):
        self.units, self.edges, self.entries = units, edges, entries
        self.rows = sorted({row for edge in edges for row in edge} | {*entries} | {*outlets})
        self.comes: dict[int, Items] = {row: set() for row in self.rows}
        self._spread()
        self.operations = {row: self._operations(row) for row in self.rows}
        self.flows = [flow for edge in edges for flow in self._flows(*edge)]
        self.supplied = {row: self._supplied(row) for row in self.rows}
        taken = {(giver, item) for giver, item, _, _ in self.flows}
        self.leaving = {
            row: {item for item in self.given(row) if row in outlets or (row, item) not in taken} for row in self.rows
        }
        self.unshared = frozenset(row for row in self.rows if self._unshared(row))

    def parts(self, row: int) -> Mapping[str, Mapping[str, int]]:
        """Pieces of what it makes or takes apart, where it says them."""
        master = self.units[row].master
        return {} if master is None else master.parts

    def splits(self, row: int) -> bool:
        """Whether it makes several pieces of one."""
        master = self.units[row].master
        return master is not None and (master.splits or bool(master.gives))

    def joins(self, row: int) -> bool:
        """Whether it makes one piece of several."""
        master = self.units[row].master
        return master is not None and (master.joins or bool(master.takes))

    def wanted(self, row: int) -> Items:
        """Items that it tells apart; none where it takes whatever comes."""
        parts = self.parts(row)
        named = {*parts} if self.splits(row) else {item for listed in parts.values() for item in listed}
        return set() if ANY in named else named

    def given(self, row: int) -> Items:
        """Items that its operations give."""
        return {item for operation in self.operations[row] for item in operation.gives}

    def _spread(self) -> None:
        """Follow the items from where they come."""
        for row, items in self.entries.items():
            self.comes[row] |= items or {ANY}
        grown = True
        while grown:
            grown = False
            for giver, taker in self.edges:
                new = self._over(giver, taker) - self.comes[taker]
                self.comes[taker] |= new
                grown = grown or bool(new)

    def _over(self, giver: int, taker: int) -> Items:
        """Items that go from one unit to another."""
        if not (self.comes[giver] or self.parts(giver)):
            return set()
        master = self.units[giver].master
        said = () if master is None else master.carries.get(str(self.units[taker].path), ())
        items = {*said} or self._made(giver)
        wanted = self.wanted(taker)
        known = items & wanted
        return items if not wanted else known | (items & {ANY}) if known else {ANY}

    def _made(self, row: int) -> Items:
        parts, master = self.parts(row), self.units[row].master
        if self.splits(row):
            return {item for listed in parts.values() for item in listed} or {ANY}
        if self.joins(row):
            return {*parts} or ({ANY} if master is None else {*master.takes}) or {ANY}
        return self.comes[row]

    def _operations(self, row: int) -> tuple[Conversion, ...]:
        if self.splits(row):
            return tuple(self._apart(row))
        if self.joins(row):
            return tuple(self._together(row))
        comes = self.comes[row]
        goes = {item for giver, taker in self.edges if giver == row for item in self._over(giver, taker)} or comes
        return tuple(Conversion({a: 1}, {b: 1}) for a in sorted(comes) for b in sorted(_becomes(a, comes, goes)))

    def _apart(self, row: int) -> Iterator[Conversion]:
        parts, master = self.parts(row), self.units[row].master
        gives = {} if master is None else master.gives
        for item in sorted(self.wanted(row) or self.comes[row]):
            pieces = parts.get(item) or parts.get(ANY) or {ANY: gives.get(item, gives.get(ANY, 1))}
            yield Conversion({item: 1}, pieces)

    def _together(self, row: int) -> Iterator[Conversion]:
        parts, master = self.parts(row), self.units[row].master
        if parts:
            yield from (Conversion(listed, {made: 1}) for made, listed in parts.items())
            return
        for made, number in ({} if master is None else master.takes).items() or ((ANY, 1),):
            yield Conversion({ANY: number}, {made: 1})

    def _pooled(self, row: int) -> bool:
        """Whether its operations take so many pieces, whichever they are."""
        return self.joins(row) and not self.parts(row)

    def _flows(self, giver: int, taker: int) -> Iterator[tuple[int, str, int, str]]:
        given = self.given(giver)
        for item in sorted(self._over(giver, taker)):
            leaves = {item} & given or {ANY} & given or given
            arrives = {ANY} if self._pooled(taker) else {item}
            if item == ANY and self.wanted(taker):
                arrives = self._unnamed(taker)
            yield from ((giver, a, taker, b) for a in sorted(leaves) for b in sorted(arrives))

    def _unnamed(self, row: int) -> Items:
        """What pieces that nobody names are at a unit that tells items apart: those that nobody else brings."""
        wanted = self.wanted(row)
        return wanted - self.comes[row] or wanted

    def _supplied(self, row: int) -> Items:
        wanted = self.wanted(row)
        missing = wanted - {item for _, _, taker, item in self.flows if taker == row}
        if row not in self.entries:
            return missing if self.joins(row) else set()
        return missing or wanted or ({ANY} if self._pooled(row) else self.entries[row] or {ANY})

    def _unshared(self, row: int) -> bool:
        """Whether pieces of several givers, or for several takers, meet here and nobody says how many of each."""
        if self.joins(row) and (not self.parts(row) or self._unclear(row)):
            before = self.workers(row, back=True)
            unknown = not (self.parts(row) or self._number(row, "takes"))
            return bool(before) and (unknown or len(before) > 1 or row in self.entries)
        if self.splits(row) and not self.parts(row):
            after = self.workers(row, back=False)
            return bool(after) and (not self._number(row, "gives") or len(after) > 1)
        return False

    def _unclear(self, row: int) -> bool:
        """Whether pieces come that may be several of those it lists."""
        return ANY in self.comes[row] and len(self._unnamed(row)) > 1

    def _number(self, row: int, name: str) -> Any:
        return getattr(self.units[row].master, name)

    def workers(self, row: int, back: bool) -> Items | set[int]:
        """Units that work on material next to one, past those that only pass it on."""
        ways: dict[int, list[int]] = {}
        for giver, taker in self.edges:
            here, there = (taker, giver) if back else (giver, taker)
            ways.setdefault(here, []).append(there)
        found, seen, ahead = set[int](), {row}, [row]
        while ahead:
            for other in ways.get(ahead.pop(), ()):
                if other in seen:
                    continue
                seen.add(other)
                if self.units[other].processing:
                    found.add(other)
                else:
                    ahead.append(other)
        return found


def _becomes(item: str, comes: Items, goes: Items) -> Items:
    """What an item becomes at a unit that gives one piece for one: itself, else what leaves and does not come."""
    return {item} & goes or {ANY} & goes or goes - comes or goes
