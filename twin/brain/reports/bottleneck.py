"""The designed bottleneck of a line: the units whose planned rates limit what can flow through.

It is found from the largest flow of material, each processing unit doing 1 / planned run time operations. So parallel
units count together, also where whole branches run side by side, and rework beside the flow does not count. Where
pieces are joined or taken apart, each unit counts by its operations for one piece that leaves; where branches meet in
an assembly, the one that is slowest for its share limits.

Source: own design; see :mod:`twin.brain.reports.largest_flow`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from twin.brain.reports.largest_flow import Aim, Largest, largest_flow
from twin.brain.reports.operations import Edge, Items, Material
from twin.brain.unit import Unit
from twin.equipment import EquipmentPath
from twin.kpi.output import Output

NEARER = 1e-7
"""Of stages that are as slow as each other the first one is the bottleneck: each counts as so much faster than the one
before it."""


class Limit(NamedTuple):
    """What limits a line.

    Args:
        rows: The units.
        worth: What one operation of each is worth in what leaves.
        certain: Whether that is known: how many pieces come from which branch, and of which product.
    """

    rows: tuple[int, ...] = ()
    worth: tuple[float, ...] = ()
    certain: bool = True

    def moved(self, place: Mapping[int, int]) -> Limit:
        """The same of a table with other rows."""
        return self._replace(rows=tuple(place[row] for row in self.rows))

    def rates(self, units: Sequence[Unit]) -> dict[int, float]:
        """What each lets leave in a second of its planned time."""
        both = zip(self.rows, self.worth, strict=True)
        return {row: worth / ideal for row, worth in both if (ideal := operation_s(units[row]))}

    def stage_s(self, units: Sequence[Unit]) -> float:
        """Planned time of all of them together for what leaves; 0 while unknown."""
        rate = sum(self.rates(units).values())
        return 1 / rate if rate else 0.0


NO_LIMIT = Limit()


def designed_bottleneck(rows: Mapping[EquipmentPath, int], units: Sequence[Unit], output: Output) -> Limit:
    """The units that limit the flow; the slowest unit where nothing is known of the flow.

    Args:
        rows: Row of each unit of the line, by path.
        units: All units of the table, in the order of the rows.
        output: What leaves it.
    """
    entries = _entries(rows, units)
    limits = {row: 1 / ideal for row in rows.values() if units[row].processing and (ideal := operation_s(units[row]))}
    if entries and limits:
        material = Material(units, list(_between(rows, units)), entries, _exits(rows, units))
        largest = _largest(material, limits, output)
        if largest is not None and largest.worth:
            certain = not (largest.uneven or material.unshared)
            return Limit(tuple(largest.worth), tuple(largest.worth.values()), certain)
    processing = [row for row in rows.values() if units[row].processing]
    slowest = max(processing, key=lambda row: units[row].ideal_s or 0.0, default=None)
    return NO_LIMIT if slowest is None else Limit((slowest,), (1.0,))


def operation_s(unit: Unit) -> float | None:
    """Planned time for a piece that comes: less where only a sample is worked on; None where it is not known."""
    master = unit.master
    if master is None or not master.samples:
        return unit.ideal_s
    return None if not (unit.ideal_s and master.sampled) else unit.ideal_s * master.sampled


def _largest(material: Material, limits: Mapping[int, float], output: Output) -> Largest | None:
    order = _from_the_first(material)
    nearer = {row: limit * (1 + NEARER * order.get(row, 0)) for row, limit in limits.items()}
    aim = Aim(leaving=dict.fromkeys(material.rows)) if output.plain else Aim(done=output.last)
    return largest_flow(material, nearer, {}, aim)


def _from_the_first(material: Material) -> dict[int, int]:
    """Units numbered so that material goes from lower to higher ones, but where it comes back."""
    ways: dict[int, list[int]] = {}
    for giver, taker in material.edges:
        ways.setdefault(giver, []).append(taker)
    done: dict[int, None] = {}
    seen = set[int]()
    for start in material.entries:
        ahead: list[tuple[int, Iterator[int]]] = [(start, iter(ways.get(start, ())))] if start not in seen else []
        seen.add(start)
        while ahead:
            row, others = ahead[-1]
            following = next((other for other in others if other not in seen), None)
            if following is None:
                done[row] = None
                ahead.pop()
            else:
                seen.add(following)
                ahead.append((following, iter(ways.get(following, ()))))
    return {row: number for number, row in enumerate(reversed(done))}


def _between(rows: Mapping[EquipmentPath, int], units: Sequence[Unit]) -> Iterator[Edge]:
    for row in rows.values():
        yield from ((row, target) for target in _targets(rows, units[row]))


def _targets(rows: Mapping[EquipmentPath, int], unit: Unit) -> list[int]:
    inside: Mapping[Any, int] = rows
    return [inside[name] for name in dict.fromkeys(unit.next) if name in inside]


def _entries(rows: Mapping[EquipmentPath, int], units: Sequence[Unit]) -> dict[int, Items]:
    """Units fed from outside the group, and its first unit, with what comes; none where nothing is fed by anything."""
    mine = set(rows.values())
    within = {target for row in mine for target in _targets(rows, units[row])}
    outside: dict[int, Items] = {}
    for row, unit in enumerate(units):
        for target in _targets(rows, unit) if row not in mine else ():
            outside.setdefault(target, set()).update(carried(unit, units[target]))
    if not within | outside.keys():
        return {}
    first = min(units[row].position for row in mine)
    flowing = {row for row in mine - within if units[row].next or units[row].processing}
    begin = {row for row in flowing if units[row].position == first or not units[row].processing}
    return outside | {row: set() for row in sorted(begin - outside.keys())}


def carried(giver: Unit, taker: Unit) -> tuple[str, ...]:
    """Items that go from one unit to another, where that is said."""
    return () if giver.master is None else giver.master.carries.get(str(taker.path), ())


def _exits(rows: Mapping[EquipmentPath, int], units: Sequence[Unit]) -> list[int]:
    """Units whose material leaves the group, or goes nowhere."""
    inside: Mapping[Any, int] = rows
    ways = {row: units[row].next for row in rows.values()}
    return [row for row, names in ways.items() if not names or any(name not in inside for name in names)]
