"""Rows that a store can never take stand in nobody's way: counted, acknowledged, left out; the rest is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson
import pytest

from brokers.stores import open_store
from tests.servers.influxdb import InfluxServer
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, PIECES_PER_TICK, T0, TAGS, UNITS, meta, receiving, sending, tick_frames
from tests.transport.test_malformed_message import publish_all
from tests.transport.test_path import TRANSPORTS
from twin.records import Frame, RecordKind

TICKS = 20
REFUSED = {"uns": (TICKS, 0, 0), "sparkplug": (0, TICKS, TICKS)}
"""Messages refused as they are read, pieces and rows refused by the store: JSON is refused as it is read."""


def poison(tick: int) -> Frame:
    """Telemetry of one unit with a tag that cannot become a column."""
    time_ns = np.array([T0 + tick * 1_000_000_000], np.int64)
    return Frame(RecordKind.TELEMETRY, UNITS[:1], time_ns, ("power\0kw",), np.array([[1.0]]))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_tag_that_the_store_cannot_hold(
    mosquitto: Mosquitto, transport: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(f"duckdb://{tmp_path}/factory.duckdb")
    await store.open()
    seen: list[Frame] = []

    def observe(frames: Sequence[Frame]) -> None:
        seen.extend(frames)

    caplog.set_level(logging.WARNING, "brokers.ingest")
    async with (
        receiving(mosquitto.url, transport, store, observe) as ingest,
        sending(mosquitto.url, transport) as (outbox, pump),
    ):
        outbox.put([meta()])
        for tick in range(TICKS):
            outbox.put([poison(tick), *tick_frames(tick)])
        assert await pump.drain(LIMIT_S)
        status = ingest.status()
        assert (status["malformed"], status["refused"], status["refused_rows"]) == REFUSED[transport]
        assert status["lost"] == status["late"] == status["waiting"] == status["store_failures"] == 0
        assert status["store_ok"]
        assert outbox.counters.stored == outbox.counters.put
    assert await store.count(RecordKind.TELEMETRY) == TICKS * len(UNITS) * len(TAGS)
    assert await store.count(RecordKind.HEARTBEAT) == await store.count(RecordKind.STATE) == TICKS
    await store.close()
    assert {frame.tags for frame in seen if frame.kind is RecordKind.TELEMETRY} == {TAGS}
    assert len([frame for frame in seen if frame.seq >= 0 and len(frame)]) == 6 + TICKS * PIECES_PER_TICK
    told = [record for record in caplog.records if "refused for good" in record.message]
    assert len(told) == (status["refused"] > 0)


@pytest.mark.parametrize("scheme", ["influxdb1", "influxdb"])
async def test_a_field_of_another_type_in_the_database(
    mosquitto: Mosquitto, scheme: str, request: pytest.FixtureRequest, token_file: Path
) -> None:
    server: InfluxServer = request.getfixturevalue("influxdb16" if scheme == "influxdb1" else "influxdb18")
    database = server.database()
    server.write(database, f"state,enterprise=elsewhere cause=1 {T0}")
    place = f"db={database}" if scheme == "influxdb1" else f"bucket={database}&token_file={token_file}"
    store = open_store(f"{scheme}://127.0.0.1:{server.port}?{place}")
    await store.open()
    async with (
        receiving(mosquitto.url, "uns", store) as ingest,
        sending(mosquitto.url, "uns") as (outbox, pump),
    ):
        outbox.put([meta(), *(frame for tick in range(TICKS) for frame in tick_frames(tick))])
        assert await pump.drain(LIMIT_S)
        assert ingest.counters.refused == ingest.counters.refused_rows == TICKS
    assert await store.count(RecordKind.TELEMETRY) == TICKS * len(UNITS) * len(TAGS)
    await store.close()


@pytest.mark.parametrize("scheme", ["duckdb", "lines"])
async def test_a_column_of_the_wrong_type_does_not_get_past_the_wire(
    mosquitto: Mosquitto, scheme: str, tmp_path: Path
) -> None:
    part = {"item": "door", "good": "many", "scrap": 0, "rework": 0, "ideal_s": 1.0, "first_pass": 1}
    kpi = {"kpi": "oee", "scope": "machine", "window": "hour", "t0_ns": 1, "value": "high"}
    rows = {"part": part, "kpi/hour": kpi, "state": {"state": [7]}, "alarm": {"code": "e", "severity": 1.5}}
    topics = [
        (f"uns/v1/{UNITS[0]}/{kind}", orjson.dumps({"v": 1, "rows": [{"time": "2025-06-02T08:00:00Z", "values": row}]}))
        for kind, row in rows.items()
    ]
    store = open_store(f"{scheme}://{tmp_path}/store")
    await store.open()
    async with (
        receiving(mosquitto.url, "uns", store) as ingest,
        sending(mosquitto.url, "uns") as (outbox, pump),
    ):
        await asyncio.to_thread(publish_all, mosquitto.port, topics)
        outbox.put([meta(), *tick_frames(0)])
        assert await pump.drain(LIMIT_S)
        assert (ingest.counters.malformed, ingest.counters.refused) == (len(topics), 0)
    assert await store.count(RecordKind.PART) == await store.count(RecordKind.KPI) == 0
    await store.close()
