"""Which items can come to which unit, and what therefore can never work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scenarios.messages import problem
from scenarios.references import Index, Unit, text_at
from twin.errors import Problem

WORKING = ("machine", "assembly", "inspection")


def destinations(index: Index, unit: Unit) -> list[Unit]:
    """Where material goes from a unit."""
    given = unit.node.entries.get("to")
    names = [str(element.plain()) for element in ([] if given is None else given.elements)]
    if given is None and unit.following is not None and unit.kind not in ("sink", "shipping"):
        names = [unit.following]
    if rework := text_at(unit.node, "rework_to"):
        names.append(rework)
    return [index.units[path] for name in names if (path := unit.target(name)) in index.units]


def _own(unit: Unit, key: str) -> set[str]:
    entry = unit.node.entries.get(key)
    return set() if entry is None else set(entry.entries)


def leaving(unit: Unit, arriving: set[str]) -> set[str]:
    """Items that can leave a unit."""
    makes = text_at(unit.node, "makes")
    if makes:
        return {makes} if arriving else set()
    return arriving | _own(unit, "mix") | _own(unit, "initial")


def arrivals(index: Index) -> dict[str, set[str]]:
    """Items that can come to each unit, by path: followed from the sources until nothing is added."""
    reached: dict[str, set[str]] = defaultdict(set)
    waiting = list(index.units.values())
    while waiting:
        unit = waiting.pop()
        items = leaving(unit, reached[unit.path])
        for target in destinations(index, unit):
            if not items <= reached[target.path]:
                reached[target.path] |= items
                waiting.append(target)
    return reached


def dead_ends(index: Index) -> Iterator[Problem]:
    """Units to which nothing comes, components that never come, items that nobody said a time for."""
    reached = arrivals(index)
    for unit in index.units.values():
        arriving = reached[unit.path]
        if not arriving and unit.kind in (*WORKING, "sink", "shipping"):
            hint = "list it after the unit that feeds it, or name it in that unit's 'to'"
            yield problem(index.root, unit.loc, "a unit that feeds it", "none", hint)
        elif unit.kind in WORKING:
            yield from _missing(index, unit, arriving)


def _missing(index: Index, unit: Unit, arriving: set[str]) -> Iterator[Problem]:
    came = ", ".join(sorted(arriving))
    for item in sorted(_own(unit, "bom") - arriving):
        yield problem(index.root, (*unit.loc, "bom", item), f"{item!r} to come to it", f"only {came}")
    timed = {text_at(unit.node, "makes")} if unit.kind == "assembly" else arriving
    for item in sorted(timed - _own(unit, "cycles")) if "cycle" not in unit.node.entries else ():
        yield problem(
            index.root, (*unit.loc, "cycles"), f"a time for {item!r}, which comes to it", "none", "or write 'cycle'"
        )
