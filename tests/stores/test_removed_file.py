"""The file of the embedded store is removed or replaced while it is open: what is gone with it is told and counted."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from brokers.stores.duckdb import DuckDbStore
from tests.stores.test_damaged_file import ROWS, written
from twin.records import RecordKind

TOLD = "expected the file that was opened, got none or another"


def remove(file: Path, whole: bool) -> None:
    """File and log, as somebody does who wants room, or all that is there."""
    if whole:
        shutil.rmtree(file.parent)
    else:
        file.unlink()
        file.with_name(f"{file.name}.wal").unlink(missing_ok=True)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("then", ["write", "save", "close"])
async def test_what_was_in_it_is_lost_and_told_once(
    then: str, whole: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "run" / "store.duckdb"
    store = DuckDbStore(str(file))
    await store.open()
    await store.write([written(0)])
    await store.write([written(1)])
    assert await store.count(RecordKind.TELEMETRY) == 2 * ROWS
    remove(file, whole)
    if then == "write":
        await store.write([written(2)])
        await store.write([written(3)])
        assert await store.count(RecordKind.TELEMETRY) == 2 * ROWS
    elif then == "save":
        await store.save()
    await store.close()
    assert store.missed() == {"lost": 2 * ROWS}
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len([text for text in told if TOLD in text]) == 1
    again = DuckDbStore(str(file))
    await again.open()
    assert await again.count(RecordKind.TELEMETRY) == (2 * ROWS if then == "write" else 0)
    await again.close()


async def test_a_file_that_stays_is_never_opened_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = DuckDbStore(str(tmp_path / "store.duckdb"))
    await store.open()
    for number in range(3):
        await store.write([written(number)])
        await store.save()
    await store.close()
    assert store.missed() == {"lost": 0}
    assert not caplog.records
