"""The lock of a run's folder holds for as long as the run lives, also when somebody removes it with the folder."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from scenarios.live import folder
from scenarios.live.folder import LOCK, RunLock, remove
from tests.transport.parts import until
from twin.errors import FatalError, ScenarioError


@pytest.fixture
def run(tmp_path: Path) -> Path:
    place = tmp_path / "20260101-000000-000000"
    place.mkdir()
    return place


@pytest.mark.parametrize("alone", [True, False], ids=["the file", "the folder"])
def test_a_lock_that_was_removed_is_made_anew_and_keeps_others_out(run: Path, alone: bool) -> None:
    with folder.locked(run) as lock:
        handle = lock.handle
        lock.stay()
        assert lock.handle == handle
        if alone:
            (run / LOCK).unlink()
        else:
            shutil.rmtree(run)
        lock.stay()
        with pytest.raises(ScenarioError, match="one alive as process"):
            folder.locked(run, 0.0)
        remove(run)  # as another run does with old ones
        assert (run / LOCK).exists()
    folder.locked(run, 0.0).release()


def test_who_finds_another_run_in_its_place_gives_way(run: Path) -> None:
    with folder.locked(run) as lock:
        (run / LOCK).unlink()
        with folder.locked(run, 0.0), pytest.raises(FatalError, match="expected the folder of this run, got one of"):
            lock.stay()


def test_a_lock_file_that_goes_while_it_is_taken_is_not_taken(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", lambda *_: (run / LOCK).unlink())
    assert not RunLock(run).take()


async def test_a_live_run_looks_by_itself(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LOOK_S", 0.0)
    with folder.locked(run) as lock:
        keeping = asyncio.create_task(lock.keep())
        for _ in range(3):
            shutil.rmtree(run)
            await until((run / LOCK).exists)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
