"""The spool of real machines: 5,000 values a second while the broker is away, and all of them in the store afterwards.

``FACTORY_BENCH_SPOOL_MIN`` sets how long the broker is away in minutes of the machines' time (default 10), which goes
by as fast as the disk takes it.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import numpy as np
import pytest

from brokers.pump import BrokerOutage
from devices.gathering import RealMachines
from scenarios.live.machines_role import TICK_S, MachinesPublisher
from scenarios.live.settings import RunSettings
from tests.bench.hub_process import plain
from tests.servers.mosquitto import Mosquitto
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind

MINUTES = int(os.environ.get("FACTORY_BENCH_SPOOL_MIN", "10"))
MACHINES, TAGS = 100, 50
SITE = EquipmentPath("acme/harbour")

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]


class Walking(RealMachines):
    """Machines whose values walk in steps of a hundredth, as what a PLC measures does."""

    def __init__(self, folder: Path) -> None:
        super().__init__([], folder)
        self._draws = np.random.default_rng(1)
        self._now = np.full((MACHINES, TAGS), 50.0)
        self._paths = tuple(SITE.child("hall").child("line").child(f"m{number}") for number in range(MACHINES))
        self._tags = tuple(f"t{number}" for number in range(TAGS))

    def frames(self, now_ns: int) -> list[Frame]:
        """One sample of each tag."""
        self._now = np.round(self._now + self._draws.normal(0.0, 0.1, self._now.shape), 2)
        stamps = np.full(MACHINES, now_ns, dtype=np.int64)
        return [Frame(RecordKind.TELEMETRY, self._paths, stamps, self._tags, self._now.copy())]


@pytest.mark.parametrize("transport", ["uns", "sparkplug"])
async def test_an_hour_without_broker(
    mosquitto: Mosquitto, transport: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is dropped, and everything is stored once."""
    mosquitto.kill()
    settings = RunSettings(
        scenario=tmp_path, seed=1, broker=mosquitto.url, store=f"duckdb://{tmp_path}/b.duckdb", folder=tmp_path,
        run="r1", publishers=(str(SITE),), machines=(str(SITE),), transport=transport,
    )  # fmt: skip
    machines = MachinesPublisher(SITE, settings, Walking(tmp_path), BrokerOutage("machines"))
    ticks = round(MINUTES * 60 / TICK_S)
    kept_s = await keep(machines, ticks)
    held, size = machines.spool.held, machines.spool.bytes
    assert (machines.spool.dropped, machines.forgone) == (0, 0)
    mosquitto.start()
    task = {"transport": transport, "broker": mosquitto.url, "store": settings.store}
    pump = asyncio.create_task(machines.pump.run())
    async with plain(task) as (ingest, store):
        began = time.perf_counter()
        while machines.spool.held:
            await machines.move()
            await asyncio.sleep(0.05)
        took_s = time.perf_counter() - began
        stored, met = await store.count(RecordKind.TELEMETRY), ingest.status()
    pump.cancel()
    await asyncio.gather(pump, return_exceptions=True)
    values = ticks * MACHINES * TAGS
    assert stored == values
    assert [met[what] for what in ("lost", "dropped", "malformed", "store_failures")] == [0] * 4
    with capsys.disabled():
        print(
            f"\n{transport:9s} {MINUTES} min, {values:,} values, {held} frames, {size / 1e6:.0f} MB,"
            f" {size / values:.1f} bytes a value; kept {values / kept_s:,.0f} values/s, stored {values / took_s:,.0f}"
        )


async def keep(machines: MachinesPublisher, ticks: int) -> float:
    """Let time go by; returns how long it took, in s."""
    began, now_ns = time.perf_counter(), time.time_ns() - round(ticks * TICK_S * 1e9)
    for _ in range(ticks):
        now_ns += round(TICK_S * 1e9)
        await machines.say(now_ns)
    return time.perf_counter() - began
