"""A store as a whole: copied into another of any kind, or made smaller."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np

from brokers.stores import Store, StoreUrl, file_url
from brokers.stores._duckdb_catalog import quoted
from brokers.stores._duckdb_damage import LOGS, connected
from brokers.stores.duckdb import DuckDbStore, explained
from brokers.stores.line_protocol import LineStore
from brokers.stores.schema import EVENTS
from twin.equipment import EquipmentPath
from twin.errors import Problem, ProblemsError, StoreError
from twin.records import Frame, RecordKind

BATCH_ROWS = 50_000
MOST_ROWS = 1 << 40
ASIDE = ".ff-"
"""Begins the name of a folder in which something is made that is not yet what it will be."""
EVER = (-(2**63) + 1, 2**63 - 1)


async def copied(source: Store, target: Store) -> Counter[RecordKind]:
    """Write everything that a store holds into another; again changes nothing.

    Args:
        source: An open store in a file or folder.
        target: Any other open store.

    Returns:
        Rows by kind.

    Raises:
        ProblemsError: The source is on a server, which has its own tools for that.
    """
    if isinstance(source, LineStore):
        source = await source.index()
    if not isinstance(source, DuckDbStore):
        raise ProblemsError([Problem("store", "a duckdb:// or lines:// store to read from", type(source).__name__)])
    rows: Counter[RecordKind] = Counter()
    for kind in EVENTS:
        frame = await source.rows(kind, "", *EVER, limit=MOST_ROWS)
        for start in range(0, len(frame), BATCH_ROWS):
            await target.write([frame.take(range(start, min(len(frame), start + BATCH_ROWS)))])
        rows[kind] += len(frame)
    for frame in telemetry_of(source):
        await target.write([frame])
        rows[RecordKind.TELEMETRY] += len(frame)
    return rows


def telemetry_of(store: DuckDbStore) -> Iterator[Frame]:
    """All telemetry of an embedded store, table by table in order of time."""
    catalog = store.catalog
    paths = {unit: EquipmentPath(path) for path, unit in catalog.units.items()}
    for number, columns in sorted(catalog.columns.items()):
        names = [quoted(name) for name in columns.values()]
        yield from _frames(store, f"telemetry_{number}", tuple(columns), names, paths)
    for tag, number in catalog.tags.items():
        yield from _frames(store, f"telemetry_long WHERE tag = {number}", (tag,), ["value"], paths)


def _frames(
    store: DuckDbStore, table: str, tags: tuple[str, ...], names: list[str], paths: dict[int, EquipmentPath]
) -> Iterator[Frame]:
    wanted = ", ".join(["unit", "time_ns", "quality", *names])
    found = store.query(f"SELECT {wanted} FROM {table} ORDER BY time_ns")  # noqa: S608 - our names
    while rows := found.fetchmany(BATCH_ROWS):
        marks = np.array([[row[2] or 0] for row in rows], dtype=np.uint8)
        values = np.array([row[3:] for row in rows], dtype=np.float64)
        quality = np.broadcast_to(marks, values.shape).copy() if marks.any() else None
        stamps = np.array([row[1] for row in rows], dtype=np.int64)
        yield Frame(RecordKind.TELEMETRY, tuple(paths[row[0]] for row in rows), stamps, tags, values, quality)


@contextmanager
def whole(address: str) -> Iterator[str]:
    """The address of a store that is to be filled: a new file or folder gets its name when all is in it.

    Args:
        address: A store of any kind; one that is there is filled where it is.

    Raises:
        OSError: No file can be made there.
    """
    path = path_of(address)
    if path is None or os.path.lexists(path):
        yield address
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        path.lstat()  # a name that no file can have is told before anything is made
    with TemporaryDirectory(prefix=ASIDE, dir=path.parent) as aside:
        scheme, (_, mark, options) = address.partition("://")[0], address.partition("?")
        yield f"{file_url(scheme, Path(aside) / path.name)}{mark}{options}"
        for name in sorted(os.listdir(aside), key=len):  # first the store, then what lies beside it
            (Path(aside) / name).replace(path.with_name(name))


@contextmanager
def copy_of(address: str, beside: Path | None) -> Iterator[str]:
    """The address of a copy of a store as it stands, mended where its log is damaged.

    Opening a store renews one of a former version, mends its log and cuts off what was not acknowledged; so what is
    only to be read is not opened itself.

    Args:
        address: A store in a file or folder.
        beside: A file or folder beside which there is room; None: where temporary files are.

    Raises:
        OSError: It cannot be read, or there is no room.
        StoreError: It is damaged beyond what can be mended.
    """
    url, path = StoreUrl.of(address), path_of(address)
    assert path is not None  # noqa: S101 - checked before
    room = None if beside is None else _folder_above(beside)
    with TemporaryDirectory(prefix=ASIDE, dir=room) as aside:
        found = Path(aside) / path.name
        for file in _parts(path, url.run):
            place = found.with_name(file.name) if path.is_file() else found / file.relative_to(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        if url.scheme == "duckdb":
            _mend(found, path)
        scheme, (_, mark, options) = address.partition("://")[0], address.partition("?")
        yield f"{file_url(scheme, found)}{mark}{options}"


def _folder_above(path: Path) -> Path:
    """The nearest folder above a path that is there."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def _parts(path: Path, run: str) -> list[Path]:
    """Files of a store: of an embedded one itself, its logs and marks."""
    if path.is_dir():
        return [file for file in (*path.glob("*.lp"), *path.glob("run-*/*.lp")) if file.is_file()]
    endings = ("", *(f".{ending}" for ending in LOGS), ".mark", *([f".{run}.mark"] if run else ()))
    return [file for ending in endings if (file := path.with_name(f"{path.name}{ending}")).is_file()]


def _mend(copy: Path, path: Path) -> None:
    try:
        connected(str(copy), {}).close()
    except duckdb.Error as error:
        raise StoreError(explained(str(path), f"expected a DuckDB file, got: {error}")) from error


def path_of(address: str) -> Path | None:
    """File or folder of a store; None: it is on a server.

    Raises:
        ProblemsError: It is no address of a store.
    """
    url = StoreUrl.of(address)
    return Path(url.file) if url.scheme in ("duckdb", "lines") else None


def compact(path: Path) -> tuple[int, int]:
    """Write a DuckDB file anew without the room that deleted rows have left, and put it in the old one's place.

    Returns:
        Bytes before and after.

    Raises:
        StoreError: It is no such file, or somebody has it open.
    """
    path = path.resolve()
    try:
        with duckdb.connect(str(path)) as file, TemporaryDirectory(prefix=ASIDE, dir=path.parent) as aside:
            file.execute("CHECKPOINT")
            before, beside = path.stat(), Path(aside) / "smaller"
            (own,) = file.execute("SELECT current_database()").fetchone() or ("",)
            other = quoted(f"{own} smaller")
            file.execute(f"ATTACH '{str(beside).replace(chr(39), chr(39) * 2)}' AS {other}")
            file.execute(f"COPY FROM DATABASE {quoted(own)} TO {other}")
            file.execute(f"DETACH {other}")
            beside.chmod(before.st_mode & 0o777)
            with suppress(PermissionError):
                os.chown(beside, before.st_uid, before.st_gid)
            beside.replace(path)
    except (duckdb.Error, OSError) as error:
        raise StoreError(explained(str(path), f"expected a DuckDB file, got: {error}")) from error
    return before.st_size, path.stat().st_size
