"""A store as a whole: out, in again, and smaller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from brokers.stores import open_store
from brokers.stores.duckdb import DuckDbStore
from brokers.stores.line_protocol import LineStore
from scenarios import cli
from tests.stores.plants import EVENTS, PRESS, T0, S, events, facts, known, telemetry
from twin.errors import StoreError
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
    await filled(tmp_path / "a.duckdb")
    assert await asyncio.to_thread(run, "store", "export", tmp_path / "a.duckdb", tmp_path / "lines") == 0
    assert await asyncio.to_thread(run, "store", "import", tmp_path / "lines", tmp_path / "b.duckdb") == 0
    assert await asyncio.to_thread(run, "store", "import", tmp_path / "lines", tmp_path / "b.duckdb") == 0
    await holds_all(tmp_path / "b.duckdb")


async def test_a_compacted_file_is_smaller_and_holds_the_same(tmp_path: Path) -> None:
    file = tmp_path / "smaller.duckdb"  # also the name that the new file has while it is made
    with duckdb.connect(str(file)) as sql:
        sql.execute("CREATE TABLE gone AS SELECT random() AS x FROM range(2000000)")
    await filled(file)  # behind it, so that its room cannot simply be cut off
    with duckdb.connect(str(file)) as sql:
        sql.execute("DROP TABLE gone")
    before = file.stat().st_size
    assert await asyncio.to_thread(run, "store", "compact", file) == 0
    assert file.stat().st_size < before / 2
    await holds_all(file)


@pytest.mark.parametrize(
    "words", [("compact", "none.duckdb"), ("export", "none.duckdb", "x"), ("export", "nope://x", "y")]
)
def test_what_is_not_there_is_bad_input(words: tuple[str, ...], tmp_path: Path) -> None:
    assert run("store", *words) == 2


ODD = "hall #3 at 50%, a%20b & me@home [it's]\t厂"


async def test_a_file_or_folder_is_the_one_that_was_named(tmp_path: Path) -> None:
    """Whatever a URL would make of its name: what lay behind a # was another file, and the copy was empty."""
    file, out, back = (tmp_path / f"{ODD}{end}" for end in (".duckdb", "", " back.duckdb"))
    await filled(tmp_path / "a.duckdb")
    (tmp_path / "a.duckdb").rename(file)
    assert await asyncio.to_thread(run, "store", "export", file, out) == 0
    assert await asyncio.to_thread(run, "store", "import", out, back) == 0
    assert {name for name in seen(tmp_path) if not name.endswith(".mark")} == {file.name, out.name, back.name}
    back.rename(tmp_path / "b.duckdb")
    await holds_all(tmp_path / "b.duckdb")


async def store_with_a_run(file: Path) -> None:
    await filled(file)
    apart = open_store(f"duckdb://{file}?run=5f0c")
    await apart.open()
    await apart.write([events(RecordKind.STATE)])
    await apart.close()


BAD_SOURCES: dict[str, Callable[[Path], object]] = {
    "empty.duckdb": lambda path: path.write_bytes(b""),
    "text.duckdb": lambda path: path.write_text("hello\n" * 1000),
    "folder.duckdb": lambda path: path.mkdir(),
    "half.duckdb": lambda path: path.write_bytes((path.parent / "a.duckdb").read_bytes()[:20_000]),
    "loop.duckdb": lambda path: path.symlink_to(path.name),
    "other.duckdb": lambda path: duckdb.connect(str(path)).execute("CREATE TABLE equipment (x INTEGER)").close(),
    "file": lambda path: path.write_text("state 1"),
    "nothing": lambda path: path.mkdir(),
}


async def test_what_is_no_store_of_ours_is_bad_input_and_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await store_with_a_run(tmp_path / "a.duckdb")
    for name, make in BAD_SOURCES.items():
        make(tmp_path / name)
    before = seen(tmp_path)
    tried = [("export", tmp_path / name, tmp_path / "out") for name in BAD_SOURCES]
    tried += [("compact", tmp_path / name) for name in BAD_SOURCES if name.endswith(".duckdb")]
    tried += [("export", tmp_path / "a.duckdb", tmp_path / name) for name in BAD_SOURCES if name != "nothing"]
    same = f"duckdb://{tmp_path}/../{tmp_path.name}/a.duckdb"
    tried += [("export", tmp_path / "a.duckdb", target) for target in (same, "", "duckdb://", "lines://", "x" * 300)]
    tried += [("export", f"duckdb://{tmp_path}/a.duckdb?run=77", tmp_path / "out")]
    for words in tried:
        assert await asyncio.to_thread(run, "store", *words) == 2, words
        told = capsys.readouterr()
        assert "expected" in told.err, words
        assert not told.out, words
    assert seen(tmp_path) == before


def seen(folder: Path) -> dict[str, object]:
    """Names of a folder with the size and time of each."""
    return {path.name: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.iterdir()}


async def test_both_ends_of_a_copy_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert await asyncio.to_thread(run, "store", "export", tmp_path / "none.duckdb", f"lines://{tmp_path}/file") == 2
    told = capsys.readouterr().err
    assert "expected a store that is there, got none" in told
    assert "expected a folder, or a name that is free, got a file" in told


@pytest.mark.parametrize("name", ["b.duckdb", "lines"])
async def test_a_copy_that_fails_leaves_nothing_behind(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await filled(tmp_path / "a.duckdb")
    before = set(seen(tmp_path))
    kinds: list[RecordKind] = []
    for kind in (DuckDbStore, LineStore):
        write = kind.write

        async def full(self: DuckDbStore, frames: Sequence[Frame], write: Any = write) -> None:
            kinds.extend(frame.kind for frame in frames)
            if RecordKind.TELEMETRY in kinds:
                raise StoreError("store: expected room on the disk, got none (free some)")
            await write(self, frames)

        monkeypatch.setattr(kind, "write", full)
    assert await asyncio.to_thread(run, "store", "export", tmp_path / "a.duckdb", tmp_path / name) == 3
    assert len(kinds) > 5
    assert "expected room on the disk, got none (free some)" in capsys.readouterr().err
    assert set(seen(tmp_path)) == before


async def test_runs_that_are_kept_apart_are_told_and_copied_when_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await store_with_a_run(tmp_path / "a.duckdb")
    assert await asyncio.to_thread(run, "store", "export", tmp_path / "a.duckdb", tmp_path / "out") == 0
    assert "run 5f0c is kept apart and not copied (add ?run=5f0c to copy it)" in capsys.readouterr().err
    named = f"duckdb://{tmp_path}/a.duckdb?run=5f0c"
    assert await asyncio.to_thread(run, "store", "export", named, tmp_path / "one.duckdb") == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"{tmp_path}/one.duckdb: state 3\n", "")


async def test_lines_that_cannot_be_read_are_counted_and_end_in_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/x.lp").write_text('state,enterprise=a,site=b state="IDLE" 5\ngarbage\nmore\n')
    assert await asyncio.to_thread(run, "store", "import", tmp_path / "old", tmp_path / "b.duckdb") == 1
    told = capsys.readouterr()
    assert told.out == f"{tmp_path}/b.duckdb: state 1\n"
    assert "old: 2 rows or lines are lost or cannot be read" in told.err


async def test_a_compacted_file_keeps_its_rights_and_its_link(tmp_path: Path) -> None:
    await store_with_a_run(tmp_path / "a.duckdb")
    (tmp_path / "a.duckdb").chmod(0o600)
    (tmp_path / "link.duckdb").symlink_to("a.duckdb")
    number = (tmp_path / "a.duckdb").stat().st_ino
    assert await asyncio.to_thread(run, "store", "compact", tmp_path / "link.duckdb") == 0
    assert (tmp_path / "link.duckdb").is_symlink()
    assert (tmp_path / "a.duckdb").stat().st_ino != number
    assert (tmp_path / "a.duckdb").stat().st_mode & 0o777 == 0o600
    await holds_all(tmp_path / "a.duckdb")
    apart = open_store(f"duckdb://{tmp_path}/a.duckdb?run=5f0c")
    await apart.open()
    assert facts(await apart.rows(RecordKind.STATE, "", 0, T0 + 10**6 * S)) == facts(events(RecordKind.STATE))
    await apart.close()


def bytes_of(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Content, time and number of every file below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
        for path in files
    }


async def half_closed(folder: Path) -> None:
    """A store with a log beside it, as a killed process leaves it."""
    store = open_store(f"duckdb://{folder}/being.duckdb")
    await store.open()
    await store.write([telemetry(), *(events(kind) for kind in EVENTS)])
    known = {file.name for file in listed(folder)}
    for name in known:
        (folder / name.replace("being", "plant")).write_bytes((folder / name).read_bytes())
    await store.close()
    for name in known & {file.name for file in listed(folder)}:
        (folder / name).unlink()


def listed(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def damaged(folder: Path) -> None:
    log = folder / "plant.duckdb.wal"
    content = log.read_bytes()
    log.write_bytes(content[: len(content) // 2] + b"\xff" * 64 + content[len(content) // 2 + 64 :])


def of_a_former_version(folder: Path) -> None:
    with duckdb.connect(str(folder / "plant.duckdb")) as file:
        file.execute("DROP TABLE written")
        file.execute("ALTER TABLE part DROP COLUMN lacking")
    (folder / "plant.duckdb.mark").unlink()


STATES: dict[str, Callable[[Path], object]] = {
    "killed": lambda _: None,
    "damaged log": damaged,
    "former version": of_a_former_version,
    "no mark": lambda folder: (folder / "plant.duckdb.mark").unlink(),
}


@pytest.mark.parametrize("state", STATES)
async def test_what_is_exported_stays_as_it_is(state: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    await half_closed(source)
    STATES[state](source)
    assert (source / "plant.duckdb.wal").exists() == (state != "former version")
    before, names = bytes_of(source), {path.name for path in listed(source)}
    lost = state == "damaged log"
    for target in (tmp_path / "lines", tmp_path / "again.duckdb"):
        assert await asyncio.to_thread(run, "store", "export", source / "plant.duckdb", target) == int(lost)
        assert bytes_of(source) == before
    assert {path.name for path in listed(source)} == names
    assert {path.name for path in listed(tmp_path)} == {"source", "lines", "again.duckdb", "again.duckdb.mark"}
    store = open_store(f"duckdb://{tmp_path}/again.duckdb")
    await store.open()
    assert (await store.count(RecordKind.PART) == len(events(RecordKind.PART))) or lost
    await store.close()


async def test_lines_that_are_imported_stay_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also what was not acknowledged, which opening such a store to write cuts off."""
    await filled(tmp_path / "a.duckdb")
    assert await asyncio.to_thread(run, "store", "export", tmp_path / "a.duckdb", tmp_path / "lines") == 0
    with listed(tmp_path / "lines")[0].open("ab") as file:
        file.write(b'state,enterprise=a,site=b state="IDLE" 5')
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/x.lp").write_text('state,enterprise=a,site=b state="IDLE" 5\n')
    for name in ("lines", "foreign"):
        before = bytes_of(tmp_path / name)
        assert await asyncio.to_thread(run, "store", "import", tmp_path / name, tmp_path / f"{name}.duckdb") == 0
        assert bytes_of(tmp_path / name) == before
    await holds_all(tmp_path / "lines.duckdb")
    capsys.readouterr()
    folder = tmp_path / "lines"
    folder.chmod(0o500)
    assert await asyncio.to_thread(run, "store", "import", folder, tmp_path / "read.duckdb") == 0
    folder.chmod(0o700)
