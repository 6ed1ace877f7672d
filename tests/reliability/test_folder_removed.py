"""The folder of a run is removed while it lives: told, counted, and the run goes on from what it makes anew."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.programs import get
from tests.reliability.stories import Story, faulty, story

pytestmark = pytest.mark.reliability


def hop_of(run: Story, name: str) -> dict[str, Any]:
    """A hop of the health page."""
    health = get(run.address, "/api/health")
    assert isinstance(health, dict)
    found: dict[str, Any] = next(hop for hop in health["hops"] if hop["hop"] == name)
    return found


def removed(run: Story) -> tuple[str, int]:
    """Files that were gone, one of the hub and one of the plant."""
    hop = hop_of(run, "journal")
    return hop["status"], hop["counters"]["removed"]


def lost(run: Story) -> str:
    """Whether the store is in order."""
    hop = hop_of(run, "store")
    assert hop["counters"]["lost"] > 0
    return str(hop["status"])


@faulty(most=1)
def test_what_went_with_it_is_told_and_roles_that_die_come_back(seed: int, times: int, tmp_path: Path) -> None:
    with story("folder removed", seed, tmp_path) as run:
        folder = run.settings.folder
        run.somewhen()
        shutil.rmtree(folder)
        made = ("hub.state", "plant.state", "record.json")
        run.wait(lambda: all((folder / name).exists() for name in made), "the folder to be made anew")
        run.wait(lambda: removed(run) == ("warn", 2), "both files to be told")
        assert lost(run) == "bad"
        for role in ("hub", "plant"):
            run.kill(role)
        run.goes_on(4)
        assert lost(run) == "bad"
        assert run.program.interrupt() == 1
    assert [line for line in run.program.lines if "removed or replaced" in line], "\n".join(run.program.lines)
    assert "lost_in_store" in run.program.lines[-1]
