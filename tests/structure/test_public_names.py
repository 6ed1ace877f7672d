"""The single-file module exports what it promises."""

from __future__ import annotations

import ast
from pathlib import Path

import futurefactory


def test_every_public_name_exists_and_is_sorted() -> None:
    assert list(futurefactory.__all__) == sorted(futurefactory.__all__)
    assert all(hasattr(futurefactory, name) for name in futurefactory.__all__)


def test_types_and_values_of_public_names_come_from_the_same_place() -> None:
    tree = ast.parse(Path(futurefactory.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module not in ("__future__", "typing")
        for alias in node.names
    }
    assert typed == futurefactory._HOMES
