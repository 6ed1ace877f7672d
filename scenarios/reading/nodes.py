"""YAML text as a tree that knows the file and line of every node.

Reads the YAML 1.2 core schema (so ``14:00`` and ``on`` are text), refuses tags, merge keys,
duplicate keys, and anything too large, too deep or multiplied by aliases.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from twin.errors import Problem, ScenarioError

MAX_BYTES = 5_000_000
MAX_DEPTH = 40
MAX_NODES = 500_000

LEVELS = ("enterprises", "sites", "areas", "lines", "stations")
"""Lists of the document from the enterprise down."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where the library has it: a fab of 5,000 steps is read in seconds."""

Scalar = str | int | float | bool | None
Loc = tuple[str | int, ...]

_INT = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a file, counted from 1, 0 where there are no lines; ``file`` as shown to people."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value of the document with its place. A value in a mapping has the place of its key.

    Args:
        value: Mapping, sequence or scalar.
        mark: Where it stands.
        size: Number of nodes in it, with every alias written out.
    """

    value: dict[str, Node] | list[Node] | Scalar
    mark: FileLine
    size: int = 1

    @property
    def entries(self) -> dict[str, Node]:
        """The entries of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def elements(self) -> list[Node]:
        """The elements of a sequence; empty for anything else."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """The value as plain Python data."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def at(self, loc: Sequence[str | int]) -> Node:
        """The node at a location, or the deepest one on the way to it."""
        node = self
        for part in loc:
            children: Any = node.value
            known = (
                children if isinstance(children, dict) else range(len(children)) if isinstance(children, list) else ()
            )
            if part not in known:
                break
            node = children[part]
        return node


def mapping(entries: dict[str, Node], mark: FileLine) -> Node:
    """A mapping node."""
    return Node(entries, mark, 1 + sum(child.size for child in entries.values()))


def sequence(elements: Iterable[Node], mark: FileLine) -> Node:
    """A sequence node."""
    listed = list(elements)
    return Node(listed, mark, 1 + sum(child.size for child in listed))


MOST_DIGITS = 18
"""Digits of a whole number; more are no number of pieces, and do not fit into 63 bits."""


def scalar(text: str) -> Scalar:
    """The value of a plain scalar after the YAML 1.2 core schema.

    >>> scalar("14:00"), scalar("on"), scalar("12"), scalar("1e3"), scalar("true"), scalar("58 s")
    ('14:00', 'on', 12, 1000.0, True, '58 s')
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text.lstrip("+-")) <= MOST_DIGITS:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def problem_at(mark: FileLine, expected: str, got: str, hint: str = "") -> Problem:
    """A problem with a place but no key."""
    return Problem(str(mark), expected, got, hint)


@dataclass
class Findings:
    """Problems found so far.

    Args:
        problems: In the order of finding.
    """

    problems: list[Problem] = field(default_factory=list)

    def add(self, mark: FileLine, expected: str, got: str, hint: str = "") -> None:
        """Record a problem at a place."""
        self.problems.append(problem_at(mark, expected, got, hint))


def strings(node: Node | None, findings: Findings, what: str) -> Iterator[Node]:
    """The texts of a node that may hold one text or a list of them; anything else is a problem."""
    for entry in [] if node is None else [node] if isinstance(node.value, str) else node.elements:
        if isinstance(entry.value, str):
            yield entry
        else:
            findings.add(entry.mark, f"the name of {what}", repr(entry.plain())[:60])


class _Builder:
    """Builds the tree from YAML events, so that depth is bounded before anything recurses."""

    def __init__(self, file: str):
        self.file = file
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[tuple[FileLine, str | None, dict[str, Node] | list[Node], list[FileLine]]] = []
        self._keys: list[tuple[str, FileLine] | None] = []
        self._anchors: dict[str, Node] = {}

    def _mark(self, event: yaml.Event) -> FileLine:
        return FileLine(self.file, 0 if event.start_mark is None else event.start_mark.line + 1)

    def feed(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._tagless(event)
            value = scalar(event.value) if event.implicit[0] else event.value
            self._place(Node(value, self._mark(event)), event.anchor, event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise ScenarioError([problem_at(self._mark(event), "one document", "a second one after '---'")])

    def _tagless(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self.problems.append(problem_at(self._mark(event), "plain YAML", f"the tag {event.tag!r}", "remove it"))

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        self._tagless(event)
        if len(self._open) >= MAX_DEPTH:
            raise ScenarioError([problem_at(self._mark(event), f"at most {MAX_DEPTH} levels of nesting", "more")])
        children: dict[str, Node] | list[Node] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append((self._mark(event), event.anchor, children, []))
        self._keys.append(None)

    def _end(self) -> None:
        mark, anchor, children, _ = self._open.pop()
        self._keys.pop()
        node = mapping(children, mark) if isinstance(children, dict) else sequence(children, mark)
        if node.size > MAX_NODES:
            raise ScenarioError([problem_at(mark, f"at most {MAX_NODES} values, aliases written out", str(node.size))])
        self._place(node, anchor, None)

    def _alias(self, event: yaml.AliasEvent) -> None:
        node = self._anchors.get(str(event.anchor))
        if node is None:
            raise ScenarioError([problem_at(self._mark(event), "the name of an anchor above", f"*{event.anchor}")])
        self._place(replace(node, mark=self._mark(event)), None, None)

    def _place(self, node: Node, anchor: str | None, text: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        children = self._open[-1][2]
        if isinstance(children, list):
            children.append(node)
        elif self._keys[-1] is None:
            self._key(node, text)
        else:
            key, mark = self._keys[-1]
            self._keys[-1] = None
            children.setdefault(key, replace(node, mark=mark))

    def _key(self, node: Node, text: str | None) -> None:
        children = self._open[-1][2]
        if text is None:
            self.problems.append(problem_at(node.mark, "a name as key", "a list or mapping"))
            text = "?"
        elif text in children:
            first = children[text].mark  # type: ignore[call-overload]
            self.problems.append(
                problem_at(node.mark, "each key once", f"{text!r} again", f"first at line {first.line}")
            )
        elif text == "<<":
            self.problems.append(problem_at(node.mark, "no merge keys", "'<<'", "use templates: and use:"))
        self._keys[-1] = (text, node.mark)


def parse(text: str, file: str) -> tuple[Node, list[Problem]]:
    """Read YAML text.

    Args:
        text: The document.
        file: Name of the file as shown to people.

    Returns:
        The tree, and what is wrong without making it unreadable.

    Raises:
        ScenarioError: The text is no YAML, or too large, too deep or too often multiplied.
    """
    if len(text.encode()) > MAX_BYTES:
        raise ScenarioError([Problem(file, f"at most {MAX_BYTES} bytes", f"{len(text.encode())}", "split it")])
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.feed(event)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise ScenarioError(
            [problem_at(FileLine(file, line), "valid YAML", error.problem or "something else")]
        ) from None
    except yaml.reader.ReaderError as error:
        place = FileLine(file, text.partition(chr(error.character))[0].count("\n") + 1)
        raise ScenarioError(
            [problem_at(place, "valid YAML", f"the character #x{error.character:04x}", error.reason)]
        ) from None
    except yaml.YAMLError as error:
        raise ScenarioError([Problem(file, "valid YAML", str(error).splitlines()[0])]) from None
    return builder.root or mapping({}, FileLine(file, 1)), builder.problems


def is_file(path: Path) -> bool:
    """Whether there is such a file; no name is an error, however long and whatever is in it."""
    return os.path.isfile(path)


def no_file(path: Path) -> str:
    """What there is instead of a file."""
    if os.path.isdir(path):
        return "a folder"
    return "something that is no file" if os.path.lexists(path) else "no such file"
