"""How fast stores take telemetry; ratios between them in one run, and panels meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from brokers.stores import Store, open_store
from brokers.stores.lines import encoded
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind

pytestmark = pytest.mark.bench

UNITS = tuple(EquipmentPath(f"e/s/a/l{number // 20}/u{number}") for number in range(500))
TAGS = ("energy_kwh", "power_kw", "current_a", "temperature_c", "vibration_mm_s", "pressure_bar", "load", "speed")
T0, S = 1_700_000_000_000_000_000, 1_000_000_000
GOAL = 100_000
"""Values per second that the embedded store must take."""


def ticks(number: int, start: int = 0) -> Iterator[Frame]:
    """A tick a second of 500 devices with eight tags, values with two decimals that drift."""
    random = np.random.default_rng(1)
    values = random.normal(50, 10, (len(UNITS), len(TAGS)))
    for step in range(start, start + number):
        values += random.normal(0, 0.1, values.shape)
        stamps = np.full(len(UNITS), T0 + step * S, dtype=np.int64)
        yield Frame(RecordKind.TELEMETRY, UNITS, stamps, TAGS, values.round(2))


def in_messages(frames: list[Frame]) -> list[Frame]:
    """The same values as one frame per device, as they come from MQTT."""
    return [frame.take([row]) for frame in frames for row in range(len(frame))]


async def taken(store: Store, batches: list[list[Frame]]) -> float:
    """Values per second."""
    before = await store.count(RecordKind.TELEMETRY)
    start = time.perf_counter()
    for batch in batches:
        await store.write(batch)
    seconds = time.perf_counter() - start
    values = sum(frame.size for batch in batches for frame in batch)
    assert await store.count(RecordKind.TELEMETRY) == before + values
    return values / seconds


async def test_embedded_store(tmp_path: Path) -> None:
    file = tmp_path / "factory.duckdb"
    store = open_store(f"duckdb://{file}")
    await store.open()
    whole = await taken(store, [[frame] for frame in ticks(250)])
    single = await taken(store, [in_messages([frame]) for frame in ticks(100, 250)])
    last = list(ticks(100, 350))
    asked: list[float] = []
    done = asyncio.Event()

    async def viewer() -> None:
        while not done.is_set():
            start = time.perf_counter()
            await store.series(UNITS[250], "power_kw", T0, T0 + 900 * S)
            asked.append(time.perf_counter() - start)

    viewing = asyncio.create_task(viewer())
    watched = await taken(store, [[frame] for frame in last])
    done.set()
    await viewing
    start = time.perf_counter()
    await store.write(last)
    again = sum(frame.size for frame in last) / (time.perf_counter() - start)
    values = await store.count(RecordKind.TELEMETRY)
    assert values == 450 * len(UNITS) * len(TAGS)
    await store.close()
    p50, p95 = np.percentile(np.array(asked) * 1e3, [50, 95])
    print(
        f"\nduckdb: {whole:,.0f} values/s by tick, {single:,.0f} by device message, {watched:,.0f} with a viewer"
        f" (panel {p50:.1f}/{p95:.1f} ms p50/p95), again {again:,.0f}; {file.stat().st_size / values:.2f} bytes/value"
    )
    assert min(whole, single, watched) > GOAL


@pytest.mark.parametrize("name", ["influxdb16_url", "influxdb18_url", "lines"])
async def test_other_stores(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"lines://{tmp_path}/lines" if name == "lines" else str(request.getfixturevalue(name))
    store = open_store(url)
    await store.open()
    batches = [list(ticks(10, start)) for start in range(0, 100, 10)]
    rate = await taken(store, batches)
    await store.close()
    print(f"\n{name}: {rate:,.0f} values/s in requests of 5,000 points")


def test_encoder() -> None:
    frames = list(ticks(40))
    start = time.process_time()
    size = sum(len(piece) for piece in encoded(frames))
    seconds = time.process_time() - start
    points = sum(len(frame) for frame in frames)
    print(f"\nline protocol: {seconds / points * 1e6:.2f} us per point of 8 fields, {size / points:.0f} bytes")
    assert size > points * 100


async def strangers_write(folder: Path, tags: int) -> float:
    """CPU seconds of the first ten messages of a stranger with many tags, in a new file."""
    store = open_store(f"duckdb://{folder}/{tags}.duckdb")
    await store.open()
    names = tuple(f"tag {number}" for number in range(tags))
    begun = time.process_time()
    for step in range(10):
        row = np.arange(float(tags))[None, :]
        await store.write([Frame(RecordKind.TELEMETRY, UNITS[:1], np.array([T0 + step * S]), names, row)])
    spent = time.process_time() - begun
    assert await store.count(RecordKind.TELEMETRY) == 10 * tags
    await store.close()
    return spent


async def test_a_stranger_with_many_tags_costs_what_its_values_cost(tmp_path: Path) -> None:
    spent = {tags: await strangers_write(tmp_path, tags) for tags in (100, 1000, 2000, 4000, 8000)}
    print("\nten messages of a stranger, CPU s: " + ", ".join(f"{n} tags {s:.3f}" for n, s in spent.items()))
    assert spent[8000] < 6 * max(spent[2000], 0.02), "four times the tags, not more than about four times the work"
    assert spent[4000] < 2.0
