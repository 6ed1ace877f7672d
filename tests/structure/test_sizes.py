"""Sizes that keep the code readable, and words that have no place in it."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("twin", "devices", "brokers", "dashboards", "scenarios")
BANNED_MODULES = {"utils", "common", "manager", "helpers", "misc"}


def tracked(*patterns: str) -> list[Path]:
    """Files of the project that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def modules() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in CODE]


def functions(path: Path) -> list[tuple[str, int]]:
    """Name and length in lines of each function of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1) for node in found
    ]


def test_no_module_is_longer_than_600_lines() -> None:
    long = {str(path.relative_to(ROOT)): n for path in modules() if (n := len(path.read_text().splitlines())) > 600}
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    long = [entry for path in modules() for entry in functions(path) if entry[1] > 60]
    assert not long


def test_the_median_function_has_less_than_10_lines() -> None:
    lengths = [length for path in modules() for _, length in functions(path)]
    assert statistics.median(lengths) < 10


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in modules() if path.stem in BANNED_MODULES or path.parent.name in BANNED_MODULES]


@pytest.mark.parametrize("pattern", [r"\bTODO\b|\bFIXME\b|\bXXX\b", r"NotImplementedError"])
def test_nothing_is_marked_unfinished(pattern: str) -> None:
    assert not [str(path) for path in modules() if re.search(pattern, path.read_text(encoding="utf-8"))]


def test_lock_files_name_no_registry() -> None:
    locks = tracked("*package-lock.json")
    assert locks
    assert not [str(path) for path in locks if re.search(r'"resolved"\s*:\s*"http', path.read_text(encoding="utf-8"))]


def test_no_machine_path_is_in_the_tree() -> None:
    texts = [
        path for path in tracked() if path.suffix in {".py", ".md", ".yaml", ".yml", ".json", ".toml", ".ts", ".txt"}
    ]
    pattern = re.compile(r"/(?:root|home|Users)/\w|/tmp/\w*job")
    found = [
        str(path.relative_to(ROOT))
        for path in texts
        if pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert not [name for name in found if not name.endswith("test_sizes.py")]
