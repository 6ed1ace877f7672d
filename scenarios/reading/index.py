"""Everything in a document that can be referred to, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scenarios.reading.messages import nearest, problem, shown
from scenarios.reading.nodes import LEVELS, Loc, Node
from twin.errors import Problem

Names = Mapping[str, Any]
Found = Iterator[Problem]


def text_at(node: Node, key: str) -> str:
    """The text under a key of a mapping; empty when there is none."""
    entry = node.entries.get(key)
    return entry.value if entry is not None and isinstance(entry.value, str) else ""


def listed(node: Node, key: str) -> list[tuple[int, Node]]:
    """The numbered elements of the list under a key of a mapping; none when there is no list."""
    entry = node.entries.get(key)
    return [] if entry is None else list(enumerate(entry.elements))


def under(path: str, place: str) -> bool:
    """Whether a path is that of a place or of something in it."""
    return path == place or path.startswith(f"{place}/")


@dataclass(frozen=True)
class StationEntry:
    """A station of the document and where it stands."""

    path: str
    loc: Loc
    node: Node
    following: str | None

    @property
    def kind(self) -> str:
        """Its kind, as written."""
        return text_at(self.node, "kind")

    @property
    def site(self) -> str:
        """Path of its site."""
        return "/".join(self.path.split("/")[:2])

    @property
    def line(self) -> str:
        """Path of its line."""
        return self.path.rpartition("/")[0]

    def target(self, name: str) -> str:
        """Full path of a unit named by id in the line or by path."""
        return name if "/" in name else f"{self.line}/{name}"


@dataclass
class Index:
    """Everything in a document that can be referred to."""

    root: Node
    units: dict[str, StationEntry] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def names(self, *keys: str) -> Names:
        """Keys of a mapping of the document."""
        return self.root.at(keys).entries if has(self.root, keys) else {}

    @cached_property
    def skills(self) -> dict[str, set[str]]:
        """What the workers and tools of each site can be asked for, by path of the site."""
        found: dict[str, set[str]] = {}
        for unit in self.units.values():
            named = (entry.value for _, entry in listed(unit.node, "skills"))
            found.setdefault(unit.site, set()).update(name for name in named if isinstance(name, str))
        return found

    @property
    def links(self) -> list[str]:
        """Ids of the links of the chain."""
        return [text_at(link, "id") for link in self.root.at(("chain", "links")).elements]

    def sites(self) -> Iterator[tuple[str, Node, Loc]]:
        """Path, entry and location of every site."""
        for first, enterprise in enumerate(self.root.at(("enterprises",)).elements):
            for second, site in enumerate(enterprise.at(("sites",)).elements):
                path = f"{text_at(enterprise, 'id')}/{text_at(site, 'id')}"
                yield path, site, ("enterprises", first, "sites", second)

    def unknown(self, loc: Loc, what: str, name: object, known: Names | list[str] | set[str]) -> Found:
        """A problem when a name is not among the known ones."""
        if isinstance(name, str) and name not in known:
            hint = (
                nearest(name, list(known)) if known else f"there are no {what}s" if " " not in what else "there is none"
            )
            yield problem(self.root, loc, f"a known {what}", shown(name), hint)


def indexed(root: Node) -> Index:
    """The index of a document; ids given twice are its problems."""
    index = Index(root)
    _descend(index, root, (), "", LEVELS)
    for key in ("chain", "perturbations", "envelopes"):
        loc: Loc = (key, "links") if key == "chain" else (key,)
        list(unique(index, root.at(loc).elements if has(root, loc) else [], loc))
    return index


def has(root: Node, loc: Loc) -> bool:
    """Whether there is something at a location of mappings."""
    node = root
    for part in loc:
        if not isinstance(part, str) or part not in node.entries:
            return False
        node = node.entries[part]
    return True


def unique(index: Index, elements: list[Node], loc: Loc) -> Iterator[tuple[int, Node, str]]:
    """Elements with their ids; an id given twice is a problem."""
    first: dict[str, Node] = {}
    for number, element in enumerate(elements):
        name = text_at(element, "id")
        if name in first and name:
            here = (*loc, number, "id")
            other = f"first at {first[name].mark}"
            index.problems.append(problem(index.root, here, "an id used once here", f"{name!r} again", other))
        first.setdefault(name, element)
        yield number, element, name


def _descend(index: Index, node: Node, loc: Loc, path: str, levels: tuple[str, ...]) -> None:
    listed = node.entries.get(levels[0])
    here = (*loc, levels[0])
    elements = [] if listed is None else listed.elements
    for number, element, name in unique(index, elements, here):
        full = f"{path}/{name}" if path else name
        index.places.add(full)
        if levels[1:]:
            for place in calendar_of(index, element, (*here, number)):
                index.problems.append(place)
            _descend(index, element, (*here, number), full, levels[1:])
        else:
            following = text_at(elements[number + 1], "id") if number + 1 < len(elements) else None
            index.units.setdefault(full, StationEntry(full, (*here, number), element, following))


def calendar_of(index: Index, node: Node, loc: Loc) -> Found:
    """A problem when the calendar named is unknown."""
    return index.unknown((*loc, "calendar"), "calendar", text_at(node, "calendar") or None, index.names("calendars"))
