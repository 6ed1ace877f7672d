"""How a document is put together: includes, inheritance, overrides, templates, repetition.

Works on trees of :class:`~scenarios.nodes.Node`, so every value keeps the file and line it was
written in, also across files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from scenarios.nodes import Mark, Node, mapping, parse, problem_at, sequence
from twin.equipment import SEGMENT
from twin.errors import Problem, ScenarioError

LIBRARY = Path(__file__).parent / "library"
"""Folder of the shipped scenarios."""

MAX_FILES = 64
MAX_DEPTH = 8
MAX_REPEATS = 1000
AUTHORING = ("include", "extends", "overrides", "templates")
"""Keys that are resolved here and never reach the model."""

_LEVELS = ("enterprises", "sites", "areas", "lines", "stations")
_INDEX = re.compile(r"\{n([+-]\d+)?(?::0(\d))?\}")


@dataclass
class Sources:
    """Files of one document: where they may lie, what has been read, what was wrong.

    Args:
        root: Folder of the document; includes stay inside.
        problems: Every problem found so far.
        depth: Number of scenarios extended on the way here.
    """

    root: Path
    problems: list[Problem] = field(default_factory=list)
    depth: int = 0
    _reading: list[Path] = field(default_factory=list)
    _files: int = 0

    def add(self, mark: Mark, expected: str, got: str, hint: str = "") -> None:
        """Record a problem at a place."""
        self.problems.append(problem_at(mark, expected, got, hint))

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else path.name

    def document(self, path: Path, mark: Mark) -> Node:
        """Read a whole document: with what it includes and extends, everything written out."""
        path = path.resolve()
        outer, self.root = self.root, self.root if path.is_relative_to(self.root) else path.parent
        result = self._finished(self.part(path, mark), path)
        self.root = outer
        return result

    def text(self, text: str, name: str) -> Node:
        """A whole document given as text; files are looked for from the root."""
        path = self.root / name
        return self._finished(self._understood(text, path, Mark(name, 1)), path)

    def _finished(self, own: Node, path: Path) -> Node:
        laid = expand(_inherit(own, path, self), self)
        return override(laid, own.entries.get("overrides"), self)

    def part(self, path: Path, mark: Mark) -> Node:
        """Read one file with its includes; an unreadable one gives an empty mapping and a problem."""
        path = path.resolve()
        self._files += 1
        if path in self._reading or self._files > MAX_FILES:
            self.add(mark, f"at most {MAX_FILES} files, none inside itself", self._shown(path), "remove the circle")
            return mapping({}, mark)
        self._reading.append(path)
        try:
            return self._parsed(path, mark)
        finally:
            self._reading.pop()

    def _parsed(self, path: Path, mark: Mark) -> Node:
        try:
            return self._understood(path.read_text(encoding="utf-8"), path, mark)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            self.add(mark, "a readable file", f"{self._shown(path)}: {reason}")
            return mapping({}, mark)

    def _understood(self, text: str, path: Path, mark: Mark) -> Node:
        try:
            root, problems = parse(text, self._shown(path))
        except ScenarioError as error:
            self.problems.extend(error.problems)
            return mapping({}, mark)
        self.problems.extend(problems)
        if not isinstance(root.value, dict):
            self.add(root.mark, "a mapping of keys", repr(root.plain())[:60])
            return mapping({}, mark)
        return _include(root, path, self)


def _paths(node: Node | None, sources: Sources, what: str) -> Iterator[Node]:
    for entry in [] if node is None else [node] if isinstance(node.value, str) else node.elements:
        if isinstance(entry.value, str):
            yield entry
        else:
            sources.add(entry.mark, f"the name of {what}", repr(entry.plain())[:60])


def _inside(entry: Node, folder: Path, sources: Sources) -> Path | None:
    path = (folder / str(entry.value)).resolve()
    if path.is_relative_to(sources.root):
        return path
    sources.add(entry.mark, "a file inside the folder of the document", repr(entry.value), "move it there")
    return None


def _include(root: Node, path: Path, sources: Sources) -> Node:
    """The document with its included files joined in, in their order, before its own content."""
    entries: dict[str, Node] = {}
    for entry in _paths(root.entries.get("include"), sources, "a file to include"):
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
    for entry in list(_paths(root.entries.get("extends"), sources, "a scenario"))[:1]:
        base = _base_file(entry, path.parent, sources)
        if base is None:
            continue
        if base == path.resolve() or sources.depth >= MAX_DEPTH:
            sources.add(entry.mark, "a scenario that does not extend this one", repr(entry.value), "remove the circle")
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


def override(root: Node, overrides: Node | None, sources: Sources) -> Node:
    """The document with values replaced by path.

    A key of the overrides is a path of keys joined by dots (``run.seed``, ``chain.links.cell.key``)
    or the path of equipment, with keys after it or not (``a/b/c/d/st01.power.idle``). A list is
    entered by index or by the ``id`` of its element. A mapping replaces key by key, everything
    else as a whole.
    """
    if overrides is not None and not isinstance(overrides.value, dict):
        sources.add(overrides.mark, "a mapping from path to value", repr(overrides.plain())[:60])
    for key, node in ({} if overrides is None else overrides.entries).items():
        try:
            root = _placed(root, _steps(key, root), node)
        except KeyError as error:
            sources.add(node.mark, "the path of something in the document", f"{key!r}", f"there is no {error.args[0]}")
    return root


def _steps(key: str, root: Node) -> list[str]:
    """The keys from the root to what an override names."""
    head, _, tail = key.partition(".")
    keys = [part for part in tail.split(".") if part]
    if "/" not in head and (head in root.entries or not _is_enterprise(head, root)):
        return [head, *keys]
    segments = head.split("/")
    return [step for pair in zip(_LEVELS, segments, strict=False) for step in pair] + keys


def _is_enterprise(name: str, root: Node) -> bool:
    listed = root.entries.get("enterprises")
    return listed is not None and _index(listed.elements, name) is not None


def _index(elements: list[Node], name: str) -> int | None:
    for index, element in enumerate(elements):
        ident = element.entries.get("id")
        if ident is not None and ident.value == name:
            return index
    return int(name) if name.isdigit() and int(name) < len(elements) else None


def _placed(node: Node, steps: list[str], value: Node) -> Node:
    """A copy of the tree with a value put where the steps lead."""
    if not steps:
        joined = isinstance(node.value, dict) and isinstance(value.value, dict)
        return mapping(node.entries | value.entries, node.mark) if joined else value
    step, rest = steps[0], steps[1:]
    if isinstance(node.value, list):
        index = _index(node.value, step)
        if index is None:
            raise KeyError(step)
        changed = _placed(node.value[index], rest, value)
        return sequence([*node.value[:index], changed, *node.value[index + 1 :]], node.mark)
    if isinstance(node.value, dict):
        if step in node.value:
            child = _placed(node.value[step], rest, value)
        elif step in _LEVELS:
            raise KeyError(step)
        else:
            child = _nested(rest, value)
        return mapping({**node.value, step: child}, node.mark)
    raise KeyError(step)


def _nested(steps: list[str], value: Node) -> Node:
    for step in reversed(steps):
        value = mapping({step: value}, value.mark)
    return value


def expand(root: Node, sources: Sources) -> Node:
    """The document with templates filled in and repetitions written out."""
    templates = root.entries.get("templates")
    if templates is not None and not isinstance(templates.value, dict):
        sources.add(templates.mark, "a mapping from name to defaults of stations", repr(templates.plain())[:60])
    known = {} if templates is None else templates.entries

    def station(node: Node) -> Node:
        return _filled(node, known, sources)

    return _expanded(root, _LEVELS, station, sources)


def _expanded(node: Node, levels: tuple[str, ...], station: Callable[[Node], Node], sources: Sources) -> Node:
    if not levels:
        return station(node)
    listed = node.entries.get(levels[0])
    if listed is None or not isinstance(listed.value, list):
        return node
    repeated = [copy for element in listed.value for copy in _repeated(element, sources)]
    elements = [_expanded(element, levels[1:], station, sources) for element in repeated]
    return mapping({**node.entries, levels[0]: sequence(elements, listed.mark)}, node.mark)


def _filled(node: Node, templates: dict[str, Node], sources: Sources) -> Node:
    """A station with the fields of the templates it uses; its own win."""
    use = node.entries.get("use")
    if use is None:
        return node
    entries: dict[str, Node] = {}
    for name in _paths(use, sources, "a template"):
        template = templates.get(str(name.value))
        if template is None:
            known = ", ".join(sorted(templates)) or "none"
            sources.add(name.mark, "a template of templates:", repr(name.value), f"known: {known}")
        else:
            entries |= template.entries
    own = {key: child for key, child in node.entries.items() if key != "use"}
    return mapping(entries | own, node.mark)


def _repeated(node: Node, sources: Sources) -> list[Node]:
    """An entry written out as often as its ``repeat`` says, with the number put into all text."""
    repeat = node.entries.get("repeat")
    if repeat is None:
        return [node]
    body = mapping({key: child for key, child in node.entries.items() if key != "repeat"}, node.mark)
    if "id" in repeat.entries:
        body = mapping({"id": repeat.entries["id"], **body.entries}, node.mark)
    first, count = _whole(repeat, "from", 1), _whole(repeat, "count", None)
    unknown = set(repeat.entries) - {"count", "from", "id"}
    if first is None or count is None or not 1 <= count <= MAX_REPEATS or unknown:
        wanted = f"{{count: 1 to {MAX_REPEATS}, from: first number, id: name with {{n}}}}"
        sources.add(repeat.mark, wanted, repr(repeat.plain())[:60])
        return [body]
    return [_numbered(body, number) for number in range(first, first + count)]


def _whole(node: Node, key: str, default: int | None) -> int | None:
    entry = node.entries.get(key)
    value = default if entry is None else entry.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _numbered(node: Node, number: int) -> Node:
    """A copy with ``{n}``, ``{n+1}``, ``{n:02}`` in text replaced by the number."""

    def written(match: re.Match[str]) -> str:
        return str(number + int(match[1] or 0)).zfill(int(match[2] or 0))

    if isinstance(node.value, str):
        return replace(node, value=_INDEX.sub(written, node.value))
    if isinstance(node.value, dict):
        return mapping({key: _numbered(child, number) for key, child in node.value.items()}, node.mark)
    if isinstance(node.value, list):
        return sequence([_numbered(child, number) for child in node.value], node.mark)
    return node
