"""Connections whose client is imported when one is opened: naming a kind costs no library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from devices.connection import BrowsedItem, CountingConnection, DataValue, Scalar, Wanted
from devices.connections._told import ReadingQueue


class Link(Protocol):
    """One session with a machine."""

    queue: ReadingQueue

    async def open(self) -> None:
        """Connect and begin to read."""

    async def write(self, item: str, value: Scalar) -> None:
        """Write one item."""

    def browse(self) -> AsyncIterator[BrowsedItem]:
        """All that the machine offers."""

    async def close(self) -> None:
        """End the session."""


class LateConnection(ABC):
    """A connection that makes its link when somebody wants something of it.

    Args:
        options: Options of the kind.
        wanted: Items that are to be read.
        base: Folder of the files that the options name.
    """

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:
        self._made = options, wanted, base
        self._link: Link | None = None

    @staticmethod
    @abstractmethod
    def link(options: Any, wanted: Sequence[Wanted], base: Path) -> Link:
        """Make the link; nothing is opened yet."""

    def _opened(self) -> Link:
        if self._link is None:
            self._link = self.link(*self._made)
        return self._link

    async def open(self) -> None:
        """Connect and begin to read."""
        await self._opened().open()

    async def readings(self) -> Sequence[DataValue]:
        """What the machine has told since the last time."""
        return await self._opened().queue.take()

    async def write(self, item: str, value: Scalar) -> None:
        """Write one item."""
        await self._opened().write(item, value)

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """All that the machine offers."""
        async for found in self._opened().browse():
            yield found

    def met(self) -> Mapping[str, int]:
        """What the link has counted, where it counts something."""
        return self._link.met() if isinstance(self._link, CountingConnection) else {}

    async def close(self) -> None:
        """End the session."""
        if self._link is not None:
            await self._link.close()
