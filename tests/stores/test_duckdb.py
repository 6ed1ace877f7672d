"""What only the embedded store promises: durable rows, one process, retention."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from brokers.stores import open_store
from brokers.stores.duckdb import DuckDbStore
from tests.stores.plants import EVENTS, PRESS, T0, S, events, telemetry
from twin.equipment import EquipmentPath
from twin.errors import FatalError, StoreError
from twin.records import Frame, RecordKind, records

ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, sys
from brokers.stores import open_store
from tests.stores.plants import telemetry

async def main():
    store = open_store(sys.argv[1])
    await store.open()
    for step in range(1_000_000):
        await store.write([telemetry(step * 100, 100)])
        print(step, flush=True)

asyncio.run(main())
"""


def start_writer(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, url], cwd=ROOT, stdout=subprocess.PIPE)


def acknowledged(writer: subprocess.Popen[bytes], steps: int) -> int:
    """Let the writer go on for some steps, kill it, and give the number of steps it reported."""
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(steps)]
    writer.send_signal(signal.SIGKILL)
    lines += writer.stdout.read().splitlines()
    writer.wait()
    return len(lines)


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path}/killed.duckdb"
    written = 0
    for steps in (3, 20):
        written = max(written, acknowledged(start_writer(url), steps))
        store = open_store(url)
        await store.open()
        times, _ = await store.series(PRESS, "energy_kwh", T0, T0 + 10**6 * S, max_points=10**9)
        assert times[: written * 100].tolist() == [T0 + step * S for step in range(written * 100)]
        assert times.size % 100 == 0, "a transaction is there as a whole or not at all"
        await store.close()


async def test_readers_see_whole_writes_while_units_and_tags_are_added(tmp_path: Path) -> None:
    store = DuckDbStore(str(tmp_path / "factory.duckdb"))
    await store.open()
    writing = True

    async def read() -> int:
        asked = 0
        while writing:
            for number in range(40):
                times, _ = await store.series(unit(number), f"tag{number}", T0, T0 + 100 * S)
                assert times.size in (0, 10)
                await store.count(RecordKind.TELEMETRY)
                asked += 1
        return asked

    readers = [asyncio.create_task(read()) for _ in range(2)]
    for number in range(40):
        tags = (f"tag{number}", "other")
        stamps = T0 + np.arange(10) * S
        await store.write([Frame(RecordKind.TELEMETRY, (unit(number),) * 10, stamps, tags, np.ones((10, 2)))])
    writing = False
    assert sum(await asyncio.gather(*readers)) > 0
    assert await store.count(RecordKind.TELEMETRY) == 800
    await store.close()


def unit(number: int) -> EquipmentPath:
    return EquipmentPath(f"a/b/c/d/unit{number}")


async def test_a_second_process_is_told_who_has_the_file(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path}/held.duckdb"
    writer = start_writer(url)
    assert writer.stdout is not None
    assert writer.stdout.readline()
    with pytest.raises(StoreError, match=f"process {writer.pid} has open"):
        await open_store(url).open()
    writer.kill()
    writer.communicate()


async def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.duckdb").write_text("no database " * 1000)
    with pytest.raises(StoreError, match="expected a DuckDB file"):
        await open_store(f"duckdb://{tmp_path}/notes.duckdb").open()


async def test_a_refused_batch_leaves_nothing_behind(tmp_path: Path) -> None:
    store = DuckDbStore(str(tmp_path / "factory.duckdb"))
    await store.open()
    good = telemetry()
    bad = records(RecordKind.PART, [(PRESS, T0, ("door", "many", 0, 0, None, 1))])
    with pytest.raises(StoreError, match="good: expected float, got 'many'"):
        await store.write([good, bad])
    assert await store.count(RecordKind.TELEMETRY) == 0
    await store.write([good])
    assert await store.count(RecordKind.TELEMETRY) == 290
    await store.close()


async def test_retention_deletes_old_rows_and_counts_them(tmp_path: Path) -> None:
    store = open_store(f"duckdb://{tmp_path}/factory.duckdb?keep=1 h")
    assert isinstance(store, DuckDbStore)
    await store.open()
    await store.write([telemetry(0, 100), *(events(kind) for kind in EVENTS if kind is not RecordKind.KPI)])
    await store.write([telemetry(3600 + 200, 100)])
    times, _ = await store.series(PRESS, "energy_kwh", T0, T0 + 10**6 * S)
    assert times[0] >= T0 + 3800 * S
    assert store.forgotten[RecordKind.TELEMETRY] == 100
    assert len(await store.rows(RecordKind.META, "", 0, T0 + S)) == 2
    assert (await store.rows(RecordKind.STATE, PRESS, 0, T0 + S)).column("state").tolist() == ["PRODUCING"]
    await store.close()


async def test_tags_that_differ_in_case_only_stay_apart(tmp_path: Path) -> None:
    store = DuckDbStore(str(tmp_path / "factory.duckdb"))
    await store.open()
    tags = ("Temp", "temp", "time_ns", "quality", 'a"b')
    await store.write([Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), tags, np.arange(5.0).reshape(1, 5))])
    found = [(await store.series(PRESS, tag, T0, T0 + 1))[1].tolist() for tag in tags]
    assert found == [[0.0], [1.0], [2.0], [3.0], [4.0]]
    await store.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("duckdb://x.duckdb?kep=1 h", "got 'kep'"),
        ("duckbd://x", "did you mean 'duckdb'"),
        ("plain/path", "expected a URL"),
        ("influxdb://me:secret@host:8086", "no user or password"),
    ],
)
def test_a_wrong_url_is_explained(url: str, message: str) -> None:
    with pytest.raises(FatalError, match=message):
        open_store(url)
