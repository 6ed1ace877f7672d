"""The record of a run that lives longer than its store keeps what is written."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scenarios.live.commanding import RENEW_S, Commanding
from scenarios.live.folder import LOCK
from scenarios.live.hub import Hub
from scenarios.live.record import RunRecord
from scenarios.live.settings import RunSettings
from tests.transport.parts import until
from twin.errors import RefusedRowsError
from twin.records import Frame

DAY_S = 86_400


class Days:
    """A clock that is moved on as fast as it is waited for, for some days.

    Args:
        days: When it stands still.
    """

    def __init__(self, days: int):
        self.now_s = 0.0
        self.end_s = days * DAY_S
        self.over = asyncio.Event()

    def now_ns(self) -> int:
        return round(self.now_s * 1e9)

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.now_s > self.end_s:
            self.over.set()
            await asyncio.Event().wait()


class Keeping:
    """A store that keeps what is written for one day."""

    def __init__(self) -> None:
        self.writes: list[Frame] = []
        self.refuses = 0

    async def write(self, frames: Sequence[Frame]) -> None:
        if self.refuses:
            self.refuses -= 1
            raise RefusedRowsError("store: expected rows that it takes, got others")
        self.writes += frames

    def kept(self, now_s: float) -> list[Frame]:
        """What it has at a time."""
        return [frame for frame in self.writes if frame.time_ns[0] > (now_s - DAY_S) * 1e9]


def run_in(folder: Path) -> RunSettings:
    """A run with its record in its folder."""
    record = RunRecord(
        id="0123456789ab", scenario="small", plant_hash="x", seed=1, epoch=datetime(2026, 1, 5, tzinfo=UTC)
    )
    record.write(folder)
    return RunSettings(scenario=Path("x.yaml"), name="small", seed=1, store="duckdb://x.duckdb", folder=folder)


async def lived(settings: RunSettings, store: Keeping, days: int) -> Days:
    """So many days of a run."""
    clock = Days(days)
    commanding = Commanding(settings, store, "mqtt://127.0.0.1:1")  # type: ignore[arg-type]
    renewing = asyncio.create_task(commanding.renewing(clock))
    over = asyncio.create_task(clock.over.wait())
    await asyncio.wait([renewing, over], return_when=asyncio.FIRST_COMPLETED)
    renewing.cancel()
    await asyncio.gather(renewing, over, return_exceptions=True)
    assert clock.over.is_set()
    return clock


async def test_a_store_that_keeps_a_day_has_the_record_on_each_day(tmp_path: Path) -> None:
    store = Keeping()
    await lived(run_in(tmp_path), store, 40)
    assert RENEW_S < DAY_S
    assert all(store.kept(day * DAY_S) for day in range(1, 41))
    bodies = {frame.values[0, 1] for frame in store.writes}
    (record,) = (RunRecord.model_validate_json(body) for body in bodies)
    assert record == RunRecord.of_folder(tmp_path)


async def test_a_store_that_refuses_once_gets_it_the_next_time(tmp_path: Path) -> None:
    store = Keeping()
    store.refuses = 1
    await lived(run_in(tmp_path), store, 2)
    assert [frame.time_ns[0] for frame in store.writes] == [round(n * RENEW_S * 1e9) for n in (2, 3, 4)]


async def test_a_run_without_a_record_writes_none(tmp_path: Path) -> None:
    store, settings = Keeping(), run_in(tmp_path)
    (tmp_path / "record.json").unlink()
    await lived(settings, store, 2)
    assert store.writes == []


async def test_a_record_that_is_removed_comes_back_with_the_lock_and_not_before(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    settings = run_in(folder)
    record = RunRecord.of_folder(folder)
    commanding = Commanding(settings, Keeping(), "mqtt://127.0.0.1:1")  # type: ignore[arg-type]
    shutil.rmtree(folder)
    commanding.stay()
    folder.mkdir()
    commanding.stay()
    assert RunRecord.of_folder(folder) is None
    (folder / LOCK).touch()
    commanding.stay()
    assert RunRecord.of_folder(folder) == record


async def test_the_hub_looks_for_the_record_whenever_it_looks_at_its_counters(tmp_path: Path) -> None:
    settings = run_in(tmp_path).model_copy(update={"store": f"duckdb://{tmp_path}/store.duckdb"})
    hub = Hub(settings, settings.title)
    hub._commanding = Commanding(settings, hub.store, "mqtt://127.0.0.1:1")
    record = RunRecord.of_folder(tmp_path)
    (tmp_path / LOCK).touch()
    counting = asyncio.create_task(hub.counting())
    try:
        for _ in range(2):
            (tmp_path / "record.json").unlink()
            await until((tmp_path / "record.json").exists)
            assert RunRecord.of_folder(tmp_path) == record
    finally:
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
        await hub.close()
