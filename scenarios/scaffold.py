"""Plug-ins to begin with: a module, its test and an example for each sort of thing that can be added.

The texts are in ``scenarios/templates``, a folder for each sort. They are a whole plug-in under a name of its own,
which is replaced by the name that is wanted; the guide ``docs/extend.md`` shows the same files.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from twin.errors import Problem, ScenarioError, did_you_mean
from twin.registry import REGISTRIES

TEMPLATES = Path(__file__).parent / "templates"
PROJECT = "pyproject.toml"
GUIDE = Path(__file__).parents[1] / "docs" / "extend.md"
_BLOCK = re.compile(r"^```(\w+) (\S+)\n.*?^```", re.MULTILINE | re.DOTALL)
_MODULES = re.compile(r"^py-modules = \[(.*)\]$", re.MULTILINE)
_NEW = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "0.1.0"
dependencies = ["futurefactory"]

[tool.setuptools]
py-modules = []
"""


def sorts() -> list[str]:
    """Everything for which there are templates."""
    return sorted(folder.name for folder in TEMPLATES.iterdir())


def example_of(sort: str) -> str:
    """The name under which the templates of a sort are written."""
    return next((TEMPLATES / sort).glob("*.yaml")).stem


def files_of(sort: str, name: str) -> dict[str, str]:
    """Module, test and example of a new plug-in: name of the file and text.

    >>> sorted(files_of("station", "washer"))
    ['test_washer.py', 'washer.py', 'washer.yaml']
    """
    old = example_of(sort)
    return {
        file.name.removesuffix(".txt").replace(old, name): renamed(file.read_text(encoding="utf-8"), old, name)
        for file in sorted((TEMPLATES / sort).iterdir())
    }


def guide() -> str:
    """The guide to them, with the files as they are now."""
    texts = {name: text for sort in sorts() for name, text in files_of(sort, example_of(sort)).items()}
    return _BLOCK.sub(lambda m: f"```{m[1]} {m[2]}\n{texts[m[2]]}```", GUIDE.read_text(encoding="utf-8"))


def renamed(text: str, old: str, new: str) -> str:
    """A text with another name, also where it is the name of a class or a constant.

    >>> renamed("class FirstOne: name = 'first_one'; FIRST_ONE = 1", "first_one", "ab_c")
    "class AbC: name = 'ab_c'; AB_C = 1"
    """
    for form in (str, _camel, str.upper):
        text = text.replace(form(old), form(new))
    return text


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def begin(sort: str, name: str, folder: Path) -> list[Path]:
    """Write a new plug-in into a folder.

    Returns:
        The files, also that of the project, which is made or gets the new entry.

    Raises:
        ScenarioError: No such sort, a name that cannot be, or files that are there already; all at once.
    """
    problems = list(_wrong_sort(sort))
    problems += _wrong_name("" if problems else sort, name, folder)
    texts = files_of(sort, name) if not problems else {}
    problems += [_there(folder / file) for file in texts if (folder / file).exists()]
    project = folder / PROJECT
    before = project.read_text(encoding="utf-8") if project.exists() else _NEW.format(name=name.replace("_", "-"))
    problems += _wrong_project(project, before)
    if problems:
        raise ScenarioError(problems)
    texts[PROJECT] = joined(before, sort, name)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return [folder / file for file in texts]


def joined(project: str, sort: str, name: str) -> str:
    """The text of a project's file with one more module and its entry point."""
    known = tomllib.loads(project)["tool"]["setuptools"]["py-modules"]
    listed = ", ".join(f'"{module}"' for module in [*known, name])
    project = _MODULES.sub(lambda _: f"py-modules = [{listed}]", project, count=1)
    head, entry = f'[project.entry-points."futurefactory.{sort}"]\n', f'{name} = "{name}"\n'
    if head in project:
        return project.replace(head, head + entry)
    return f"{project.rstrip()}\n\n{head}{entry}"


def _wrong_sort(sort: str) -> Iterator[Problem]:
    if sort not in sorts():
        hint = did_you_mean(sort, sorts())
        yield Problem("kind", f"one of {', '.join(sorts())}", repr(sort), hint)


def _wrong_name(sort: str, name: str, folder: Path) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) or keyword.iskeyword(name):
        yield Problem("name", "small letters, digits and _, beginning with a letter", repr(name), "e.g. my_polisher")
    elif sort == "store" and "_" in name:
        yield Problem("name", "letters and digits, as it begins the store's address", repr(name), "leave out the _")
    elif sort and name in REGISTRIES[sort]:
        yield Problem("name", f"one that no {sort} has", repr(name), f"factory describe {name} shows the one there is")
    elif not (folder / f"{name}.py").exists() and importlib.util.find_spec(name) is not None:
        yield Problem("name", "one that no module of Python has", repr(name), f"e.g. my_{name}")


def _wrong_project(file: Path, text: str) -> Iterator[Problem]:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield Problem(str(file), "a file of a Python project", str(error))
        return
    if not _MODULES.search(text):
        hint = "add it under [tool.setuptools], or begin in an empty folder"
        yield Problem(str(file), "a line 'py-modules = []', to which the module is added", "none", hint)


def _there(file: Path) -> Problem:
    return Problem(str(file), "no such file yet", "one", "take another name, or move it away")
