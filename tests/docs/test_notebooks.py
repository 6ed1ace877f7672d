"""Notebooks hold what they give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.notebooks import NOTEBOOKS, told


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_gives_what_it_shows(path: Path) -> None:
    given = told(path)
    assert path.read_text(encoding="utf-8") == given


def test_there_is_one() -> None:
    assert NOTEBOOKS
