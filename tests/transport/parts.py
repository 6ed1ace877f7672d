"""What the transport tests share: frames, a sink that records, running roles."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import numpy as np

from brokers.connectors import make_publisher, make_source
from brokers.ingest import Ingest, IngestConfig
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import Pump
from twin.equipment import EquipmentPath
from twin.errors import StoreError
from twin.master import EquipmentMaster, PlaceMaster, meta_frame
from twin.ports import Sink
from twin.records import Frame, RecordKind, records
from twin.tags import TagSpec

SITE = EquipmentPath("yujiang/vehicle")
UNITS = tuple(EquipmentPath(f"{SITE}/assembly/trim/st{number:02d}") for number in range(1, 6))
TAGS = ("power_kw", "temperature_c", "energy_kwh")
T0 = 1_748_851_200_000_000_000
LIMIT_S = 120.0
"""Longest wait for what must come; a machine on which much runs needs most of it."""


def meta() -> Frame:
    tags = tuple(TagSpec(name, "1", 0.0, 100.0, name, name) for name in TAGS)
    units = [(path, EquipmentMaster(kind="machine", tags=tags, en=path.name, zh=path.name)) for path in UNITS]
    return meta_frame(T0, [(SITE, PlaceMaster(en="Site", zh="厂")), *units])


def telemetry(tick: int) -> Frame:
    time_ns = np.full(len(UNITS), T0 + tick * 1_000_000_000, np.int64)
    values = np.arange(len(UNITS) * len(TAGS), dtype=float).reshape(len(UNITS), len(TAGS)) + tick
    return Frame(RecordKind.TELEMETRY, UNITS, time_ns, TAGS, values)


def state(tick: int) -> Frame:
    name = ("PRODUCING", "STARVED")[tick % 2]
    return records(RecordKind.STATE, [(UNITS[tick % 5], T0 + tick * 1_000_000_000 + 5_000_000, (name, "o1", None))])


def heartbeat(tick: int) -> Frame:
    return records(RecordKind.HEARTBEAT, [(SITE, T0 + tick * 1_000_000_000 + 9_000_000, (tick, 0, 0.0))])


def tick_frames(tick: int) -> list[Frame]:
    return [telemetry(tick), state(tick), heartbeat(tick)]


PIECES_PER_TICK = len(UNITS) + 2


class RecordingSink:
    """A store in memory with the contract of the port: whole writes, idempotent by key."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.writes: Counter[tuple[str, str, int]] = Counter()
        self.rows: dict[tuple[str, str, int], tuple[object, ...]] = {}
        self.refusing = False
        self.refused = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Condition()

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def write(self, frames: Sequence[Frame]) -> None:
        await self.gate.wait()
        if self.refusing:
            self.refused.set()
            raise StoreError("disk is full")
        for frame in frames:
            self.frames.append(frame)
            self.writes[frame.publisher, frame.run, frame.seq] += 1
            for path, time, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
                self.rows[frame.kind, path, time] = tuple(row)
        async with self._changed:
            self._changed.notify_all()

    async def holds(self, condition: Callable[[RecordingSink], bool]) -> None:
        """Wait until a condition holds."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: condition(self)), LIMIT_S)

    @property
    def numbered(self) -> int:
        """Different numbered pieces written."""
        return sum(1 for _, _, seq in self.writes if seq >= 0)

    @property
    def twice(self) -> list[tuple[str, str, int]]:
        """Numbered pieces written more than once."""
        return [key for key, count in self.writes.items() if count > 1 and key[2] >= 0]


@asynccontextmanager
async def sending(
    url: str, transport: str, config: OutboxConfig | None = None, site: str = SITE
) -> AsyncIterator[tuple[Outbox, Pump]]:
    """A running outbox, pump and publisher."""
    link = make_publisher(url, transport, site)
    outbox = Outbox(site, link.split, config or OutboxConfig(resend_after_s=0.3, probe_s=0.5))
    pump = Pump(outbox, link)
    async with running(pump.run()):
        await asyncio.wait_for(pump.ready.wait(), LIMIT_S)
        yield outbox, pump


@asynccontextmanager
async def receiving(
    url: str,
    transport: str,
    sink: Sink,
    observer: Callable[[Sequence[Frame]], None] | None = None,
    config: IngestConfig | None = None,
) -> AsyncIterator[Ingest]:
    """A running ingest."""
    ingest = Ingest(make_source(url, transport, "ingest"), sink, [observer] if observer else [], config)
    async with running(ingest.run()):
        await asyncio.wait_for(ingest.ready.wait(), LIMIT_S)
        yield ingest


@asynccontextmanager
async def running(role) -> AsyncIterator[None]:  # type: ignore[no-untyped-def]
    """Run a coroutine beside the body; an error in it ends the body."""
    task = asyncio.create_task(role)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds that nobody tells of."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - counters of our own have no event
            await asyncio.sleep(0.005)
