"""The folder of a run is removed while it lives: told, counted, and the run goes on from what it makes anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.programs import get
from tests.reliability.stories import faulty, story

pytestmark = pytest.mark.reliability


@faulty(most=1)
def test_what_went_with_it_is_told_and_roles_that_die_come_back(seed: int, times: int, tmp_path: Path) -> None:
    with story("folder removed", seed, tmp_path) as run:
        folder = run.settings.folder
        run.somewhen()
        shutil.rmtree(folder)
        made = ("hub.state", "plant.state", "record.json")
        run.wait(lambda: all((folder / name).exists() for name in made), "the folder to be made anew")
        for role in ("hub", "plant"):
            run.kill(role)
        run.goes_on(4)
        health = get(run.address, "/api/health")
        assert isinstance(health, dict)
        hops = {hop["hop"]: hop for hop in health["hops"]}
        assert (hops["store"]["status"], hops["store"]["counters"]["lost"] > 0) == ("bad", True)
        assert (hops["journal"]["status"], hops["journal"]["counters"]["removed"]) == ("warn", 2)
        assert run.program.interrupt() == 1
    assert [line for line in run.program.lines if "removed or replaced" in line], "\n".join(run.program.lines)
    assert "lost_in_store" in run.program.lines[-1]
