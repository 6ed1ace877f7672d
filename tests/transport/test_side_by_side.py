"""Two hubs of different scenarios on one broker leave each other alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scenarios.actions.live import roots_of
from scenarios.live.hub import Hub
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, sending
from tests.transport.test_path import TRANSPORTS
from twin.config.plant import Title
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

T0 = 1_748_851_200_000_000_000


def settings(name: str, transport: str, folder: Path, listen: tuple[str, ...] = ()) -> RunSettings:
    scenario = load(name)
    return RunSettings(
        scenario=Path(name),
        name=scenario.name,
        roots=roots_of(scenario),
        listen=listen,
        seed=1,
        transport=transport,
        store=f"duckdb://{folder}/{name}.duckdb",
        folder=folder,
    )


@asynccontextmanager
async def hub_of(broker: Mosquitto, chosen: RunSettings) -> AsyncIterator[Hub]:
    """A running hub."""
    hub = Hub(chosen, Title(en="Test", zh="Test"))
    await hub.open()
    try:
        await hub.connect(broker.url)
        yield hub
    finally:
        await hub.close()


def states(site: str) -> list[Frame]:
    unit = EquipmentPath(f"{site}/area/line/unit")
    return [records(RecordKind.STATE, [(unit, T0 + tick, ("PRODUCING", None, None))]) for tick in range(30)]


async def counted(hub: Hub, under: str) -> int:
    return len(await hub.store.rows(RecordKind.STATE, under, T0, T0 + 1000))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_each_hub_takes_its_own_plant_only(mosquitto: Mosquitto, transport: str, tmp_path: Path) -> None:
    one, two = settings("workshop", transport, tmp_path), settings("cnc_job", transport, tmp_path)
    sites = [str(next(load(name).sites())[0]) for name in ("workshop", "cnc_job")]
    assert sites[0].split("/")[0] != sites[1].split("/")[0]
    async with (
        hub_of(mosquitto, one) as first,
        hub_of(mosquitto, two) as second,
        sending(mosquitto.url, transport, site=sites[0]) as (outbox_1, pump_1),
        sending(mosquitto.url, transport, site=sites[1]) as (outbox_2, pump_2),
    ):
        outbox_1.put(states(sites[0]))
        outbox_2.put(states(sites[1]))
        assert await pump_1.drain(LIMIT_S)
        assert await pump_2.drain(LIMIT_S)
        assert [await counted(first, site) for site in sites] == [30, 0]
        assert [await counted(second, site) for site in sites] == [0, 30]
        for hub in (first, second):
            assert hub.ingest is not None
            assert hub.ingest.counters.received == 30
            assert not [task for task in hub._tasks if task.done()]


async def test_a_foreign_plant_is_taken_when_asked_for(mosquitto: Mosquitto, tmp_path: Path) -> None:
    chosen = settings("workshop", "uns", tmp_path, listen=("elsewhere",))
    async with (
        hub_of(mosquitto, chosen) as hub,
        sending(mosquitto.url, "uns", site="elsewhere/site") as (outbox, pump),
    ):
        outbox.put(states("elsewhere/site"))
        assert await pump.drain(LIMIT_S)
        assert await counted(hub, "elsewhere") == 30


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_indicators_come_back_to_their_own_hub(mosquitto: Mosquitto, transport: str, tmp_path: Path) -> None:
    """The brains are publishers of their own too."""
    one, two = settings("workshop", transport, tmp_path), settings("cnc_job", transport, tmp_path)
    async with hub_of(mosquitto, one) as first, hub_of(mosquitto, two) as second:
        for hub in (first, second):
            outbox = hub._figures
            assert outbox is not None
            assert outbox.publisher == f"brain/{hub.settings.name}"
            root = hub.settings.roots[0]
            row = ("oee", "site", "hour", T0, 0.5, 1.0, 2.0, 1.0, "good", "r1")
            await outbox.put_soon([records(RecordKind.KPI, [(EquipmentPath(f"{root}/site"), T0, row)])])
            assert await outbox.settled(LIMIT_S)
        for hub in (first, second):
            found = await hub.store.rows(RecordKind.KPI, "", T0, T0 + 1)
            assert [path.split("/")[0] for path in found.paths] == [hub.settings.roots[0]]
