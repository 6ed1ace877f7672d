"""What only the embedded store promises: durable rows, one process, retention."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from brokers.stores import open_store
from brokers.stores._duckdb_catalog import WIDE
from brokers.stores.duckdb import DuckDbStore
from tests.stores.plants import EVENTS, PRESS, T0, S, events, facts, telemetry
from twin.equipment import EquipmentPath
from twin.errors import ProblemsError, StoreError
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
    now_ns = T0
    store = open_store(f"duckdb://{tmp_path}/factory.duckdb?keep=1 h", lambda: now_ns)
    assert isinstance(store, DuckDbStore)
    await store.open()
    await store.write([telemetry(0, 100), *(events(kind) for kind in EVENTS if kind is not RecordKind.KPI)])
    now_ns = T0 + 3900 * S
    await store.write([telemetry(3600 + 200, 100)])
    times, _ = await store.series(PRESS, "energy_kwh", T0, T0 + 10**6 * S)
    assert times[0] >= T0 + 3800 * S
    assert store.forgotten[RecordKind.TELEMETRY] == 100
    assert len(await store.rows(RecordKind.META, "", 0, T0 + S)) == 2
    assert (await store.rows(RecordKind.STATE, PRESS, 0, T0 + S)).column("state").tolist() == ["PRODUCING"]
    await store.close()


async def test_a_row_dated_ahead_deletes_nothing(tmp_path: Path) -> None:
    store = open_store(f"duckdb://{tmp_path}/factory.duckdb?keep=30 day", lambda: T0 + 1440 * 60 * S)
    await store.open()
    await store.write(
        [records(RecordKind.STATE, [(unit(n % 7), T0 + n * 60 * S, (f"S{n}", None, None)) for n in range(1440)])]
    )
    await store.write([records(RecordKind.ALARM, [(PRESS, 7_226_582_400 * S, ("ahead", 1, 1, None))])])
    await store.write([telemetry()])
    assert await store.count(RecordKind.STATE) == 1440
    await store.close()


FULL_DISK = """
import asyncio, sys
from brokers.stores import open_store
from tests.stores.plants import telemetry
from twin.errors import StoreError
from twin.records import RecordKind

async def main():
    store = open_store(sys.argv[1])
    await store.open()
    written = 0
    try:
        for step in range(400):
            await store.write([telemetry(step * 2000, 2000)])
            written += 1
    except StoreError as error:
        print(written, error, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("place", ["duckdb:///{}/full.duckdb", "lines:///{}/full"])
def test_a_full_disk_is_called_by_its_name(place: str, tmp_path: Path) -> None:
    mount = (
        f"mount -t tmpfs -o size=6m tmpfs {tmp_path} && exec {sys.executable} -c '{FULL_DISK}' {place.format(tmp_path)}"
    )
    ended = subprocess.run(["unshare", "-rm", "sh", "-c", mount], cwd=ROOT, capture_output=True, text=True)
    if "unshare" in ended.stderr or "mount:" in ended.stderr:
        pytest.skip(f"no file system of its own can be mounted here: {ended.stderr.strip()[:100]}")
    assert "expected room on the disk, got none (free some)" in ended.stdout, ended.stdout + ended.stderr
    assert int(ended.stdout.split()[0]) > 0


async def test_a_stranger_with_thousands_of_tags_costs_what_its_values_cost(tmp_path: Path) -> None:
    store = DuckDbStore(str(tmp_path / "factory.duckdb"))
    await store.open()
    for count in (WIDE, 3000):
        tags = tuple(f"{count} tag {number}" for number in range(count))
        path = unit(count)
        for step in range(3):
            row = np.arange(float(count))[None, :] + step
            await store.write([Frame(RecordKind.TELEMETRY, (path,), np.array([T0 + step * S]), tags, row)])
        late = np.full((1, count), np.nan)
        late[0, 5] = 99.0
        await store.write([Frame(RecordKind.TELEMETRY, (path,), np.array([T0 + S]), tags, late)])
        assert (await store.series(path, tags[5], T0, T0 + 9 * S))[1].tolist() == [5.0, 99.0, 7.0]
        assert (await store.series(path, tags[-1], T0, T0 + 9 * S))[1].tolist() == [count - 1.0, count, count + 1.0]
    assert await store.count(RecordKind.TELEMETRY) == 3 * (WIDE + 3000)
    await store.close()
    with duckdb.connect(str(tmp_path / "factory.duckdb"), read_only=True) as file:
        wide = file.execute("SELECT max(n) FROM (SELECT count(*) n FROM telemetry_columns GROUP BY number)").fetchone()
    assert wide == (WIDE,)


async def test_a_stranger_that_says_a_new_tag_each_time_is_kept_whole(tmp_path: Path) -> None:
    store = DuckDbStore(str(tmp_path / "factory.duckdb"))
    await store.open()
    for number in range(2 * WIDE):
        frame = Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0 + number]), (f"t{number}",), np.array([[1.0]]))
        await store.write([frame])
    assert await store.count(RecordKind.TELEMETRY) == 2 * WIDE
    assert (await store.series(PRESS, f"t{2 * WIDE - 1}", T0, T0 + S))[1].tolist() == [1.0]
    await store.close()


async def test_rows_of_one_instant_that_name_different_tags_are_one(tmp_path: Path) -> None:
    store = DuckDbStore(str(tmp_path / "factory.duckdb"))
    await store.open()
    values = np.array([[1.0, np.nan], [np.nan, 2.0]])
    await store.write([Frame(RecordKind.TELEMETRY, (PRESS, PRESS), np.array([T0, T0]), ("a", "b"), values)])
    assert [(await store.series(PRESS, tag, T0, T0 + 1))[1].tolist() for tag in "ab"] == [[1.0], [2.0]]
    await store.close()


async def test_a_file_of_an_earlier_version_gets_its_columns(tmp_path: Path) -> None:
    path = str(tmp_path / "old.duckdb")
    with duckdb.connect(path) as file:
        for statement in FORMER:
            file.execute(statement)
    store = open_store(f"duckdb://{path}")
    await store.open()
    assert (await store.rows(RecordKind.KPI, "", 0, T0 + 1)).column("value").tolist() == [0.5]
    assert (await store.rows(RecordKind.PART, "", 0, T0 + 1)).column("good").tolist() == [3.0]
    assert (await store.series(PRESS, "force", 0, T0 + 1))[1].tolist() == [7.5]
    await store.write([telemetry(), *(events(kind) for kind in EVENTS)])
    found = await store.rows(RecordKind.KPI, PRESS, T0 + 1, T0 + 10**6 * S)
    assert [row for row in facts(found) if row not in facts(events(RecordKind.KPI))] == []
    assert (await store.series(PRESS, "force", T0, T0 + 9 * S))[1].size == 9
    await store.close()


FORMER = (
    "CREATE TABLE equipment (unit INTEGER, path VARCHAR)",
    "CREATE TABLE telemetry_columns (number INTEGER, tag VARCHAR, name VARCHAR, first BOOLEAN)",
    "CREATE TABLE telemetry_units (unit INTEGER, number INTEGER)",
    "CREATE TABLE telemetry_0 (unit INTEGER, time_ns BIGINT, quality UTINYINT, force DOUBLE)",
    "CREATE TABLE part (unit INTEGER, time_ns BIGINT, item VARCHAR, good DOUBLE, scrap DOUBLE, rework DOUBLE, "
    "ideal_s DOUBLE, first_pass BIGINT)",
    'CREATE TABLE kpi (unit INTEGER, time_ns BIGINT, kpi VARCHAR, scope VARCHAR, "window" VARCHAR, t0_ns BIGINT, '
    "value DOUBLE, numerator DOUBLE, denominator DOUBLE, coverage DOUBLE, quality VARCHAR, rule_version VARCHAR)",
    f"INSERT INTO equipment VALUES (0, '{PRESS}')",  # noqa: S608
    "INSERT INTO telemetry_columns VALUES (0, 'force', 'force', true)",
    "INSERT INTO telemetry_units VALUES (0, 0)",
    f"INSERT INTO telemetry_0 VALUES (0, {T0}, 0, 7.5)",  # noqa: S608
    f"INSERT INTO part VALUES (0, {T0}, 'door', 3, 0, 0, 1.5, 1)",  # noqa: S608
    f"INSERT INTO kpi VALUES (0, {T0}, 'oee', 'machine', 'hour', 0, 0.5, 1, 2, 1, 'good', 'r')",  # noqa: S608
)
"""What the version before wrote."""


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
        ("influxdb://host:port", "expected a URL"),
        ("influxdb1://host:8086?tls=maybe", "tls: expected 1 or 0, got 'maybe'"),
        ("duckdb://x?keep=30", "keep: expected a duration .* got '30' .*keep=30 day"),
        ("duckdb://x?keep=-1 day", "keep: expected a duration above 0"),
        ("duckdb://x?keep=0 s", "keep: expected a duration above 0"),
        ("duckdb://x?keep=", "keep: expected a duration"),
        ("duckdb://x?keep=1e300 day", "keep: expected a duration"),
        ("duckdb://x?keep=1 h&keep=2 h", "each option once"),
        ("lines://x?rotate_mb=64 MB", "rotate_mb: expected a whole number"),
        ("lines://x?rotate_mb=-1", "rotate_mb: expected a whole number"),
        ("duckdb://", "expected a path after ://, got ''"),
        ("lines://?rotate_mb=1", "expected a path after ://, got ''"),
        ("duckdb://a%00b", "expected a path after ://"),
        ("duckdb://a%FFb", "expected a URL"),
        ("duckdb:///srv/a\tb.duckdb", "printable characters"),
        ("duckdb:///srv/a%3Fb.duckdb", r"a path without .* and \?"),
        ("duckdb:///srv/a\\b.duckdb", r"a path without .* and \?"),
        ("duckdb://md:plant", "no word with a colon"),
        ("influxdb1://host:0?db=x", "a port from 1 to 65535"),
    ],
)
def test_a_wrong_url_is_bad_input_and_explained(url: str, message: str) -> None:
    with pytest.raises(ProblemsError, match=message) as refused:
        open_store(url)
    assert refused.value.exit_code == 2
