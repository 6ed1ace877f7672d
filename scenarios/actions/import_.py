"""``factory import``: a scenario from a file of another tool."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from scenarios.importers import Document, importers
from scenarios.loader import loads
from scenarios.placing import placed
from scenarios.reading.messages import nearest, wanted
from scenarios.reading.nodes import parse
from twin.config.plant import Config
from twin.errors import Problem, ScenarioError

DETECT = "auto"
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def importer_of(name: str, path: Path) -> tuple[str, Any]:
    """Name and importer of a format; ``auto`` finds the one that knows the file.

    Raises:
        ScenarioError: No such format, no such file, or no or several formats that know it.
    """
    known = importers.kinds()
    if name != DETECT and name not in known:
        hint = nearest(name, [*known, DETECT])
        raise ScenarioError([Problem("format", f"one of {', '.join([*known, DETECT])}", repr(name), hint)])
    if not os.path.exists(path):  # no name is an error
        raise ScenarioError([Problem(str(path), "a file or folder", "nothing there")])
    if name == DETECT:
        found = [kind for kind in known if importers[kind]().detect(path)]
        if len(found) != 1:
            got = f"{' and '.join(found)} fit" if found else "none of them"
            raise ScenarioError([Problem(str(path), f"one of {', '.join(known)}", got, "name the format")])
        name = found[0]
    return name, importers[name]()


def read_options(model: type[Config], settings: Sequence[str]) -> Config:
    """Options from ``name=value`` texts; values are read as YAML.

    Raises:
        ScenarioError: Every wrong one.
    """
    given: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or name not in model.model_fields:
            hint = nearest(name, list(model.model_fields))
            problems.append(Problem(f"--set {text}", "name=value with a known name", repr(text), hint))
        else:
            node, found = parse(value, f"--set {name}")
            problems.extend(found)
            given[name] = node.plain()
    if problems:
        raise ScenarioError(problems)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        rows = error.errors(include_url=False)
        wrong = [Problem(f"--set {'.'.join(map(str, r['loc']))}", wanted(r), repr(r["input"])) for r in rows]
        raise ScenarioError(wrong) from None


def rendered(document: Document, head: str) -> str:
    """A scenario as YAML text below a comment."""
    body = yaml.dump(document, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)
    comment = "".join(f"# {line}".rstrip() + "\n" for line in head.splitlines())
    return f"{comment}\n{body}"


def write(text: str, out: Path) -> None:
    """Check a scenario and put it in place as a whole.

    Raises:
        ScenarioError: It is not valid, with the lines it would have had; or it cannot be written.
    """
    loads(text, out.parent, out.name)
    with placed(out, "a file that can be written") as draft:
        draft.write_text(text, encoding="utf-8")


def act(kind: str, file: Path, out: Path, settings: Sequence[str], *, quiet: bool) -> None:
    """Make a scenario from a file of another tool."""
    name, importer = importer_of(kind, file)
    document = importer.read(file, read_options(importer.Options, settings))
    text = rendered(document, f"Imported from {file.name} by: factory import {name}")
    write(text, out)
    if not quiet:
        stations = sum(1 for _ in loads(text, out.parent, out.name).stations())
        print(f"{out}: {name}, {stations} units")
