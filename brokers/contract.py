"""What every store and every transport must do, in a form that the tests of a plug-in can call.

A check that fails raises AssertionError, which says what was expected and what came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from brokers.connectors import make_publisher, make_source
from brokers.ingest import Ingest
from brokers.outbox import Outbox
from brokers.pump import Pump
from brokers.stores import Store, open_store
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

UNIT = EquipmentPath("bench/lab/hall/line/m1")
T0 = 1_750_000_000_000_000_000
S = 1_000_000_000
ALL = (T0, T0 + 3600 * S)
LIMIT_S = 60.0
"""Longest wait for what must come."""


def expect(what: str, wanted: object, got: object) -> None:
    """Raise AssertionError where two things are not the same."""
    if wanted != got:
        raise AssertionError(f"{what}: expected {wanted!r}, got {got!r}")


def sample(steps: int = 20) -> list[Frame]:
    """Frames of three kinds and of telemetry, one second after the other."""
    times = np.array([T0 + step * S for step in range(steps)], dtype=np.int64)
    power = np.array([[float(step), np.nan if step % 2 else 1.5] for step in range(steps)])
    states = [(UNIT, T0 + step * S, ("PRODUCING" if step % 2 else "STARVED", None, None)) for step in range(steps)]
    made = [(UNIT, T0 + step * S, ("part", 1, 0, 0, 60.0, 1)) for step in range(steps)]
    figure = ("oee", "machine", "hour", T0, 0.5, 1.0, 2.0, 1.0, "good", "r", None, None, 0, 0, 0)
    return [
        records(RecordKind.STATE, states),
        records(RecordKind.PART, made),
        records(RecordKind.KPI, [(UNIT, T0 + 3600 * S, figure)]),
        Frame(RecordKind.TELEMETRY, (UNIT,) * steps, times, ("power_kw", "flow"), power),
    ]


async def check_store(url: str) -> None:
    """Check that a new, empty store keeps records, gives them back, and has them still when it is opened again.

    Raises:
        AssertionError: It does not.
    """
    store = open_store(url)
    await store.open()
    try:
        for _ in range(2):  # the second time changes nothing
            await store.write(sample())
        await _check_content(store)
    finally:
        await store.close()
    again = open_store(url)
    await again.open()
    try:
        await _check_content(again)
    finally:
        await again.close()


async def _check_content(store: Store) -> None:
    states, made, _, telemetry = sample()
    expect("count of states", 20, await store.count(RecordKind.STATE))
    expect("count of telemetry, known values", 30, await store.count(RecordKind.TELEMETRY))
    found = await store.rows(RecordKind.STATE, "", *ALL)
    expect("times of states", states.time_ns.tolist(), found.time_ns.tolist())
    expect("states", states.column("state").tolist(), found.column("state").tolist())
    found = await store.rows(RecordKind.PART, UNIT.site, T0 + 2 * S, T0 + 4 * S)
    expect("parts from 2 s to before 4 s, under the site", 2, len(found))
    expect("parts under another site", 0, len(await store.rows(RecordKind.PART, "bench/other", *ALL)))
    found = await store.rows(RecordKind.STATE, "", *ALL, limit=3)
    expect("the newest three states, oldest first", states.time_ns[-3:].tolist(), found.time_ns.tolist())
    found = await store.rows(RecordKind.STATE, "", *ALL, where={"state": "STARVED"})
    expect("states that are STARVED", 10, len(found))
    found = await store.before(RecordKind.STATE, UNIT, T0 + 5 * S)
    expect("the state before 5 s", [T0 + 4 * S], found.time_ns.tolist())
    found = await store.latest(RecordKind.KPI)
    expect("the latest indicator", [0.5], found.column("value").tolist())
    times, values = await store.series(UNIT, "power_kw", *ALL)
    expect("times of a tag", telemetry.time_ns.tolist(), times.tolist())
    expect("values of a tag", telemetry.column("power_kw").tolist(), values.tolist())
    _, values = await store.series(UNIT, "flow", *ALL)
    expect("values of a tag that is unknown at times", [1.5] * 10, values.tolist())
    expect(
        "parts made",
        made.column("good").tolist(),
        (await store.rows(RecordKind.PART, "", *ALL)).column("good").tolist(),
    )


class _Kept:
    """A store that only notes what it was given."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    async def open(self) -> None:
        """Nothing to do."""

    async def write(self, frames: Sequence[Frame]) -> None:
        """Note the frames."""
        self.frames += frames

    async def close(self) -> None:
        """Nothing to do."""


async def check_connector(transport: str, url: str) -> None:
    """Check that a transport carries all pieces of a publisher, whole and once, and tells it what is stored.

    Args:
        transport: Its name.
        url: Where a counterpart is that nobody else uses.

    Raises:
        AssertionError: It does not.
    """
    publisher, kept = make_publisher(url, transport, "bench/lab"), _Kept()
    outbox = Outbox("bench/lab", publisher.split)
    ingest, pump = Ingest(make_source(url, transport), kept), Pump(outbox, publisher)
    listening = asyncio.create_task(ingest.run())
    sending = asyncio.create_task(pump.run())
    try:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.wait((listening, asyncio.create_task(ingest.ready.wait())), return_when="FIRST_COMPLETED")
            outbox.put(sample())
            settled = await _settled(outbox, listening, sending)
    finally:
        for task in (sending, listening):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    expect(f"{transport}: whether the publisher heard in {LIMIT_S:g} s that all is stored", True, settled)
    _check_carried(transport, kept.frames)


async def _settled(outbox: Outbox, *tasks: asyncio.Task[None]) -> bool:
    waiting = asyncio.create_task(outbox.settled(LIMIT_S * 0.9))
    await asyncio.wait((waiting, *tasks), return_when="FIRST_COMPLETED")
    for task in tasks:
        if task.done():
            task.result()
    return await waiting


def _check_carried(transport: str, frames: Sequence[Frame]) -> None:
    wanted = {frame.kind: frame for frame in sample()}
    for kind, frame in wanted.items():
        found = [one for one in frames if one.kind is kind]
        times = [time for one in found for time in one.time_ns.tolist()]
        expect(f"{transport}: times of {kind}", frame.time_ns.tolist(), times)
        for tag in frame.tags:
            values = [value for one in found for value in one.column(tag).tolist()]
            expect(f"{transport}: {tag} of {kind}", repr(frame.column(tag).tolist()), repr(values))
