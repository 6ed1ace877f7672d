"""Templates filled in and repetitions written out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from scenarios.reading.nodes import LEVELS, Findings, Node, mapping, sequence, strings

MAX_REPEATS = 1000

_INDEX = re.compile(r"\{n([+-]\d+)?(?::0(\d))?\}")


def expand(root: Node, findings: Findings) -> Node:
    """The document with templates filled in and repetitions written out."""
    templates = root.entries.get("templates")
    if templates is not None and not isinstance(templates.value, dict):
        findings.add(templates.mark, "a mapping from name to defaults of stations", repr(templates.plain())[:60])
    known = {} if templates is None else templates.entries

    def station(node: Node) -> Node:
        return _filled(node, known, findings)

    return _expanded(root, LEVELS, station, findings)


def _expanded(node: Node, levels: tuple[str, ...], station: Callable[[Node], Node], findings: Findings) -> Node:
    if not levels:
        return station(node)
    listed = node.entries.get(levels[0])
    if listed is None or not isinstance(listed.value, list):
        return node
    repeated = [copy for element in listed.value for copy in _repeated(element, findings)]
    elements = [_expanded(element, levels[1:], station, findings) for element in repeated]
    return mapping({**node.entries, levels[0]: sequence(elements, listed.mark)}, node.mark)


def _filled(node: Node, templates: dict[str, Node], findings: Findings) -> Node:
    """A station with the fields of the templates it uses; its own win."""
    use = node.entries.get("use")
    if use is None:
        return node
    entries: dict[str, Node] = {}
    for name in strings(use, findings, "a template"):
        template = templates.get(str(name.value))
        if template is None:
            known = ", ".join(sorted(templates)) or "none"
            findings.add(name.mark, "a template of templates:", repr(name.value), f"known: {known}")
        else:
            entries |= template.entries
    own = {key: child for key, child in node.entries.items() if key != "use"}
    return mapping(entries | own, node.mark)


def _repeated(node: Node, findings: Findings) -> list[Node]:
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
        findings.add(repeat.mark, wanted, repr(repeat.plain())[:60])
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
