"""A hub whose store was damaged on the disk says on the health page how much of it is gone."""

from __future__ import annotations

from pathlib import Path

from dashboards.health import Known, hops
from scenarios.live.hub import Hub
from scenarios.live.settings import RunSettings
from tests.stores.test_damaged_file import ROWS, WRITES, killed
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
