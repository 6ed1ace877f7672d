"""A role on a full disk says why it waits, also to the hub; it goes on once there is room, or ends in time."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brokers.opcua import remembered
from brokers.opcua.remembered import KEPT, RememberedConditions
from brokers.pump import BrokerOutage
from brokers.retry import NO_ROOM, TRIES, Tries
from devices.gathering import RealMachines
from scenarios.headless.feed import Feed
from scenarios.live.folder import writing
from scenarios.live.machines_role import WAITS, MachinesPublisher
from scenarios.live.parent import Parent
from scenarios.live.plant_memory import PlantMemory, Tick
from scenarios.live.plant_role import PlantRole
from scenarios.live.settings import RunSettings
from tests.devices.plants import SITE, flow
from tests.transport.parts import until
from twin.config.plant import DeviceConfig
from twin.errors import ScenarioError, UnfinishedError


@pytest.fixture
def tries() -> Iterator[Tries]:
    """Those of a process, as its main function makes them."""
    token = TRIES.set(found := Tries())
    yield found
    TRIES.reset(token)


def settings(folder: Path) -> RunSettings:
    return RunSettings(
        scenario=folder, seed=1, broker="mqtt://127.0.0.1:1", store=f"lines://{folder}", folder=folder, run="r1"
    )


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.usefixtures("tries")
async def test_a_plant_tells_why_it_stands_still_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cnc, parent = DeviceConfig(profile="cnc"), Parent(alone=True)
    feed, told = Feed(flow(cnc, cnc), 1, tmp_path), settings(tmp_path)
    memory = PlantMemory(told.plant_state, told.run)
    memory.begin(feed)
    assert memory.read()
    role = PlantRole(told, feed, parent=parent, memory=memory)
    with monkeypatch.context() as full:
        full.setattr("scenarios.live.checkpoint._write", no_room)
        noting = asyncio.create_task(role._note(Tick(1.0)))
        counting = asyncio.create_task(role._count())
        await until(lambda: parent.accounts.troubles == {"journal": (f"plant: {NO_ROOM}",)})
        assert not noting.done()
    await noting
    await until(lambda: not parent.accounts.troubles)
    counting.cancel()
    assert list(memory.again()) == [Tick(1.0)], "once"


def machines(folder: Path) -> MachinesPublisher:
    return MachinesPublisher(SITE, settings(folder), RealMachines([], folder), BrokerOutage("machines"))


def limited(publisher: MachinesPublisher, more: int) -> None:
    """Let its file have so many pages more and no other."""
    database = publisher.spool._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count={pages + more}")


async def until_refused(publisher: MachinesPublisher, tries: Tries) -> int:
    """Beats until the disk takes no more; gives their number."""
    for number in range(1, 1000):
        await publisher.say(number * 10**9)
        if tries.troubled:
            return number
    raise AssertionError("it took all")


async def test_real_machines_wait_in_memory_and_are_told(tmp_path: Path, tries: Tries) -> None:
    publisher = machines(tmp_path)
    limited(publisher, 2)
    said = await until_refused(publisher, tries)
    assert tries.troubles() == {"spool": (f"machines of {SITE}: {WAITS}: {NO_ROOM}",)}
    for number in range(said + 1, said + 4):
        await publisher.say(number * 10**9)
    limited(publisher, 1000)
    await publisher.say((said + 4) * 10**9)
    assert (tries.troubles(), publisher.forgone, publisher.spool.held) == ({}, 0, said + 4)
    publisher.spool.close()


async def test_what_real_machines_said_and_the_disk_never_took_is_not_called_a_good_end(
    tmp_path: Path, tries: Tries
) -> None:
    publisher = machines(tmp_path)
    limited(publisher, 2)
    await until_refused(publisher, tries)
    tries.over = True
    with pytest.raises(UnfinishedError, match="1 ticks in memory that nobody else has: expected room on the disk"):
        await publisher.end(0.0)
    publisher.spool.close()


async def test_a_store_that_is_told_does_not_stop_what_can_be_published(tmp_path: Path, tries: Tries) -> None:
    """What is stored cannot be taken off a full disk: the role lives."""
    publisher = machines(tmp_path)

    def stored(_: int) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    publisher.spool.stored = stored  # type: ignore[method-assign]
    await publisher.say(10**9)
    assert list(tries.troubles()) == ["spool"]
    await publisher.end(0.0)
    publisher.spool.close()


async def test_a_gateway_keeps_what_is_acknowledged_once_there_is_room(
    tmp_path: Path, tries: Tries, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "conditions.json"
    conditions: Any = SimpleNamespace(known={}, changed=asyncio.Event())
    kept = RememberedConditions(conditions, file)
    kept.begin()
    with monkeypatch.context() as full:
        full.setattr(remembered, "_to_disk", no_room)
        conditions.changed.set()
        await until(lambda: tries.troubles() == {"gateway": (f"{KEPT}: {NO_ROOM}",)})
    await until(file.exists)
    monkeypatch.setattr(remembered, "_to_disk", no_room)
    tries.over = True
    with pytest.raises(UnfinishedError, match="acknowledged"):
        await kept.end()


def test_a_run_that_cannot_be_begun_on_a_full_disk_says_it_in_the_same_words(tmp_path: Path) -> None:
    words = r"expected room on the disk, got none \(free some, or set FF_DATA"
    with pytest.raises(ScenarioError, match=words), writing(tmp_path):
        no_room()
