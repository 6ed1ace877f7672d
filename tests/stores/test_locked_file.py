"""The file of the embedded store is open in another process: told with its number, and waited for by who was there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers.stores.duckdb import DuckDbStore
from scenarios.live.hub import Hub
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from tests.transport.parts import until
from twin.config.plant import Title
from twin.errors import StoreError

HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody who looks into the file of a run."""
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "held.duckdb")]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    try:
        yield process
    finally:
        process.communicate()


async def test_who_begins_is_told_who_has_it(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    told = f"expected a file that nobody has open, got one that the process {holder.pid} has open"
    with pytest.raises(StoreError, match=told) as caught:
        await DuckDbStore(str(tmp_path / "held.duckdb")).open()
    assert caught.value.exit_code == 3


async def test_a_hub_that_takes_the_place_of_one_that_died_waits_for_it(
    holder: subprocess.Popen[bytes], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = RunSettings(scenario=tmp_path, seed=1, store=f"duckdb://{tmp_path}/held.duckdb", folder=tmp_path)
    title = Title(en="Test", zh="Test")
    with pytest.raises(StoreError, match=str(holder.pid)):
        await Hub(settings, title).open()
    hub = Hub(settings, title, Parent(again=True))
    opening = asyncio.create_task(hub.open())
    try:
        await until(lambda: caplog.records)
        holder.communicate()
        await opening
        told = [record.getMessage() for record in caplog.records]
        assert [f"the process {holder.pid} has open" in told[0], "works again after" in told[1]] == [True, True]
    finally:
        await hub.close()
