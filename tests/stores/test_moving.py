"""A store as a whole: out, in again, and smaller."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from brokers.stores import open_store
from scenarios import cli
from tests.stores.plants import EVENTS, PRESS, T0, S, events, facts, known, telemetry
from twin.records import Frame, RecordKind

TAGS = tuple(f"t{number}" for number in range(300))
WIDE = Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0 + 500 * S]), TAGS, np.arange(300.0)[None, :])


async def filled(file: Path) -> None:
    store = open_store(f"duckdb://{file}")
    await store.open()
    await store.write([telemetry(), WIDE, *(events(kind) for kind in EVENTS)])
    await store.close()


async def holds_all(file: Path) -> None:
    store = open_store(f"duckdb://{file}")
    await store.open()
    for kind in EVENTS:
        assert facts(await store.rows(kind, "", 0, T0 + 10**6 * S)) == facts(events(kind))
    assert await store.count(RecordKind.TELEMETRY) == known(telemetry().values) + 300
    for column, tag in enumerate(telemetry().tags):
        values = telemetry().values[:, column]
        found = await store.series(PRESS, tag, T0, T0 + 400 * S)
        assert found[1].tolist() == values[~np.isnan(values)].tolist()
    await store.close()


def run(*words: str | Path) -> int:
    return cli.run([str(word) for word in words])


async def test_out_as_line_protocol_and_in_again(tmp_path: Path) -> None:
    from asyncio import to_thread

    await filled(tmp_path / "a.duckdb")
    assert await to_thread(run, "store", "export", tmp_path / "a.duckdb", tmp_path / "lines") == 0
    assert await to_thread(run, "store", "import", tmp_path / "lines", tmp_path / "b.duckdb") == 0
    assert await to_thread(run, "store", "import", tmp_path / "lines", tmp_path / "b.duckdb") == 0
    await holds_all(tmp_path / "b.duckdb")


async def test_a_compacted_file_is_smaller_and_holds_the_same(tmp_path: Path) -> None:
    from asyncio import to_thread

    file = tmp_path / "a.duckdb"
    with duckdb.connect(str(file)) as sql:
        sql.execute("CREATE TABLE gone AS SELECT random() AS x FROM range(2000000)")
    await filled(file)  # behind it, so that its room cannot simply be cut off
    with duckdb.connect(str(file)) as sql:
        sql.execute("DROP TABLE gone")
    before = file.stat().st_size
    assert await to_thread(run, "store", "compact", file) == 0
    assert file.stat().st_size < before / 2
    await holds_all(file)


@pytest.mark.parametrize(
    "words", [("compact", "none.duckdb"), ("export", "none.duckdb", "x"), ("export", "nope://x", "y")]
)
def test_what_is_not_there_is_bad_input(words: tuple[str, ...], tmp_path: Path) -> None:
    assert run("store", *words) == 2
