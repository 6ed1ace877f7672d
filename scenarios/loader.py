"""Reading a scenario: every problem at once, each with its file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from scenarios.checks.flows import impossible
from scenarios.checks.references import dangling
from scenarios.checks.times import end_problems
from scenarios.format.document import Scenario
from scenarios.reading.composition import AUTHORING, LIBRARY, Sources
from scenarios.reading.index import indexed
from scenarios.reading.messages import translated
from scenarios.reading.nodes import FileLine, Node, is_file, mapping, no_file, parse
from scenarios.reading.order_files import with_orders
from scenarios.reading.overrides import override
from twin.equipment import SEGMENT
from twin.errors import Problem, ScenarioError

__all__ = ["LIBRARY", "Draft", "draft", "load", "loads", "locate"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A document put together once, from which scenarios with other values are made quickly; pickles.

    Args:
        root: The document with everything written out.
        folder: Folder of the document.
    """

    root: Node
    folder: Path

    def scenario(self, overrides: Mapping[str, Node] | None = None) -> Scenario:
        """The scenario with values replaced by path.

        Raises:
            ScenarioError: As :func:`load`; problems of a replaced value have the place of its node.
        """
        replaced = mapping(dict(overrides or {}), self.root.mark)
        return _checked(self.root, replaced, Sources(root=self.folder))


def locate(name: str | Path) -> Path:
    """The file of a scenario: a path, or the name of a shipped scenario.

    Raises:
        ScenarioError: No such file.
    """
    path = Path(name)
    shipped = LIBRARY / f"{name}.yaml"
    if is_file(path):
        return path
    if SEGMENT.fullmatch(str(name)) and shipped.is_file():
        return shipped
    known = ", ".join(sorted(file.stem for file in LIBRARY.glob("*.yaml")))
    raise ScenarioError([Problem(str(name), "a scenario file", no_file(path), f"shipped: {known}")])


def load(path: str | Path, overrides: Iterable[str] = ()) -> Scenario:
    """Read, put together and check a scenario.

    Args:
        path: File, or name of a shipped scenario.
        overrides: Replacements ``path=value`` as in ``overrides:``, e.g. ``run.seed=7``.

    Returns:
        The frozen scenario.

    Raises:
        ScenarioError: Carries every problem as *file:line place: expected, got (hint)*.
    """
    file = locate(path).resolve()
    sources = Sources(root=file.parent)
    root = sources.document(file, FileLine(file.name, 1))
    return _checked(root, _commanded(overrides, sources), sources)


def draft(path: str | Path) -> Draft:
    """Read and put together a document.

    Raises:
        ScenarioError: As :func:`load`.
    """
    file = locate(path).resolve()
    sources = Sources(root=file.parent)
    root = sources.document(file, FileLine(file.name, 1))
    _checked(root, None, sources)
    return Draft(root, sources.root)


def loads(text: str, base: Path, name: str = "scenario.yaml") -> Scenario:
    """Read a scenario from text.

    Args:
        text: YAML document.
        base: Folder that includes and relative file names start from.
        name: Name of the document in messages.

    Raises:
        ScenarioError: As :func:`load`.
    """
    sources = Sources(root=base.resolve())
    return _checked(sources.text(text, name), None, sources)


def _checked(root: Node, overrides: Node | None, sources: Sources) -> Scenario:
    if not sources.complete:
        raise ScenarioError(_in_order(sources.problems))
    root = override(root, overrides, sources)
    root = mapping({key: node for key, node in root.entries.items() if key not in AUTHORING}, root.mark)
    root = with_orders(root, sources)
    scenario, found = None, sources.problems
    try:
        scenario = Scenario.model_validate(root.plain())
    except ValidationError as error:
        found.extend(translated(error, root))
    found.extend(end_problems(root))
    index = indexed(root)
    found.extend(dangling(index))
    if scenario is not None and not found:
        found.extend(impossible(index, scenario.plant()))
    if found or scenario is None:
        raise ScenarioError(_in_order(found))
    scenario._base = sources.root
    return scenario


def _commanded(overrides: Iterable[str], sources: Sources) -> Node:
    """Overrides from the command line as a mapping."""
    entries: dict[str, Node] = {}
    for text in overrides:
        mark = FileLine(f"--set {text}", 0)
        key, equals, value = text.partition("=")
        if not equals:
            sources.add(mark, "path=value", repr(text))
            continue
        node, problems = parse(value, mark.file)
        sources.problems.extend(problems)
        entries[key.strip()] = Node(node.value, mark, node.size)
    return mapping(entries, FileLine("--set", 0))


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, by file and line."""

    def place(problem: Problem) -> tuple[str, int]:
        file, _, rest = problem.where.partition(" ")[0].rpartition(":")
        return file, int(rest) if rest.isdigit() else 0

    return sorted(dict.fromkeys(problems), key=place)
