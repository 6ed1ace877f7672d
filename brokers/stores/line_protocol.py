"""A folder of line-protocol files: readable by every InfluxDB, appended to and never changed.

Each write ends with a comment line; what follows the last one was not acknowledged and is cut off
when the folder is opened. Reading parses the files once into a temporary DuckDB file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from brokers.stores import StoreUrl, stores
from brokers.stores.duckdb import DuckDbStore
from brokers.stores.lines import decoded, encoded
from twin.equipment import EquipmentPath
from twin.errors import StoreError
from twin.records import Frame, RecordKind

T = TypeVar("T")
END = b"# written\n"
"""Ends what one call of ``write`` wrote."""
_PIECE = 8 << 20


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
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)``; see ``twin.ports.History``."""
        return await (await self._parsed()).series(path, tag, t0_ns, t1_ns, max_points)

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

    async def count(self, kind: RecordKind) -> int:
        """Number of stored rows of a kind (known values for telemetry)."""
        return await (await self._parsed()).count(kind)

    def files(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self.folder.glob("*.lp"))

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        files = self.files()
        self._number = len(files)
        if files:
            whole = files[-1].read_bytes().rfind(END) + len(END)
            os.truncate(files[-1], max(0, whole) if whole >= len(END) else 0)
        self._file = (files[-1] if files else self._next()).open("ab")

    def _next(self) -> Path:
        self._number += 1
        return self.folder / f"{self._number:06d}.lp"

    def _append(self, frames: Sequence[Frame]) -> None:
        pieces = [piece.replace(END, b"#  written\n") for piece in encoded(frames)]  # it may stand in a text
        if not pieces:
            return
        if self._file.tell() > self.rotate_bytes:
            self._file.close()
            self._file = self._next().open("ab")
        self._file.write(b"".join([*pieces, END]))
        self._file.flush()
        os.fsync(self._file.fileno())

    async def _parsed(self) -> DuckDbStore:
        while frames := await self._run(self._unread):
            await self._index.write(frames)
        return self._index

    def _unread(self) -> list[Frame]:
        """Frames of the next piece that has not been parsed; empty when all have been."""
        for path in self.files():
            start = self._read_to.get(path, 0)
            with path.open("rb") as file:
                file.seek(start)
                piece = file.read(_PIECE)
                while piece and END not in piece and (more := file.read(_PIECE)):
                    piece += more
            end = piece.rfind(END) + len(END)
            if end >= len(END):
                self._read_to[path] = start + end
                return decoded(piece[:end].decode())
        return []

    async def _run(self, work: Callable[..., T], *values: Any) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)
        except (OSError, ValueError) as error:
            raise StoreError(f"store {self.folder}: {error}") from error


@stores.register("lines")
def line_store(url: StoreUrl) -> LineStore:
    """Folder of line-protocol files; option ``rotate_mb`` (64): size at which a new file begins."""
    url.allow("rotate_mb", "run")
    run = url.run
    return LineStore(f"{url.file}/run-{run}" if run else url.file, int(url.option("rotate_mb", "64")) << 20)
