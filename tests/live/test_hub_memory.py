"""A hub that ends at any moment: the next one shows its observers what this one would have shown."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from brokers import connectors
from brokers.ingest import Ingest
from brokers.outbox import Outbox
from brokers.pump import Pump
from brokers.reception import Reception, Stored
from scenarios.live import checkpoint
from scenarios.live.account import Account
from scenarios.live.hub_memory import OTHER, HubMemory
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, running, tick_frames
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

SITE = "site/one"


async def told(url: str, memory: HubMemory, seen: list[Frame], ticks: range, outbox: Outbox) -> None:
    """One life of an ingest, in which some ticks are said and stored."""
    state = memory.read()
    source = connectors.make_source(url, "uns", "ingest")
    ingest = Ingest(source, RecordingSink(), [seen.extend], keeper=memory)
    if state is not None:
        await ingest.restore(state.receptions, memory.events(state.journal))
    async with running(ingest.run()):
        await asyncio.wait_for(ingest.ready.wait(), LIMIT_S)
        for tick in ticks:
            outbox.put(tick_frames(tick))
        assert await outbox.settled(LIMIT_S)
        if ticks.start == 0:
            async with ingest.still:
                copy = memory.save(Brain(), ingest.receptions, [])
            memory.write(copy)
    memory.close()


async def test_what_came_after_the_last_copy_is_shown_again_and_in_order(mosquitto: Mosquitto, tmp_path: Path) -> None:
    publisher = connectors.make_publisher(mosquitto.url, "uns", SITE)
    outbox = Outbox(SITE, publisher.split)
    memory = HubMemory(tmp_path / "hub.state", "run")
    memory.begin(Brain())
    lives: list[list[Frame]] = []
    async with running(Pump(outbox, publisher).run()):
        for ticks in (range(5), range(5, 10), range(10, 15)):
            lives.append([])
            await told(mosquitto.url, HubMemory(tmp_path / "hub.state", "run"), lives[-1], ticks, outbox)
    saved = len(lives[0])
    for life in lives:
        numbers = [frame.seq for frame in life]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [life[0].seq for life in lives] == [0, saved, saved]
    assert lives[-1][-1].seq == outbox.next - 1


async def test_of_indicators_only_the_numbers_are_kept(tmp_path: Path) -> None:
    memory = HubMemory(tmp_path / "hub.state", "run")
    memory.begin(Brain())
    row = ("oee", "site", "hour", 0, 1.0, 1.0, 1.0, 1.0, "good", "r1")
    figure = records(RecordKind.KPI, [(EquipmentPath("a/b"), 1, row)])
    await memory.keep(Stored([figure, figure.stamped("brain/x", "run.1", 3)]))
    memory.close()
    (kept,) = HubMemory(tmp_path / "hub.state", "run").events(0)
    assert isinstance(kept, Stored)
    assert [(len(frame), frame.seq) for frame in kept.frames] == [(0, 3)]


def test_a_reception_that_waits_waits_anew_in_the_next_life() -> None:
    run = Reception("site", "run")
    assert list(run.show(tick_frames(0)[0].stamped("site", "run", 3), now=1_000.0)) == []
    run.resume(5.0)
    assert run.gap_since == 5.0


async def test_a_damaged_journal_is_told_put_aside_and_named_afterwards(tmp_path: Path) -> None:
    memory = HubMemory(tmp_path / "hub.state", "run")
    memory.begin(Brain())
    await memory.keep(Stored([tick_frames(0)[0].stamped(SITE, "run.1", 0)]))
    assert memory.account().total["bytes"] == (tmp_path / "hub.journal-0").stat().st_size > 0
    memory.close()
    spoilt = bytearray((tmp_path / "hub.journal-0").read_bytes())
    spoilt[50] ^= 1
    (tmp_path / "hub.journal-0").write_bytes(spoilt)
    again = HubMemory(tmp_path / "hub.state", "run")
    assert again.read() is None
    assert again.account().total["damaged"] == 1
    again.begin(Brain())
    anew = HubMemory(tmp_path / "hub.state", "run")
    assert anew.read() is not None
    assert anew.account() == Account(
        {"removed": 0}, {"bytes": 0, "damaged": 0, "quarantined": 1}, {"damaged-hub.journal-0": 1}
    )
    assert (tmp_path / "damaged-hub.journal-0").read_bytes() == spoilt


@pytest.mark.parametrize(("name", "value"), [("FORMAT", 99), ("software", lambda: "futurefactory 99, Python 3.11")])
def test_a_state_of_another_version_is_no_damage_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, value: object
) -> None:
    memory = HubMemory(tmp_path / "hub.state", "run")
    memory.begin(Brain())
    memory.write(memory.save(Brain(), {}, []))
    memory.close()
    monkeypatch.setattr(checkpoint, name, value)
    again = HubMemory(tmp_path / "hub.state", "run")
    assert again.read() is None
    account = again.account()
    assert (account.total["damaged"], account.total["other_version"]) == (0, 2)
    assert account.reasons == {f"hub.state: {OTHER}": 1, f"hub.state.before: {OTHER}": 1}
    assert "it is made anew" in caplog.text
    assert "damaged" not in caplog.text
    again.begin(Brain())
    assert not list(tmp_path.glob("damaged-*"))
    assert HubMemory(tmp_path / "hub.state", "run").read() is not None


@pytest.mark.parametrize("place", [0, 21, 30, 60, -1])
def test_a_head_that_was_changed_on_the_disk_is_damage_and_no_other_version(tmp_path: Path, place: int) -> None:
    HubMemory(tmp_path / "hub.state", "run").begin(Brain())
    content = bytearray((tmp_path / "hub.state").read_bytes())
    content[place] ^= 1
    (tmp_path / "hub.state").write_bytes(content)
    again = HubMemory(tmp_path / "hub.state", "run")
    assert again.read() is None
    assert again.account().reasons == {"hub.state": 1}


async def test_a_damaged_state_is_told_and_the_one_before_holds(tmp_path: Path) -> None:
    memory = HubMemory(tmp_path / "hub.state", "run")
    memory.begin(Brain())
    memory.write(memory.save(Brain(), {}, []))
    memory.close()
    content = (tmp_path / "hub.state").read_bytes()
    (tmp_path / "hub.state").write_bytes(content[:-1])
    again = HubMemory(tmp_path / "hub.state", "run")
    assert again.read() is not None
    assert (again.account().holds["damaged"], again.account().reasons) == (1, {"hub.state": 1})


async def test_a_copy_that_could_not_be_kept_costs_nothing(tmp_path: Path) -> None:
    memory = HubMemory(tmp_path / "hub.state", "run")
    memory.begin(Brain())
    frames = [frame.stamped(SITE, "run.1", number) for number, frame in enumerate(tick_frames(0) * 3)]
    for number, frame in enumerate(frames):
        await memory.keep(Stored([frame]))
        copy = memory.save(Brain(), {}, [])
        if number == 0:
            memory.write(copy)
    memory.close()
    again = HubMemory(tmp_path / "hub.state", "run")
    state = again.read()
    assert state is not None
    told = [frame.seq for event in again.events(state.journal) if isinstance(event, Stored) for frame in event.frames]
    assert told == [frame.seq for frame in frames[1:]]


async def test_a_folder_that_is_removed_is_told_and_a_copy_wanted_from_which_the_next_goes_on(tmp_path: Path) -> None:
    memory = HubMemory(tmp_path / "run" / "hub.state", "run")
    memory.begin(Brain())
    await memory.keep(Stored([frame.stamped(SITE, "r", 0) for frame in tick_frames(0)[:1]]))
    shutil.rmtree(tmp_path / "run")
    assert not memory.exposed
    await memory.keep(Stored([frame.stamped(SITE, "r", 1) for frame in tick_frames(1)[:1]]))
    told = memory.account()
    assert (memory.exposed, told.counts, list(told.reasons)) == (
        True, {"removed": 1}, ["hub.journal-0: removed or replaced while in use"],
    )  # fmt: skip
    assert HubMemory(tmp_path / "run" / "hub.state", "run").read() is None
    memory.write(memory.save(Brain(), {}, []))
    await memory.keep(Stored([frame.stamped(SITE, "r", 2) for frame in tick_frames(2)[:1]]))
    memory.close()
    assert not memory.exposed
    again = HubMemory(tmp_path / "run" / "hub.state", "run")
    state = again.read()
    assert state is not None
    assert [event.frames[0].seq for event in again.events(state.journal) if isinstance(event, Stored)] == [2]


def test_rows_that_the_store_has_lost_are_remembered_until_the_run_is_made_anew(tmp_path: Path) -> None:
    memory = HubMemory(tmp_path / "hub.state", "run")
    assert memory.lost_rows() == 0
    memory.owe(25)
    assert HubMemory(tmp_path / "hub.state", "run").lost_rows() == 25
    memory.begin(Brain())
    assert memory.lost_rows() == 0
