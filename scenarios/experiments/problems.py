"""What is wrong with a study document, in plain words and with file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from scenarios.reading.messages import nearest, problem, shown, wanted
from scenarios.reading.nodes import FileLine, Loc, Node, is_file, mapping, no_file, parse
from scenarios.reading.texts import text_of
from twin.equipment import SEGMENT
from twin.errors import Problem, ScenarioError, surely_meant

SHIPPED = Path(__file__).parents[1] / "studies"
"""Folder of the shipped experiments and optimisations."""
M = TypeVar("M", bound=BaseModel)


def locate(name: str | Path, what: str) -> Path:
    """The file of a study: a path, or the name of a shipped one.

    Raises:
        ScenarioError: No such file.
    """
    path, ready = Path(name), SHIPPED / f"{name}.yaml"
    if is_file(path):
        return path
    if SEGMENT.fullmatch(str(name)) and ready.is_file():
        return ready
    known = ", ".join(file.stem for _, file in shipped())
    raise ScenarioError([Problem(str(name), f"{what} file", no_file(path), f"shipped: {known}")])


def shipped() -> list[tuple[str, Path]]:
    """The shipped studies: experiment or optimisation, and the file."""
    found: list[tuple[str, Path]] = []
    for path in sorted(SHIPPED.glob("*.yaml")):
        keys = parse(path.read_text(encoding="utf-8"), path.name)[0].entries
        found += [(sort, path) for sort in ("experiment", "optimisation") if sort in keys]
    return found


def tree_of(file: Path) -> tuple[Node, list[Problem]]:
    """The document as a tree with lines.

    Raises:
        ScenarioError: It cannot be read.
    """
    root, problems = parse(text_of(file), file.name)
    if not isinstance(root.value, dict):
        raise ScenarioError([Problem(str(FileLine(file.name, 1)), "a mapping of keys", shown(root.plain()))])
    return root, problems


def validated(model: type[M], root: Node, problems: list[Problem]) -> tuple[M | None, Node]:
    """The document as a model, with everything that is wrong added to the problems.

    Returns:
        The model of what is right in the document, and that part of it, so that the rest can be checked too; None
        when nothing can be made of it.
    """
    root = _as_meant(model, root, problems)
    for known in (problems, []):  # what is missing only because it was taken out is not told
        try:
            return model.model_validate(root.plain()), root
        except ValidationError as error:
            known.extend(_found(error, root, model))
            rows = [(row["type"], _inside(root, row["loc"])) for row in error.errors(include_url=False)]
            for sort, loc in rows:
                root = _less(root, loc) if sort == "extra_forbidden" else root
            root = without(root, [loc for sort, loc in rows if sort != "extra_forbidden"])
    return None, root


def _as_meant(model: type[BaseModel], root: Node, problems: list[Problem]) -> Node:
    """The document with kinds that are misspelt told and put right, so that what stands beside them is checked too."""
    try:
        model.model_validate(root.plain())
    except ValidationError as error:
        for row in error.errors(include_url=False):
            loc = _inside(root, row["loc"])
            if row["type"] == "union_tag_invalid" and len(loc) == 1 and (kind := _meant(row)):
                problems.append(_wrong_kind(root, loc, row))
                section = root.at(loc)
                right = mapping({**section.entries, "kind": Node(kind, section.at(["kind"]).mark)}, section.mark)
                right = right if section.entries else Node(kind, section.mark)
                root = mapping({**root.entries, str(loc[0]): right}, root.mark)
    return root


def _found(error: ValidationError, root: Node, model: type[BaseModel]) -> Iterator[Problem]:
    for row in error.errors(include_url=False):
        loc = _inside(root, row["loc"])
        kind = row["type"]
        if kind == "extra_forbidden":
            place = root.at(loc[:-1])
            known = _keys(model, loc[:-1], place)
            yield problem(root, loc, "a known key", repr(loc[-1]), nearest(loc[-1], known, 30))
        elif kind == "missing":
            yield problem(root, loc, f"the key {loc[-1]!r}", "nothing")
        elif kind == "value_error":
            head, _, tail = str(row["ctx"]["error"]).removeprefix("expected ").partition(", got ")
            yield problem(root, loc, head, tail or shown(row["input"]))
        elif kind.startswith("union_tag"):
            yield _wrong_kind(root, loc, row)
        elif kind == "literal_error":
            yield problem(root, loc, f"one of {row['ctx']['expected']}", shown(row["input"]))
        else:
            yield problem(root, loc, wanted(row), shown(row["input"]))


def _wrong_kind(root: Node, loc: Loc, row: Any) -> Problem:
    """A choice that is none of those that there are."""
    given = row["input"].get("kind") if isinstance(row["input"], dict) else row["input"]
    hint = nearest(given, _choices(row), 0) if given else ""
    return problem(root, loc, f"a kind: {row.get('ctx', {}).get('expected_tags', _NO_KIND)}", shown(given), hint)


def _meant(row: Any) -> str:
    """The choice that is surely meant by a misspelt one; empty when there is none."""
    return surely_meant(row["input"].get("kind"), _choices(row))


def _choices(row: Any) -> list[str]:
    choices = str(row.get("ctx", {}).get("expected_tags", _NO_KIND))
    return [choice.strip("' ") for choice in choices.split(",")]


_NO_KIND = "the key 'kind'"


def without(root: Node, wrong: Iterable[Loc]) -> Node:
    """The document without the factors, responses and sections in which something is wrong."""
    entries = dict(root.entries)
    for loc in wrong:
        section = entries.get(str(loc[0])) if loc else None
        if section is None:
            continue
        named = loc[0] in ("factors", "responses", "decisions") and len(loc) > 1 and loc[1] in section.entries
        kept = {key: node for key, node in section.entries.items() if key != loc[1]} if named else {}
        if kept:
            entries[str(loc[0])] = mapping(kept, section.mark)
        else:
            del entries[str(loc[0])]
    return mapping(entries, root.mark)


def _less(root: Node, loc: Loc) -> Node:
    """The document without what stands at a location of mappings; as it is where there is none."""
    first, *rest = loc
    child = root.entries.get(str(first))
    if child is None:
        return root
    kept = {key: node for key, node in root.entries.items() if key != first}
    return mapping({**kept, str(first): _less(child, tuple(rest))} if rest else kept, root.mark)


def _inside(root: Node, loc: Loc) -> Loc:
    """The location without names of choices that do not stand in the document."""
    kept: list[str | int] = []
    for index, part in enumerate(loc):
        here = root.at(tuple(kept))
        children = here.entries if isinstance(here.value, dict) else dict(enumerate(here.elements))
        if part in children or index == len(loc) - 1:
            kept.append(part)
    return tuple(kept)


def _keys(model: type[BaseModel], loc: Loc, place: Node) -> list[str]:
    """Keys that the models at a location know, as far as they can be told."""
    types: list[Any] = [model]
    for part in loc:
        types = [inner for kind in types for inner in _below(kind, part)]
    kind = place.entries.get("kind")
    models = [one for outer in types for one in _models(outer)]
    chosen = [one for one in models if kind is not None and kind.value in _kinds(one)] or models
    return [name for one in chosen for name in one.model_fields]


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()


def _below(kind: Any, part: str | int) -> Iterator[Any]:
    for one in _models(kind):
        if part in one.model_fields:
            yield one.model_fields[str(part)].annotation
    if not _models(kind):
        yield from get_args(kind)[-1:]


def _models(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    if getattr(kind, "__origin__", None) in (dict, tuple, list):
        return []
    return [inner for outer in get_args(kind) for inner in _models(outer)]
