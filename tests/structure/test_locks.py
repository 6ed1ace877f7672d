"""What is installed is what the locks say, file by file; nothing in them leads to one registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.structure.notices import PAGE, ROOT, pins

LOCKS = sorted((ROOT / "locks").glob("*.txt"))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_of_a_lock_is_pinned_as_in_the_constraints_and_has_hashes(lock: Path) -> None:
    constraints = {canonical(name): version for name, version in pins(ROOT / "constraints.txt").items()}
    found = {canonical(name): version for name, version in pins(lock).items()}
    assert found
    assert {name: constraints.get(name, version) for name, version in found.items()} == found
    for entry in re.split(r"\n(?=\S)", lock.read_text()):
        assert "--hash=sha256:" in entry, entry
    assert "://" not in lock.read_text()


def test_the_notices_name_what_an_installation_brings() -> None:
    locked = pins(ROOT / "locks/run.txt")
    told = dict(re.findall(r"^\| ([^ ]+) \| ([^ ]+) \| .+ \|$", PAGE.read_text(), re.MULTILINE))
    told.pop("Package"), told.pop("---", None)
    assert told.items() <= locked.items()
    assert set(locked) - set(told) <= {"colorama"}, "make notices"
