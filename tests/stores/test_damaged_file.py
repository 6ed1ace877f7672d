"""A file that was damaged on the disk: what can be read is kept, the rest is put aside and counted exactly."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from brokers.stores.duckdb import DuckDbStore
from tests.stores.plants import PRESS, T0, S
from twin.records import Frame, RecordKind

ROOT = Path(__file__).parents[2]
WRITES, ROWS = 40, 25
WRITER = f"""
import asyncio, os, sys
from brokers.stores.duckdb import DuckDbStore
from tests.stores.test_damaged_file import written

async def main():
    store = DuckDbStore(sys.argv[1])
    await store.open()
    for number in range({WRITES}):
        await store.write([written(number)])
    os._exit(9)

asyncio.run(main())
"""


def written(number: int) -> Frame:
    """One of the writes."""
    stamps = T0 + (number * ROWS + np.arange(ROWS)) * S
    return Frame(RecordKind.TELEMETRY, (PRESS,) * ROWS, stamps, ("force",), np.full((ROWS, 1), float(number)))


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The file of a store whose process has been killed; nothing of it is out of the log yet."""
    file = tmp_path / "killed.duckdb"
    ended = subprocess.run([sys.executable, "-c", WRITER, str(file)], cwd=ROOT, check=False)
    assert ended.returncode == 9
    return file


async def opened(file: Path) -> tuple[int, str]:
    """Rows that are there, and what is told to be lost; the store goes on."""
    store = DuckDbStore(str(file))
    await store.open()
    count, lost = await store.count(RecordKind.TELEMETRY), store.lost
    assert store.missed() == {"lost": WRITES * ROWS - count}
    await store.write([written(WRITES)])
    assert await store.count(RecordKind.TELEMETRY) == count + ROWS
    await store.close()
    again = DuckDbStore(str(file))
    await again.open()
    assert (again.lost, await again.count(RecordKind.TELEMETRY)) == ("", count + ROWS), "told once"
    assert again.missed() == store.missed(), "until somebody who could write it again has saved the file"
    assert again.recovered
    await again.save()
    await again.close()
    settled = DuckDbStore(str(file))
    await settled.open()
    assert (settled.recovered, settled.missed()) == (False, {"lost": 0})
    await settled.close()
    return count, lost


def held(file: Path) -> bytes:
    """What a file holds."""
    return file.read_bytes()


def flipped(file: Path, place: int, count: int = 1) -> bytes:
    """Flip a bit of some bytes of a file; gives what it holds then."""
    content = bytearray(file.read_bytes())
    for step in range(count):
        content[place + step] ^= 0x10
    file.write_bytes(content)
    return bytes(content)


def told(count: int) -> str:
    rows = WRITES * ROWS - count
    return f"{rows} rows of the last {rows // ROWS} writes are lost" if rows else ""


async def test_what_is_lost_is_counted_once_also_by_those_who_write_nothing(killed: Path) -> None:
    killed.with_name("killed.duckdb.wal").write_bytes(b"")
    for _ in range(3):
        store = DuckDbStore(str(killed))
        await store.open()
        assert store.missed() == {"lost": WRITES * ROWS}
        await store.close()


async def test_a_whole_log_loses_nothing(killed: Path) -> None:
    assert await opened(killed) == (WRITES * ROWS, "")


@pytest.mark.parametrize("seed", range(3))
async def test_a_log_that_was_cut_loses_exactly_what_is_told(killed: Path, seed: int) -> None:
    log = killed.with_name("killed.duckdb.wal")
    size = len(held(log))
    os.truncate(log, random.Random(seed).randrange(size // 3, size - 1))
    count, lost = await opened(killed)
    assert 0 < count < WRITES * ROWS
    assert count % ROWS == 0
    assert lost == told(count)


@pytest.mark.parametrize("seed", range(3))
async def test_a_log_with_a_flipped_bit_loses_exactly_what_is_told(killed: Path, seed: int) -> None:
    log = killed.with_name("killed.duckdb.wal")
    size = len(held(log))
    content = flipped(log, random.Random(seed).randrange(size // 3, size))
    count, lost = await opened(killed)
    assert 0 < count < WRITES * ROWS
    assert lost == told(count)
    for aside in killed.parent.glob("*.wal.damaged-*"):  # none where it looks like a write that the crash has cut
        assert held(aside) == content


@pytest.mark.parametrize("place", [30, 4146, 12_328])
async def test_a_damaged_file_is_put_aside_and_a_new_one_begun(killed: Path, place: int) -> None:
    assert (await opened(killed))[0] == WRITES * ROWS
    content = flipped(killed, place, 4096 if place > 5000 else 1)
    store = DuckDbStore(str(killed))
    await store.open()
    assert store.lost == f"{(WRITES + 1) * ROWS} rows of the last {WRITES + 1} writes are lost"
    await store.write([written(0)])
    await store.close()
    (aside,) = killed.parent.glob("*.duckdb.damaged-*")
    assert held(aside) == content
