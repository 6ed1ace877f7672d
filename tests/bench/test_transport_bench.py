"""Values per second from the outbox to the sink over mosquitto, nothing lost; and the latency at a given load.

``FACTORY_BENCH_S`` sets the length of each measurement in seconds (default 5).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence

import numpy as np
import psutil
import pytest

from brokers.outbox import OutboxConfig
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, receiving, sending
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind

LENGTH_S = float(os.environ.get("FACTORY_BENCH_S", "5"))
DEVICES, TAG_COUNT = 50, 20
UNITS = tuple(EquipmentPath(f"{SITE}/shop/line/m{number:02d}") for number in range(DEVICES))
TAGS = tuple(f"tag_{number:02d}" for number in range(TAG_COUNT))
TRANSPORTS = ["uns", "sparkplug"]

pytestmark = pytest.mark.bench


class CountingSink:
    """Counts values and remembers how old they were."""

    def __init__(self) -> None:
        self.values = 0
        self.pieces: set[tuple[str, int]] = set()
        self.ages_ns: list[int] = []

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def write(self, frames: Sequence[Frame]) -> None:
        now = time.time_ns()
        for frame in frames:
            self.values += frame.size
            self.pieces.add((frame.run, frame.seq))
            self.ages_ns.append(now - int(frame.time_ns[0]))


def tick(time_ns: int, random: np.random.Generator) -> Frame:
    times = np.full(DEVICES, time_ns, np.int64)
    return Frame(RecordKind.TELEMETRY, UNITS, times, TAGS, random.random((DEVICES, TAG_COUNT)))


def cpu_s(pid: int | None = None) -> float:
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_flat_out(mosquitto: Mosquitto, transport: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Publisher, broker and ingest on one machine; publisher and ingest in one process."""
    sink, random = CountingSink(), np.random.default_rng(1)
    config = OutboxConfig(policy="wait", pieces=4_000, window=2_000)
    async with (
        receiving(mosquitto.url, transport, sink) as ingest,
        sending(mosquitto.url, transport, config) as (outbox, pump),
    ):
        before, broker_before, start = cpu_s(), cpu_s(mosquitto.pid), time.perf_counter()
        while time.perf_counter() - start < LENGTH_S:
            await outbox.put_soon([tick(time.time_ns(), random)])
        assert await pump.drain(LIMIT_S)
        wall_s = time.perf_counter() - start
        assert ingest.counters.lost == ingest.counters.dropped == outbox.counters.dropped == 0
        assert len(sink.pieces) == outbox.counters.put
        cores, broker = (cpu_s() - before) / wall_s, (cpu_s(mosquitto.pid) - broker_before) / wall_s
        resent = outbox.counters.resent
    rate = sink.values / wall_s
    with capsys.disabled():
        print(f"\n{transport}: {rate:,.0f} values/s, {TAG_COUNT} a message, {len(sink.pieces)} messages", end="")
        print(f" ({resent} resent), {cores:.2f} core in our process, {broker:.2f} in mosquitto")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_latency_at_10_000_values_a_second(
    mosquitto: Mosquitto, transport: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten ticks a second of 50 devices with 20 tags; age of a value when it reaches the sink."""
    sink, random, loop = CountingSink(), np.random.default_rng(1), asyncio.get_running_loop()
    async with (
        receiving(mosquitto.url, transport, sink) as ingest,
        sending(mosquitto.url, transport) as (outbox, pump),
    ):
        start, before = loop.time(), cpu_s()
        for number in range(int(LENGTH_S * 10)):
            await paced(loop, start + number / 10)
            await outbox.put_soon([tick(time.time_ns(), random)])
        assert await pump.drain(LIMIT_S)
        cores = (cpu_s() - before) / (loop.time() - start)
        assert len(sink.pieces) == outbox.counters.put
        assert ingest.counters.lost == 0
    p50, p99 = np.percentile(np.array(sink.ages_ns) / 1e6, [50, 99])
    with capsys.disabled():
        print(f"\n{transport}: 10,000 values/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms, {cores:.2f} core", end="")


async def paced(loop: asyncio.AbstractEventLoop, moment: float) -> None:
    """Return at a moment of the loop's clock."""
    due = loop.create_future()
    loop.call_at(moment, due.set_result, None)
    await due
