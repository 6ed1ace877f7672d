"""What leaves a group of units: which counts of which units say it.

Between units that count what they do (machines, and lots that come back finished) lie those that only pass on: stores,
means of transport, sinks, and inspections of a sample, which say nothing of what they let pass. What hangs together so
is a stretch: whatever enters it leaves it, or is lost at an inspection of a sample. Where a stretch ends at machines
of the group alone, nothing leaves there. Where it ends outside alone, what leaves is what the units before give. Where
it does both, or an inspection of a sample is in it, sinks count what leaves; without them it is what comes in less what
machines take out and what is lost, so that what lies between them counts as if it had left.

Source: own design; conservation of flow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.kpi.observed import COLUMN
from twin.master import EquipmentMaster

MOVED = [COLUMN[name] for name in ("pieces_good", "pieces_taken", "scrap", "rework", "pieces_spoiled")]
"""Columns that the numbers of a :class:`Term` weigh."""


class Standing(NamedTuple):
    """A unit as its master data tell of it.

    Args:
        master: They; None when none have come.
    """

    master: EquipmentMaster | None

    @property
    def processing(self) -> bool:
        """Whether it works on material; equipment without master data is taken to."""
        return self.master is None or self.master.processing

    @property
    def samples(self) -> bool:
        """Whether it lets items pass of which it says nothing."""
        return self.master is not None and self.master.samples

    @property
    def leaves(self) -> bool:
        """Whether material leaves the plant here, and all of it is counted."""
        return self.master is not None and self.master.leaves

    @property
    def completes(self) -> bool:
        """Whether lots come back here when their recipe is done."""
        return self.master is not None and self.master.completes

    @property
    def routed(self) -> bool:
        """Whether its material comes and goes by recipes, and not by the links between units."""
        return self.master is not None and self.master.routed

    @property
    def plain(self) -> bool:
        """Whether each of its operations takes one piece and gives one."""
        return self.master is None or not (self.master.gives or self.master.takes)

    @property
    def position(self) -> int:
        """Number in its line."""
        return 0 if self.master is None else self.master.position

    @property
    def next(self) -> tuple[str, ...]:
        """Units that its material goes to."""
        return () if self.master is None else self.master.to

    @property
    def rework_to(self) -> str:
        """Unit that it sends rework to; empty where it sends none."""
        return "" if self.master is None else self.master.rework_to


class Term(NamedTuple):
    """How often the counts of a unit are in what leaves a group.

    Args:
        row: The unit.
        given: Pieces that its good operations gave.
        taken: Pieces that its operations took.
        scrap: Its scrap.
        rework: Its rework.
        spoiled: Pieces that it spoiled, of what is produced and not of what leaves good.
    """

    row: int
    given: int = 0
    taken: int = 0
    scrap: int = 0
    rework: int = 0
    spoiled: int = 0


class Output(NamedTuple):
    """What leaves a group.

    Args:
        terms: The sum that it is.
        last: Rows of the units after which no other processing unit of the group comes.
        unknown: Rows of units at which, or past which, material leaves of which nothing says how much.
        plain: Whether each of these operations takes one piece and gives one.
    """

    terms: tuple[Term, ...]
    last: tuple[int, ...]
    unknown: tuple[int, ...] = ()
    plain: bool = True

    def moved(self, place: Mapping[int, int]) -> Output:
        """The same of a table with other rows."""
        terms = tuple(term._replace(row=place[term.row]) for term in self.terms)
        last, unknown = (tuple(place[row] for row in rows) for rows in (self.last, self.unknown))
        return Output(terms, last, unknown, self.plain)

    def of(self, floats: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What left good, and what was spoiled at its end, of float64[..., units, FLOATS]."""
        ending = floats[..., [term.row for term in self.terms], :][..., MOVED]
        weighed = ending * np.array([term[1:] for term in self.terms], dtype=float).reshape(-1, len(MOVED))
        return weighed[..., :4].sum(axis=(-2, -1)), weighed[..., 4].sum(axis=-1)

    def operations(self, floats: NDArray[np.float64]) -> NDArray[np.float64]:
        """Good operations that ended with a piece leaving, of float64[..., units, FLOATS]."""
        if self.plain:
            return self.of(floats)[0]
        done: NDArray[np.float64] = floats[..., list(self.last), COLUMN["good"]].sum(axis=-1)
        return done


def output_of(rows: Mapping[str, int], units: Sequence[Standing]) -> Output:
    """What leaves the units of some rows.

    Lots that follow recipes leave a shop where they come back finished, so tools do not count in a group with a unit
    that takes lots back; in a group of tools alone every operation is output.

    Args:
        rows: Row of each unit of the group, by path.
        units: All units of the table.
    """
    ways = _Ways(rows, units)
    found = [ways.leaving(stretch) for stretch in ways.stretches()]
    terms = _sums(term for one in found for term in one.terms)
    if not any(term.given for term in terms) and ways.counting:  # material runs in circles
        highest = max(units[row].position for row in ways.counting)
        terms = tuple(Term(row, given=1, spoiled=1) for row in rows.values() if row in ways.counting)
        terms = tuple(term for term in terms if units[term.row].position == highest)
    unknown = tuple(row for one in found for row in one.unknown)
    last = sorted({term.row for term in terms if term.spoiled and (term.row in ways.counting or term.row in unknown)})
    plain = all(units[term.row].plain for term in terms)
    return Output(terms, tuple(last), unknown, plain)


def _sums(terms: Iterable[Term]) -> tuple[Term, ...]:
    """One term for each unit; of what cancels none."""
    sums: dict[int, Term] = {}
    for term in terms:
        before = sums.get(term.row, Term(term.row))
        sums[term.row] = Term(term.row, *(a + b for a, b in zip(before[1:], term[1:], strict=True)))
    return tuple(term for _, term in sorted(sums.items()) if any(term[1:]))


class _Stretch:
    """Units that material comes to and goes on from without being counted, and those before and after them.

    Attributes:
        givers: Units that give into it.
        takers: Units that take out of it.
        between: Units in it.
        open: Whether material leaves it for somewhere else than the group.
    """

    def __init__(self) -> None:
        self.givers: list[int] = []
        self.takers: list[int] = []
        self.between: list[int] = []
        self.open = False


class _Ways:
    """The ways of material through a group.

    A unit that counts has two ends, one at which it takes and one at which it gives; the others have one.
    """

    def __init__(self, rows: Mapping[str, int], units: Sequence[Standing]):
        self.units, self.rows = units, rows
        office = any(units[row].completes for row in rows.values())
        gives = [row for row in rows.values() if _gives(units[row], office)]
        self.sampling = {row for row in gives if units[row].samples}
        self.counting = {row for row in gives if row not in self.sampling}
        self._same: dict[int, int] = {}
        self._open: list[int] = []
        for row in rows.values():
            self._follow(row)

    def _taking(self, row: int) -> int:
        return 2 * row

    def _giving(self, row: int) -> int:
        return 2 * row + (row in self.counting)

    def _follow(self, row: int) -> None:
        unit, end = self.units[row], self._giving(row)
        inside = [self.rows[name] for name in unit.next if name in self.rows]
        for target in inside:
            self._same[self._root(end)] = self._root(self._taking(target))
        if len(inside) < len(unit.next) or not (unit.next or unit.leaves):
            self._open.append(end)

    def _root(self, end: int) -> int:
        while (above := self._same.get(end, end)) != end:
            self._same[end] = self._same.get(above, above)
            end = above
        return end

    def stretches(self) -> list[_Stretch]:
        """All of them."""
        found: dict[int, _Stretch] = defaultdict(_Stretch)
        for row in self.rows.values():
            if row in self.counting:
                found[self._root(self._taking(row))].takers.append(row)
                found[self._root(self._giving(row))].givers.append(row)
            else:
                found[self._root(self._taking(row))].between.append(row)
        for end in self._open:
            found[self._root(end)].open = True
        return list(found.values())

    def leaving(self, stretch: _Stretch) -> Output:
        """What leaves the group at a stretch."""
        sinks = [row for row in stretch.between if self.units[row].leaves]
        sampling = [row for row in stretch.between if row in self.sampling]
        if not (stretch.open or sinks):
            return Output((), ())
        spoiled = [Term(row, spoiled=1) for row in (*stretch.givers, *sampling)]
        given = [Term(row, given=1) for row in stretch.givers]
        if not (stretch.takers or sampling):
            return Output((*given, *spoiled), ())
        if sinks and not stretch.open:
            return Output((*(Term(row, given=1) for row in sinks), *spoiled), ())
        if self._closed(stretch):
            return Output((*given, *spoiled, *self._lost(stretch, sampling)), ())
        return self._looked_at(stretch, sampling)

    def _lost(self, stretch: _Stretch, sampling: Sequence[int]) -> Iterator[Term]:
        """What comes back into a stretch from rework, less what is taken out of it or lost in it."""
        yield from (Term(row, taken=-1) for row in stretch.takers)
        yield from (Term(row, scrap=-1, rework=-bool(self.units[row].rework_to)) for row in sampling)
        inside = {*stretch.takers, *stretch.between}
        for row in self.rows.values():
            if self.rows.get(self.units[row].rework_to) in inside:
                yield Term(row, rework=1)

    def _closed(self, stretch: _Stretch) -> bool:
        """Whether all that comes into a stretch is counted: nothing from sources and other groups."""
        fed = {self.rows.get(name) for unit in self.units for name in (*unit.next, unit.rework_to)}
        inside, members = {*stretch.takers, *stretch.between}, {*self.rows.values()}
        outside = (unit for row, unit in enumerate(self.units) if row not in members)
        foreign = {self.rows.get(name) for unit in outside for name in (*unit.next, unit.rework_to)}
        return not (inside & foreign) and all(row in fed for row in stretch.between)

    def _looked_at(self, stretch: _Stretch, sampling: Sequence[int]) -> Output:
        """What is known where not all that comes is: that of units which no other unit counts after."""
        ends = [row for row in (*stretch.givers, *sampling) if not self._reaches(row, sampling)]
        unknown = tuple(row for row in ends if row in self.sampling) or tuple(stretch.takers)
        return Output(tuple(Term(row, given=1, spoiled=1) for row in ends), (), unknown)

    def _reaches(self, start: int, sampling: Sequence[int]) -> bool:
        seen, ahead = {start}, [start]
        while ahead:
            for name in self.units[ahead.pop()].next:
                row = self.rows.get(name)
                if row is None or row in seen:
                    continue
                if row in self.counting or row in sampling:
                    return True
                seen.add(row)
                ahead.append(row)
        return False


def _gives(unit: Standing, office: bool) -> bool:
    return unit.completes or (unit.processing and not (office and unit.routed))
