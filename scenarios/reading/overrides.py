"""Values of a document replaced by path."""

from __future__ import annotations

from scenarios.reading.nodes import LEVELS, Findings, Node, mapping, sequence
from twin.distributions import FAMILIES
from twin.supply.policies import policies


def override(root: Node, overrides: Node | None, findings: Findings) -> Node:
    """The document with values replaced by path.

    A key of the overrides is a path of keys joined by dots (``run.seed``, ``chain.links.cell.key``)
    or the path of equipment, with keys after it or not (``a/b/c/d/st01.power.idle``). A list is
    entered by index or by the ``id`` of its element. A mapping replaces key by key, a distribution, an
    order policy and everything else as a whole.
    """
    if overrides is not None and not isinstance(overrides.value, dict):
        findings.add(overrides.mark, "a mapping from path to value", repr(overrides.plain())[:60])
    for key, node in ({} if overrides is None else overrides.entries).items():
        try:
            root = _placed(root, _steps(key, root), node)
        except KeyError as error:
            findings.add(node.mark, "the path of something in the document", f"{key!r}", f"there is no {error.args[0]}")
    return root


def _steps(key: str, root: Node) -> list[str]:
    """The keys from the root to what an override names."""
    head, _, tail = key.partition(".")
    keys = [part for part in tail.split(".") if part]
    if "/" not in head and (head in root.entries or not _is_enterprise(head, root)):
        return [head, *keys]
    segments = head.split("/")
    return [step for pair in zip(LEVELS, segments, strict=False) for step in pair] + keys


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
        joined = joined and not (_is_choice(node) and _is_choice(value))
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
        elif step in LEVELS:
            raise KeyError(step)
        else:
            child = _nested(rest, value)
        return mapping({**node.value, step: child}, node.mark)
    raise KeyError(step)


def _is_choice(node: Node) -> bool:
    """Whether a mapping is a distribution or an order policy, which are replaced as a whole."""
    name = next(iter(node.entries), "")
    return len(node.entries) == 1 and (name in FAMILIES or name in policies)


def _nested(steps: list[str], value: Node) -> Node:
    for step in reversed(steps):
        value = mapping({step: value}, value.mark)
    return value
