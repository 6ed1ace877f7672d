"""What a test module takes from another one is there: seen at once, not when the whole suite is collected."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.structure.test_sizes import ROOT, tracked


@cache
def module(name: str) -> Path | None:
    """The file of a module of the tests."""
    place = ROOT.joinpath(*name.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


@cache
def tree(file: Path) -> ast.Module:
    """A module as it is written."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def names(file: Path) -> set[str]:
    """Every name that a module binds, wherever it stands."""
    nodes = list(ast.walk(tree(file)))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return bound


def lacks(file: Path) -> list[str]:
    found = []
    for node in ast.walk(tree(file)):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("tests."):
            continue
        source = module(str(node.module))
        for alias in node.names:
            there = source is not None and alias.name in names(source)
            if not there and module(f"{node.module}.{alias.name}") is None:
                found.append(f"{file.relative_to(ROOT)}: {alias.name} of {node.module}")
    return found


def test_every_name_that_a_test_takes_from_another_is_there() -> None:
    files = tracked("tests/*.py")
    assert len(files) > 300
    assert [line for file in files for line in lacks(file)] == []
