"""The hub knows the time of its run: one heartbeat that is far off silences nothing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from scenarios.live.hub import Hub
from scenarios.live.settings import RunSettings
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, T0, sending
from twin.config.plant import Title
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

SITE = "acme/works"
UNIT = EquipmentPath(f"{SITE}/hall/line/mill")
S = 10**9
HOUR = 3600 * S
FAR = 40 * 24 * HOUR


def beat(time_ns: int) -> Frame:
    return records(RecordKind.HEARTBEAT, [(EquipmentPath(SITE), time_ns, (0, 0, 0.0))])


def said(begin: int, strange: int) -> list[Frame]:
    """Three hours in which a machine produces; after the first a heartbeat is 40 days off."""
    beats = [beat(begin + minute * 60 * S) for minute in range(181)]
    return [
        records(RecordKind.STATE, [(UNIT, begin, ("PRODUCING", "o1", None))]),
        *beats[:61],
        beat(begin + strange),
        *beats[61:],
    ]


async def availability(hub: Hub, begin: int) -> dict[object, tuple[object, object]]:
    """By hour, when the last of them is there."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = await hub.store.rows(RecordKind.KPI, str(UNIT), begin, begin + 4 * HOUR, 10**5)
            rows = [row for row in found.rows() if (row["kpi"], row["window"]) == ("availability", "hour")]
            if any(row["t0_ns"] == begin + 2 * HOUR for row in rows):
                return {row["t0_ns"]: (row["value"], row["quality"]) for row in rows}
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("strange", [FAR, -FAR])
@pytest.mark.parametrize("anchored", [True, False])
async def test_a_heartbeat_forty_days_off_harms_nothing(
    mosquitto: Mosquitto, tmp_path: Path, anchored: bool, strange: int
) -> None:
    begin = (time.time_ns() // HOUR - 4) * HOUR if anchored else T0
    chosen = RunSettings(
        scenario=Path("far"),
        name="far",
        roots=("acme",),
        seed=1,
        transport="uns",
        anchored=anchored,
        store=f"duckdb://{tmp_path}/far.duckdb",
        folder=tmp_path,
    )
    hub = Hub(chosen, Title(en="Test", zh="Test"))
    await hub.open()
    try:
        await hub.connect(mosquitto.url)
        async with sending(mosquitto.url, "uns", site=SITE) as (outbox, pump):
            outbox.put(said(begin, strange))
            assert await pump.drain(LIMIT_S)
        await hub.settle(LIMIT_S)
        assert await availability(hub, begin) == {begin + hour * HOUR: (1.0, "good") for hour in range(3)}
        assert hub.counters()["brain_ahead"] == (0 if anchored and strange > 0 else 1)  # else the door has kept it out
        assert hub.brain.clock_ns is not None
        assert abs(hub.brain.clock_ns - (time.time_ns() if anchored else begin + 3 * HOUR)) < HOUR
    finally:
        await hub.close()
