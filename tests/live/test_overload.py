"""A simulated plant behind a store that is too slow: it slows down, loses nothing and says how late it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from brokers.outbox import OutboxConfig
from scenarios.headless.feed import Feed
from scenarios.live.plant_role import PlantRole, SitePublisher
from scenarios.live.settings import RunSettings
from tests.devices.plants import SITE, flow
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, heartbeat, receiving, until
from tests.transport.test_path import TRANSPORTS
from twin.config.plant import DeviceConfig
from twin.records import Frame, RecordKind

PIECES = 60
BOUNDS = OutboxConfig(policy="wait", pieces=PIECES, window=PIECES // 2, resend_after_s=0.2, probe_s=0.5, told_s=0.0)
UNITS = 4


@asynccontextmanager
async def running_plant(
    url: str, transport: str, folder: Path, drain_s: float = LIMIT_S
) -> AsyncIterator[tuple[PlantRole, asyncio.Event]]:
    """A plant at 600 times the speed of the clock, whose store is up to the test."""
    settings = RunSettings(
        scenario=folder, seed=1, transport=transport, broker=url, store=f"lines://{folder}", folder=folder,
        speed=600.0, anchored=False, tick_s=300.0,
    )  # fmt: skip
    cnc = DeviceConfig(profile="cnc")
    role = PlantRole(settings, Feed(flow(cnc, cnc), 1, folder), drain_s=drain_s, config=BOUNDS)
    stop = asyncio.Event()
    task = asyncio.create_task(role.run(stop))
    try:
        yield role, stop
        stop.set()
        await asyncio.wait_for(task, LIMIT_S)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def lags(frames: list[Frame]) -> Iterator[float]:
    """Lag in every heartbeat."""
    for frame in frames:
        if frame.kind is RecordKind.HEARTBEAT:
            yield from frame.column("lag_s").tolist()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_plant_waits_for_a_store_that_stands_still(
    mosquitto: Mosquitto, transport: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink = RecordingSink()
    async with (
        receiving(mosquitto.url, transport, sink) as ingest,
        running_plant(mosquitto.url, transport, tmp_path) as (role, stop),
    ):
        outbox = role.outboxes[SITE]
        await sink.holds(lambda s: s.numbered > UNITS)
        sink.gate.clear()
        await until(lambda: any("who says more waits" in record.getMessage() for record in caplog.records))
        stood_s, since = role.feed.now_s, time.monotonic()
        await until(lambda: time.monotonic() - since > 0.3)  # so long that the heartbeats must tell
        assert role.feed.now_s == stood_s
        assert outbox.counters.held < PIECES + 5 * UNITS
        sink.gate.set()
        await until(lambda: role.feed.now_s > stood_s)
        await sink.holds(lambda s: max(lags(s.frames)) > 150)
        stop.set()
        await until(lambda: outbox.counters.stored == outbox.counters.put)
        assert role.ends.total == {"dropped": 0, "unstored": 0, "locked": 0}
        assert ingest.counters.lost == 0
    assert sink.numbered == outbox.counters.put


async def test_what_is_not_stored_when_the_time_is_over_is_told_as_lost(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink = RecordingSink()
    async with receiving(mosquitto.url, "uns", sink):
        async with running_plant(mosquitto.url, "uns", tmp_path, drain_s=0.2) as (role, _):
            outbox = role.outboxes[SITE]
            await sink.holds(lambda s: s.numbered > UNITS)
            sink.gate.clear()
            await until(lambda: outbox.full)
        missing = outbox.counters.put - outbox.counters.stored
        assert role.ends.total == {"dropped": 0, "unstored": missing, "locked": 0}
        assert missing >= PIECES
        sink.gate.set()
    said = [record.getMessage() for record in caplog.records]
    assert f"outbox of {SITE}: ended with {missing} pieces not known to be stored" in said


def test_after_a_loss_a_plant_says_again_what_is_current(tmp_path: Path) -> None:
    settings = RunSettings(
        scenario=tmp_path, seed=1, transport="uns", broker="mqtt://127.0.0.1:1", store=f"lines://{tmp_path}",
        folder=tmp_path,
    )  # fmt: skip
    site = SitePublisher(SITE, settings, OutboxConfig(policy="drop_oldest", pieces=2))
    said = []
    for pieces in (0, 1, 2, 3, 0, 0, 1, 0, 0):
        site.outbox.put([heartbeat(number) for number in range(pieces)])
        said.append(site.overcame())
    assert said == [False, False, False, False, True, False, False, True, False], "once, when no more is lost"
