"""A hub whose store was damaged on the disk says on the health page how much of it is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokers.stores import Logged
from dashboards.health import Known, hops
from scenarios.live.hub import Hub
from scenarios.live.hub_memory import HubMemory
from scenarios.live.settings import RunSettings
from tests.servers.mosquitto import Mosquitto
from tests.stores.test_damaged_file import ROWS, WRITES, killed
from twin.brain import Brain
from twin.config.plant import Title

__all__ = ["killed"]


async def test_what_is_gone_is_told_by_the_hop_of_the_store(killed: Path) -> None:
    log = killed.with_name(f"{killed.name}.wal")
    log.write_bytes(b"")
    folder = killed.parent
    settings = RunSettings(scenario=folder, seed=1, store=f"duckdb://{killed}", folder=folder)
    hub = Hub(settings, Title(en="Test", zh="Test"))
    await hub.open()
    row = next(row for row in hops(Known(counters=hub.counters())) if row["hop"] == "store")
    await hub.close()
    assert (row["status"], row["counters"]["lost"]) == ("bad", WRITES * ROWS)
    assert [reason["count"] for reason in row["reasons"]] == [WRITES * ROWS]


async def test_what_is_gone_is_known_after_the_store_was_saved_and_the_hub_has_died(
    killed: Path, mosquitto: Mosquitto
) -> None:
    killed.with_name(f"{killed.name}.wal").write_bytes(b"")
    folder, store = killed.parent, f"duckdb://{killed}"
    settings = RunSettings(scenario=folder, seed=1, store=store, folder=folder, broker=mosquitto.url, run="one")
    HubMemory(settings.hub_state, settings.run).begin(Brain())
    for life in range(3):
        hub = Hub(settings, Title(en="Test", zh="Test"))
        await hub.open()
        assert hub.recall()
        await hub.connect(mosquitto.url)
        if life < 2:
            await hub.remember()  # the store is saved, and no longer knows what it has lost
        assert hub.ends().holds["lost_in_store"] == WRITES * ROWS
        assert hub.counters()["store_missed"] == {"lost": WRITES * ROWS}
        await hub.close()


@pytest.mark.parametrize("dies_before_it_is_saved", [True, False])
async def test_one_loss_counts_once_wherever_the_hub_dies(killed: Path, dies_before_it_is_saved: bool) -> None:
    killed.with_name(f"{killed.name}.wal").write_bytes(b"")
    folder = killed.parent
    settings = RunSettings(scenario=folder, seed=1, store=f"duckdb://{killed}", folder=folder, run="one")
    HubMemory(settings.hub_state, settings.run).begin(Brain())
    for _ in range(3):
        hub = Hub(settings, Title(en="Test", zh="Test"))
        await hub.open()
        assert hub.recall()
        assert hub.counters()["store_missed"] == {"lost": WRITES * ROWS}
        hub._owe()
        if not dies_before_it_is_saved:
            assert isinstance(hub.store, Logged)
            await hub.store.save()
        assert hub._missed() == {"lost": WRITES * ROWS}
        await hub.close()
