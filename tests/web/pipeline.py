"""The whole path without a broker: plant, devices, brain, store and pages in one process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from brokers.stores import Store
from dashboards.live import LiveState
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.records import Frame


class FeedLike(Protocol):
    """What tells of a plant; ``scenarios.headless.feed.Feed`` is one."""

    def meta(self) -> list[tuple[EquipmentPath, Frame]]: ...

    def advance(self, until_s: float) -> list[tuple[EquipmentPath, list[Frame]]]: ...


class Pipeline:
    """Carries frames from a plant to the store and the pages.

    Args:
        feed: The plant and its devices.
        store: An open store.
        live: Last values of the pages; None while history is made.
    """

    def __init__(self, feed: FeedLike, store: Store, live: LiveState | None = None):
        self.feed = feed
        self.store = store
        self.live = live
        self.brain = Brain()

    async def begin(self) -> None:
        """Send the master data."""
        await self._carry([frame for _, frame in self.feed.meta()])

    async def advance(self, times: Iterable[float]) -> None:
        """Run to each of the times and carry what is said on the way; one write for all."""
        frames: list[Frame] = []
        for until_s in times:
            frames += [frame for _, said in self.feed.advance(until_s) for frame in said]
        await self._carry(frames)

    async def _carry(self, frames: Sequence[Frame]) -> None:
        figures = [figure for frame in frames for figure in self.brain.process(frame)]
        everything = [*frames, *figures]
        await self.store.write(everything)
        if self.live is not None:
            self.live.feed(everything)
