"""The examples of a property are the same whatever else is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_a_module_that_is_loaded_changes_no_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn()
    monkeypatch.setitem(sys.modules, "another", loaded(tmp_path / "another.py"))
    assert drawn() == before
    assert OWN not in before


OWN = 2_718_281_828_459


def loaded(path: Path) -> ModuleType:
    path.write_text("\n".join(f"A{n} = {OWN + n}" for n in range(200)), encoding="utf-8")
    module = ModuleType("another")
    module.__file__ = str(path)
    return module


def drawn() -> list[int]:
    some: list[int] = []

    @settings(max_examples=400, derandomize=True, database=None, deadline=None)
    @given(st.integers())
    def draws(number: int) -> None:
        some.append(number)

    draws()
    return some
