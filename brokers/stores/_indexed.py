"""The base of stores that keep and give back frames, and leave every question about them to an index."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brokers.stores.duckdb import DuckDbStore
from twin.equipment import EquipmentPath
from twin.errors import StoreError
from twin.records import Frame, RecordKind


class IndexedStore(ABC):
    """A store of which a subclass says how frames are kept and read back; questions go to a temporary DuckDB file.

    The index is made anew at each start, so that opening takes as long as reading everything back.
    """

    _index: DuckDbStore

    @abstractmethod
    def kept(self) -> Iterable[Frame]:
        """All frames that were kept, oldest first. Raises OSError; what cannot be read is a StoreError."""

    @abstractmethod
    def keep(self, frames: Sequence[Frame]) -> None:
        """Keep all frames or none; they are durable when this returns. Raises OSError."""

    async def open(self) -> None:
        """Read back what was kept.

        Raises:
            StoreError: It cannot be read.
        """
        self._scratch = TemporaryDirectory(prefix="store-")
        self._index = DuckDbStore(f"{self._scratch.name}/index.duckdb")
        self._writing = asyncio.Lock()
        await self._index.open()
        try:
            for frame in await asyncio.to_thread(lambda: list(self.kept())):
                await self._index.write([frame])
        except (OSError, ValueError) as error:
            raise StoreError(f"{type(self).__name__}: {error}") from error

    async def write(self, frames: Sequence[Frame]) -> None:
        """Keep all frames or none.

        Raises:
            StoreError: They could not be kept; to be tried again.
            RefusedRowsError: They are no records, and never will be.
        """
        async with self._writing:
            await self._index.write(frames)
            try:
                await asyncio.to_thread(self.keep, frames)
            except OSError as error:
                raise StoreError(f"{type(self).__name__}: {error}") from error

    async def close(self) -> None:
        """Let go."""
        await self._index.close()
        self._scratch.cleanup()

    async def since_ns(self) -> int | None:
        """Nothing is deleted."""
        return None

    async def series(
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000, worst: int = 2
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)``; see ``twin.ports.History``."""
        return await self._index.series(path, tag, t0_ns, t1_ns, max_points, worst)

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
        return await self._index.rows(kind, under, t0_ns, t1_ns, limit, where)

    async def latest(self, kind: RecordKind, under: str = "") -> Frame:
        """The last record of each key; see ``twin.ports.History``."""
        return await self._index.latest(kind, under)

    async def before(self, kind: RecordKind, under: str, time_ns: int) -> Frame:
        """The last record of each key before a time; see ``twin.ports.History``."""
        return await self._index.before(kind, under, time_ns)

    async def count(self, kind: RecordKind) -> int:
        """Number of stored rows of a kind (known values for telemetry)."""
        return await self._index.count(kind)
