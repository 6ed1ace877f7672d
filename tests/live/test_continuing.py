"""The same command over the same store goes on with the same run; the only fake is time."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from brokers.stores import open_store
from scenarios.actions.live import settings_for
from scenarios.format.document import Scenario
from scenarios.live.begin import ReadyRun, Wish, begin
from scenarios.live.hub import Hub
from scenarios.live.hub_role import prepared
from scenarios.live.record import RunRecord
from scenarios.loader import load
from tests.cli.truth import FOREVER
from twin.errors import ScenarioError
from twin.records import Frame, RecordKind

HOUR_NS = 3600 * 10**9
START_NS = 1_794_999_960 * 10**9
EVENTS = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK)


class At:
    """A clock that stands still."""

    def __init__(self, time_ns: int):
        self.time_ns = time_ns

    def now_ns(self) -> int:
        return self.time_ns

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def wish(folder: Path, store: str | None, **more: object) -> Wish:
    return Wish(folder / "workshop", store, **more)  # type: ignore[arg-type]


async def history(scenario: Scenario, given: Wish, time_ns: int) -> ReadyRun:
    """Start the command up to the moment at which it would connect to a broker."""
    settings = settings_for("workshop", scenario, port=0, backfill_s=3600.0, store=given.store)
    begun = await asyncio.to_thread(begin, scenario, settings, given, At(time_ns))
    hub = Hub(begun.settings, scenario.title)
    await hub.open()
    await prepared(hub, At(time_ns))
    await hub.close()
    begun.lock.release()
    return begun


async def stored(url: str, kind: RecordKind, before_ns: int) -> Frame:
    store = open_store(url)
    await store.open()
    found = await store.rows(kind, "", 0, before_ns, 10**7)
    await store.close()
    return found


def content(frame: Frame) -> list[object]:
    return sorted(
        (str(p), t, tuple(map(str, v)))
        for p, t, v in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True)
    )


@pytest.fixture(params=["duckdb", "lines", "influxdb18_url"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty store that outlives a run."""
    if request.param == "influxdb18_url":
        return str(request.getfixturevalue(request.param))
    return f"{request.param}://{tmp_path}/keep.{request.param}"


@pytest.mark.parametrize("new_disk", [False, True])
async def test_the_same_command_an_hour_later_makes_the_same_history(
    tmp_path: Path, store_url: str, new_disk: bool
) -> None:
    scenario, given = load("workshop"), wish(tmp_path, store_url)
    first = await history(scenario, given, START_NS)
    before = {kind: content(await stored(first.settings.store, kind, START_NS)) for kind in EVENTS}
    assert all(before.values())
    if new_disk:
        shutil.rmtree(tmp_path / "workshop")
    second = await history(scenario, given, START_NS + HOUR_NS)
    assert second.settings.run == first.settings.run
    assert second.made == new_disk
    for kind in EVENTS:
        assert content(await stored(second.settings.store, kind, START_NS)) == before[kind]
    if new_disk:
        later = await stored(second.settings.store, RecordKind.STATE, FOREVER[1])
        assert int(later.time_ns[-1]) > START_NS


async def test_a_fresh_run_is_kept_apart_from_the_one_before(tmp_path: Path) -> None:
    scenario, url = load("workshop"), f"duckdb://{tmp_path}/keep.duckdb"
    first = await history(scenario, wish(tmp_path, url), START_NS)
    before = content(await stored(first.settings.store, RecordKind.PART, FOREVER[1]))
    second = await history(scenario, wish(tmp_path, url, fresh=True), START_NS + HOUR_NS)
    assert second.settings.run != first.settings.run
    assert content(await stored(first.settings.store, RecordKind.PART, FOREVER[1])) == before
    third = await history(scenario, wish(tmp_path, url), START_NS + 2 * HOUR_NS)
    assert third.settings.run == second.settings.run
    assert third.settings.store == second.settings.store


async def test_a_changed_plant_is_asked_for(tmp_path: Path) -> None:
    scenario, url = load("workshop"), f"duckdb://{tmp_path}/keep.duckdb"
    first = await history(scenario, wish(tmp_path, url), START_NS)
    other = scenario.model_copy(update={"calendars": {}, "title": scenario.title})
    with pytest.raises(ScenarioError, match="--fresh"):
        await history(other, wish(tmp_path, url), START_NS)
    with pytest.raises(ScenarioError, match=r"--seed: expected the 7 .* got 8"):
        await history(scenario, wish(tmp_path, url, seed=8), START_NS)
    with pytest.raises(ScenarioError, match="--fresh"):
        await history(scenario, wish(tmp_path, url, seed=8, confirm=lambda _: False), START_NS)
    asked: list[str] = []
    second = await history(scenario, wish(tmp_path, url, seed=8, confirm=lambda q: not asked.append(q)), START_NS)
    assert first.settings.run in asked[0]
    assert second.settings.run != first.settings.run


async def test_a_run_without_its_memory_is_made_again_from_its_record(tmp_path: Path) -> None:
    scenario, given = load("workshop"), wish(tmp_path, None)
    first = await history(scenario, given, START_NS)
    before = content(await stored(first.settings.store, RecordKind.PART, START_NS))
    for path in first.settings.folder.glob("*.state*"):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    second = await history(scenario, given, START_NS + HOUR_NS)
    assert second.settings.folder == first.settings.folder
    assert content(await stored(second.settings.store, RecordKind.PART, START_NS)) == before


async def test_a_record_with_a_flipped_bit_is_taken_from_the_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scenario = load("workshop")
    first = await history(scenario, wish(tmp_path, None), START_NS)
    file = first.settings.folder / "record.json"
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        content = bytearray(whole)
        content[place] ^= 1
        file.write_bytes(content)
        caplog.clear()
        read = RunRecord.of_folder(first.settings.folder)
        assert bool(caplog.records) == (read is None), place
        assert read is None or read.id == first.settings.run, place
    file.write_bytes(whole[:-20])
    second = await history(scenario, wish(tmp_path, None), START_NS + HOUR_NS)
    assert (second.settings.run, second.settings.seed) == (first.settings.run, first.settings.seed)
    assert second.settings.folder == first.settings.folder
    assert file.read_bytes() == whole


async def test_a_store_with_rows_and_no_record_is_left_as_it_is(tmp_path: Path) -> None:
    scenario, url = load("workshop"), f"duckdb://{tmp_path}/keep.duckdb"
    first = await history(scenario, wish(tmp_path / "elsewhere", None), START_NS)
    (first.settings.folder / "telemetry.duckdb").rename(tmp_path / "keep.duckdb")
    store = open_store(url)
    await store.open()
    meta = await store.rows(RecordKind.META, "", *FOREVER)
    await store.close()
    assert len(meta) > 1
    parts = content(await stored(url, RecordKind.PART, FOREVER[1]))
    second = await history(scenario.model_copy(update={"name": "other"}), wish(tmp_path, url), START_NS)
    assert "kept apart" in second.told
    assert content(await stored(url, RecordKind.PART, FOREVER[1])) == parts
