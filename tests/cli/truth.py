"""What a live run stored, against what its plant did: made again from the run's record."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from brokers.columns import cleaned
from brokers.stores import open_store
from scenarios.live.backfill import first_feed
from scenarios.live.settings import RunSettings
from twin.records import COLUMNS, Frame, RecordKind

KINDS = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.SHIPMENT, RecordKind.ORDER)
FOREVER = (0, 2**62)
Row = tuple[Any, ...]


def run_of(folder: Path) -> RunSettings:
    """Settings of the newest run below ``FF_DATA``."""
    return RunSettings.model_validate_json(max(folder.glob("*/2*/run.json")).read_text(encoding="utf-8"))


def rows_of(kind: RecordKind, frame: Frame) -> Counter[Row]:
    """Rows as every store keeps them, and how often each is there."""
    return Counter(
        (str(path), time_ns, *(cleaned(name, value) for name, value in zip(COLUMNS[kind], values, strict=True)))
        for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True)
    )


def differences(settings: RunSettings) -> dict[str, int]:
    """Events of a run that has ended: lost, doubled or never happened, by kind; empty when there are none."""
    return asyncio.run(_differences(settings))


async def _differences(settings: RunSettings) -> dict[str, int]:
    store = open_store(settings.store)
    await store.open()
    heard = [await store.latest(RecordKind.HEARTBEAT, site) for site in settings.publishers]
    end_ns = min(int(frame.time_ns[-1]) for frame in heard)
    true = _true(settings, end_ns)
    found: dict[str, int] = {}
    for kind in KINDS:
        stored = rows_of(kind, await store.rows(kind, "", 0, end_ns, 10**7))
        for word, rows in (("lost", true[kind] - stored), ("too many", stored - true[kind])):
            if rows:
                found[f"{kind} {word}"] = rows.total()
    await store.close()
    return found


def _true(settings: RunSettings, end_ns: int) -> dict[RecordKind, Counter[Row]]:
    feed = first_feed(settings)
    rows: dict[RecordKind, Counter[Row]] = {kind: Counter() for kind in KINDS}
    for time_s in feed.steps((end_ns - feed.plant.epoch_ns) * 1e-9, 300.0):
        for frame in (frame for _, said in feed.advance(time_s) for frame in said if frame.kind in rows):
            before = frame.take([row for row, time_ns in enumerate(frame.time_ns) if time_ns < end_ns])
            rows[frame.kind] |= rows_of(frame.kind, before)
    return rows


def rows(settings: RunSettings, kind: RecordKind) -> Frame:
    """Rows that a run stored."""
    return asyncio.run(_rows(settings, kind))


async def _rows(settings: RunSettings, kind: RecordKind) -> Frame:
    store = open_store(settings.store)
    await store.open()
    found = await store.rows(kind, "", *FOREVER, 10**7)
    await store.close()
    return found
