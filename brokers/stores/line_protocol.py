"""A folder of line-protocol files: readable by every InfluxDB, appended to and never changed.

Each write ends with a comment line that tells its length and checksum; what follows the last one was not
acknowledged and is cut off when the folder is opened. A write that was damaged on the disk is left out
whole and told; so is a line that cannot be read. A file without any such line is somebody else's: it is read
as it is and never changed. Reading parses the files once into a temporary DuckDB file.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from brokers.retry import told
from brokers.stores import StoreUrl, stores
from brokers.stores.duckdb import DuckDbStore
from brokers.stores.lines import decoded, encoded
from twin.equipment import EquipmentPath
from twin.errors import RefusedRowsError, StoreError
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)

T = TypeVar("T")
END = b"# written"
"""Begins the line that ends what one call of ``write`` wrote; length and CRC-32 follow."""
_PIECE = 8 << 20
_SEAL = re.compile(rb"^# written(?: ([0-9]{1,12}) ([0-9a-f]{8}))?\n", re.MULTILINE)


def sealed(lines: bytes) -> bytes:
    """Lines with the one that ends them; a text that looks like it gets a backslash, which reading takes away."""
    lines = lines.replace(b"\n" + END, b"\n#\\ written")
    return lines + b"%s %d %08x\n" % (END, len(lines), crc32(lines))


def whole_bytes(piece: bytes) -> int:
    """Bytes up to the end of the last whole write; 0 without any."""
    ends = [match.end() for match in _SEAL.finditer(piece)]
    return ends[-1] if ends else 0


def unsealed(piece: bytes) -> Iterator[tuple[bytes, str]]:
    """The writes of a piece, each with what is wrong with it; files of an earlier version have no checksums."""
    place = 0
    for match in _SEAL.finditer(piece):
        lines = piece[place : match.start()]
        if match[1] is not None:
            whole = lines[-int(match[1]) :] if int(match[1]) else b""
            if crc32(whole) != int(match[2], 16):
                yield lines, "expected the checksum that was written, got another"
                lines = b""
            elif len(whole) < len(lines):
                yield lines[: len(lines) - len(whole)], "expected the end of a write, got another write"
                lines = whole
        if lines:
            yield lines, ""
        place = match.end()
    if piece and not place:
        yield piece, ""


class LineStore:
    """Keeps records as line protocol in a folder.

    Args:
        folder: Where the files are; made when missing. One process writes into it.
        rotate_bytes: Start a new file when one has grown beyond this.
    """

    def __init__(self, folder: str, rotate_bytes: int = 64 << 20) -> None:
        self.folder = Path(folder)
        self.rotate_bytes = rotate_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lines")
        self._read_to: dict[Path, int] = {}
        self.unreadable = 0
        """Lines, or damaged writes, that could not be read."""

    def missed(self) -> dict[str, int]:
        """Lines, or damaged writes, that could not be read."""
        return {"unreadable": self.unreadable}

    async def open(self) -> None:
        """Open or make the folder, and cut off what was not acknowledged."""
        await self._run(self._open)
        self._scratch = TemporaryDirectory(prefix="lines-")
        self._index = DuckDbStore(f"{self._scratch.name}/index.duckdb")
        await self._index.open()

    async def write(self, frames: Sequence[Frame]) -> None:
        """Append all frames; durable when it returns."""
        await self._run(self._append, frames)

    async def close(self) -> None:
        """Close the file."""
        await self._run(self._file.close)
        await self._index.close()
        self._thread.shutdown(wait=True)
        self._scratch.cleanup()

    async def series(
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000, worst: int = 2
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)``; see ``twin.ports.History``."""
        return await (await self._parsed()).series(path, tag, t0_ns, t1_ns, max_points, worst)

    async def since_ns(self) -> int | None:
        """Nothing older is kept; None: everything is."""
        return None

    async def rows(
        self,
        kind: RecordKind,
        under: str,
        t0_ns: int,
        t1_ns: int,
        limit: int = 10_000,
        where: Mapping[str, Any] | None = None,
    ) -> Frame:
        """Records of a kind at or below a path in ``[t0, t1)``; see ``twin.ports.History``."""
        return await (await self._parsed()).rows(kind, under, t0_ns, t1_ns, limit, where)

    async def latest(self, kind: RecordKind, under: str = "") -> Frame:
        """The last record of each key; see ``twin.ports.History``."""
        return await (await self._parsed()).latest(kind, under)

    async def before(self, kind: RecordKind, under: str, time_ns: int) -> Frame:
        """The last record of each key before a time; see ``twin.ports.History``."""
        return await (await self._parsed()).before(kind, under, time_ns)

    async def count(self, kind: RecordKind) -> int:
        """Number of stored rows of a kind (known values for telemetry)."""
        return await (await self._parsed()).count(kind)

    def files(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self.folder.glob("*.lp"))

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        files = self.files()
        self._number = max((int(path.stem) for path in files if path.stem.isdecimal()), default=0)
        last = files[-1] if files else self._next()
        if last.exists() and (text := last.read_bytes()):
            whole = whole_bytes(text)
            if whole:
                os.truncate(last, whole)
            else:
                last = self._next()
        self._file = last.open("ab", buffering=0)

    def _next(self) -> Path:
        self._number += 1
        return self.folder / f"{self._number:06d}.lp"

    def _append(self, frames: Sequence[Frame]) -> None:
        pieces = b"".join(encoded(frames))
        if not pieces:
            return
        size = os.fstat(self._file.fileno()).st_size
        if size > self.rotate_bytes:
            self._file.close()
            self._file, size = self._next().open("ab", buffering=0), 0
        rest = memoryview(sealed(pieces))
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError:
            os.ftruncate(self._file.fileno(), size)
            raise

    async def index(self) -> DuckDbStore:
        """All that the files hold, in a temporary store that lives as long as this one."""
        return await self._parsed()

    async def _parsed(self) -> DuckDbStore:
        while (piece := await self._run(self._unread)) is not None:
            path, end, frames = piece
            for frame in frames:
                await self._indexed(path, frame)
            self._read_to[path] = end
        return self._index

    async def _indexed(self, path: Path, frame: Frame) -> None:
        try:
            await self._index.write([frame])
        except RefusedRowsError as error:
            self._bad(path, str(frame.kind), error)

    def _unread(self) -> tuple[Path, int, list[Frame]] | None:
        """File, place after it and frames of the next piece that has not been parsed; None when all have been."""
        for path in self.files():
            start = self._read_to.get(path, 0)
            with path.open("rb") as file:
                file.seek(start)
                piece = file.read(_PIECE)
                while not (end := whole_bytes(piece)) and (more := file.read(_PIECE)):
                    piece += more
            end = end or (piece.rfind(b"\n") + 1 if piece and not start else 0)  # without any seal it is foreign
            if end:
                return path, start + end, self._decoded(path, piece[:end])
        return None

    def _decoded(self, path: Path, piece: bytes) -> list[Frame]:
        found = []
        for text, what in unsealed(piece):
            if what:
                lines = text.count(b"\n")
                self._bad(path, f"{lines} lines", ValueError(what))
            else:
                bad = partial(self._bad, path)
                found += decoded(text.decode("utf-8", "replace"), bad)
        return found

    def _bad(self, path: Path, what: str, error: Exception) -> None:
        if not self.unreadable:
            log.warning(
                "store %s: %s of %s cannot be read: %s (left out; more are only counted)",
                self.folder,
                what,
                path.name,
                error,
            )
        self.unreadable += 1

    async def _run(self, work: Callable[..., T], *values: Any) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)
        except OSError as error:
            raise StoreError(f"store {self.folder}: {told(error, self.folder)}") from error


@stores.register("lines")
def line_store(url: StoreUrl) -> LineStore:
    """Folder of line-protocol files; option ``rotate_mb`` (64): size at which a new file begins."""
    url.allow("rotate_mb", "run")
    run = url.run
    return LineStore(f"{url.file}/run-{run}" if run else url.file, url.whole("rotate_mb", 64, 0, 1 << 20) << 20)
