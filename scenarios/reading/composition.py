"""How a document is put together from its files: includes, inheritance, then the rest.

Works on trees of :class:`~scenarios.reading.nodes.Node`, so every value keeps the file and line it was
written in, also across files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scenarios.reading.nodes import FileLine, Findings, Node, mapping, parse, sequence, strings
from scenarios.reading.overrides import override
from scenarios.reading.templates import expand
from scenarios.reading.texts import undecodable
from twin.equipment import SEGMENT
from twin.errors import ScenarioError

LIBRARY = Path(__file__).parents[1] / "library"
"""Folder of the shipped scenarios."""

MAX_FILES = 64
MAX_DEPTH = 8
AUTHORING = ("include", "extends", "overrides", "templates")
"""Keys that are resolved here and never reach the model."""


@dataclass
class Sources(Findings):
    """Files of one document: where they may lie, what has been read, what was wrong.

    Args:
        root: Folder of the document; includes stay inside.
        depth: Number of scenarios extended on the way here.
        complete: Whether every file could be read; if not, what else seems wrong may only follow from that.
    """

    root: Path = field(default=Path(), kw_only=True)
    depth: int = 0
    complete: bool = True
    _reading: list[Path] = field(default_factory=list)
    _files: int = 0

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else path.name

    def document(self, path: Path, mark: FileLine) -> Node:
        """Read a whole document: with what it includes and extends, everything written out."""
        path = path.resolve()
        outer, self.root = self.root, self.root if path.is_relative_to(self.root) else path.parent
        result = self._finished(self.part(path, mark), path)
        self.root = outer
        return result

    def text(self, text: str, name: str) -> Node:
        """A whole document given as text; files are looked for from the root."""
        path = self.root / name
        return self._finished(self._understood(text, path, FileLine(name, 1)), path)

    def _finished(self, own: Node, path: Path) -> Node:
        laid = expand(_inherit(own, path, self), self)
        return override(laid, own.entries.get("overrides"), self)

    def part(self, path: Path, mark: FileLine) -> Node:
        """Read one file with its includes; an unreadable one gives an empty mapping and a problem."""
        path = path.resolve()
        self._files += 1
        if path in self._reading or self._files > MAX_FILES:
            self.add(mark, f"at most {MAX_FILES} files, none inside itself", self._shown(path), "remove the circle")
            return self._nothing(mark)
        self._reading.append(path)
        try:
            return self._parsed(path, mark)
        finally:
            self._reading.pop()

    def _parsed(self, path: Path, mark: FileLine) -> Node:
        try:
            return self._understood(path.read_text(encoding="utf-8"), path, mark)
        except UnicodeDecodeError:
            self.problems.append(undecodable(path, self._shown(path)))
        except OSError as error:
            self.add(mark, "a readable file", f"{self._shown(path)}: {error.strerror}")
        return self._nothing(mark)

    def _nothing(self, mark: FileLine) -> Node:
        self.complete = False
        return mapping({}, mark)

    def _understood(self, text: str, path: Path, mark: FileLine) -> Node:
        try:
            root, problems = parse(text, self._shown(path))
        except ScenarioError as error:
            self.problems.extend(error.problems)
            return self._nothing(mark)
        self.problems.extend(problems)
        if not isinstance(root.value, dict):
            self.add(root.mark, "a mapping of keys", repr(root.plain())[:60])
            return self._nothing(mark)
        return _include(root, path, self)


def _inside(entry: Node, folder: Path, sources: Sources) -> Path | None:
    path = (folder / str(entry.value)).resolve()
    if path.is_relative_to(sources.root):
        return path
    sources.add(entry.mark, "a file inside the folder of the document", repr(entry.value), "move it there")
    return None


def _include(root: Node, path: Path, sources: Sources) -> Node:
    """The document with its included files joined in, in their order, before its own content."""
    entries: dict[str, Node] = {}
    for entry in strings(root.entries.get("include"), sources, "a file to include"):
        file = _inside(entry, path.parent, sources)
        if file is not None:
            part = sources.part(file, entry.mark).entries
            if "extends" in part:
                sources.add(part["extends"].mark, "no 'extends' in an included file", "one", "extend in the main file")
            entries = _joined(entries, {key: node for key, node in part.items() if key != "extends"}, sources)
    own = {key: node for key, node in root.entries.items() if key != "include"}
    return mapping(_joined(entries, own, sources), root.mark)


def _joined(first: dict[str, Node], second: dict[str, Node], sources: Sources) -> dict[str, Node]:
    """Two parts of one document: lists are concatenated, mappings joined, nothing written twice."""
    both = dict(first)
    for key, node in second.items():
        known = both.get(key)
        if known is None:
            both[key] = node
        elif isinstance(known.value, list) and isinstance(node.value, list):
            both[key] = sequence([*known.value, *node.value], known.mark)
        elif isinstance(known.value, dict) and isinstance(node.value, dict):
            both[key] = mapping(_joined(known.value, node.value, sources), known.mark)
        elif known.value != node.value:
            sources.add(node.mark, f"{key!r} once over all included files", "another value", f"first at {known.mark}")
    return both


def _inherit(root: Node, path: Path, sources: Sources) -> Node:
    """The document laid over the one it extends."""
    entries = {key: node for key, node in root.entries.items() if key not in ("extends", "overrides")}
    for entry in list(strings(root.entries.get("extends"), sources, "a scenario"))[:1]:
        base = _base_file(entry, path.parent, sources)
        if base is None:
            sources.complete = False
            continue
        if base == path.resolve() or sources.depth >= MAX_DEPTH:
            sources.add(entry.mark, "a scenario that does not extend this one", repr(entry.value), "remove the circle")
            sources.complete = False
            continue
        sources.depth += 1
        entries = _over(sources.document(base, entry.mark).entries, entries)
        sources.depth -= 1
    return mapping(entries, root.mark)


def _base_file(entry: Node, folder: Path, sources: Sources) -> Path | None:
    name = str(entry.value)
    if SEGMENT.fullmatch(name):
        shipped = LIBRARY / f"{name}.yaml"
        if shipped.is_file():
            return shipped
        known = ", ".join(sorted(file.stem for file in LIBRARY.glob("*.yaml")))
        sources.add(entry.mark, "a shipped scenario or a file name", repr(name), f"shipped: {known}")
        return None
    return _inside(entry, folder, sources)


def _over(base: dict[str, Node], own: dict[str, Node]) -> dict[str, Node]:
    """Own sections over those of the base: mappings key by key, everything else replaced."""
    result = dict(base)
    for key, node in own.items():
        below = base.get(key)
        if below is not None and isinstance(below.value, dict) and isinstance(node.value, dict):
            result[key] = mapping(below.value | node.value, node.mark)
        else:
            result[key] = node
    return result
