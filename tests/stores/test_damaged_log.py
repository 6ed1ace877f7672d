"""Every region of a log damaged in turn, cut anywhere, and several damages: what is lost is what is told."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from brokers.stores.duckdb import DuckDbStore
from tests.stores.test_damaged_file import ROOT, ROWS, written
from twin.records import RecordKind

SAVED, LOGGED = 5, 12
HEAD = 48
"""Bytes at the begin of a log that name its version and its file."""
WRITER = f"""
import asyncio, os, sys
from brokers.stores.duckdb import DuckDbStore
from tests.stores.test_damaged_file import written

async def main():
    store = DuckDbStore(sys.argv[1])
    await store.open()
    for number in range({SAVED + LOGGED}):
        await store.write([written(number)])
        if number == {SAVED - 1}:
            await store.save()
    os._exit(9)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store whose process has been killed: five writes are in the file, twelve in its log."""
    folder = tmp_path_factory.mktemp("killed")
    words = [sys.executable, "-c", WRITER, str(folder / "x.duckdb")]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == 9
    return folder


async def judged(killed: Path, folder: Path, content: bytes) -> int:
    """The log holds this: what is lost is told, the store goes on, and what it writes then outlives a kill.

    Returns:
        Rows that are there.
    """
    shutil.copytree(killed, folder / "before")
    (folder / "before" / "x.duckdb.wal").write_bytes(content)
    store = DuckDbStore(str(folder / "before" / "x.duckdb"))
    await store.open()
    count = await store.count(RecordKind.TELEMETRY)
    assert store.missed() == {"lost": (SAVED + LOGGED) * ROWS - count}
    assert count >= SAVED * ROWS
    assert store.recovered
    await store.write([written(SAVED + LOGGED)])
    shutil.copytree(folder / "before", folder / "after")  # as a kill would leave it
    await store.close()
    again = DuckDbStore(str(folder / "after" / "x.duckdb"))
    await again.open()
    assert (again.lost, await again.count(RecordKind.TELEMETRY)) == ("", count + ROWS)
    assert again.missed() == store.missed()
    await again.close()
    return count


def log_of(killed: Path) -> bytearray:
    return bytearray((killed / "x.duckdb.wal").read_bytes())


@pytest.mark.parametrize("place", range(HEAD))
async def test_a_flipped_bit_in_the_head(killed: Path, tmp_path: Path, place: int) -> None:
    content = log_of(killed)
    content[place] ^= 1 << random.Random(place).randrange(8)
    await judged(killed, tmp_path, bytes(content))


@pytest.mark.parametrize("part", range(40))
async def test_a_flipped_byte_in_any_part(killed: Path, tmp_path: Path, part: int) -> None:
    content = log_of(killed)
    place = len(content) * part // 40 + random.Random(part).randrange(len(content) // 40)
    content[place] ^= random.Random(place).randrange(1, 256)
    assert await judged(killed, tmp_path, bytes(content)) < (SAVED + LOGGED) * ROWS or place < HEAD


@pytest.mark.parametrize("part", range(16))
async def test_cut_anywhere(killed: Path, tmp_path: Path, part: int) -> None:
    content = log_of(killed)
    place = len(content) * part // 16 + random.Random(part).randrange(len(content) // 16)
    await judged(killed, tmp_path, bytes(content[:place]))


@pytest.mark.parametrize("seed", range(8))
async def test_several_damages(killed: Path, tmp_path: Path, seed: int) -> None:
    chance, content = random.Random(seed), log_of(killed)
    for place in chance.choices(range(len(content)), k=4):
        content[place] ^= chance.randrange(1, 256)
    await judged(killed, tmp_path, bytes(content[: chance.randrange(len(content) // 2, len(content))]))


async def test_what_is_written_again_counts_once(killed: Path, tmp_path: Path) -> None:
    """The log is lost again and again before anybody saves the store: no more than was written first can be missing."""
    before = killed
    for life in range(3):
        folder = tmp_path / str(life)
        shutil.copytree(before, folder)
        (folder / "x.duckdb.wal").write_bytes(b"")
        store = DuckDbStore(str(folder / "x.duckdb"))
        await store.open()
        assert (store.recovered, store.lost_writes, store.missed()) == (True, LOGGED, {"lost": LOGGED * ROWS})
        for number in range(SAVED, SAVED + LOGGED):
            await store.write_again([written(number)])
        before = tmp_path / f"after {life}"
        shutil.copytree(folder, before)  # as a kill would leave it
        await store.save()
        assert await store.count(RecordKind.TELEMETRY) == (SAVED + LOGGED) * ROWS
        await store.close()
