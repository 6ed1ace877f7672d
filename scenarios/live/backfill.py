"""Coherent history: the plant runs ahead to the present, straight into brain and store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scenarios.feed import Feed
from twin.brain import Brain
from twin.ports import Sink
from twin.records import Frame

BATCH_FRAMES = 2_000


@dataclass(frozen=True)
class History:
    """Where history goes.

    Args:
        sink: Store.
        brain: Brain that goes on with the live records afterwards.
        show: Gets every frame that was stored.
    """

    sink: Sink
    brain: Brain
    show: Callable[[Sequence[Frame]], None]

    async def take(self, frames: list[Frame]) -> None:
        """Store frames and what the brain makes of them, then show both."""
        figures = [figure for frame in frames for figure in await asyncio.to_thread(self.brain.process, frame)]
        frames.extend(figures)
        for at in range(0, len(frames), BATCH_FRAMES):
            await self.sink.write(frames[at : at + BATCH_FRAMES])
        self.show(frames)


async def backfill(feed: Feed, history: History, until_s: float, tick_s: float) -> None:
    """Run the plant to a simulated time and keep all it says.

    The records take the short way to the store here; they are the same frames that go over the wire
    once the plant is live.

    Args:
        feed: Plant and devices, at the start of the history.
        history: Where it goes.
        until_s: Simulated time at which live begins.
        tick_s: Telemetry period of the history; at most 60, beyond which sites count as silent.
    """
    await history.take([frame for _, frame in feed.meta()])
    hour: list[Frame] = []
    for time_s in feed.steps(until_s, tick_s):
        hour.extend(frame for _, frames in await asyncio.to_thread(feed.advance, time_s) for frame in frames)
        if time_s % 3600 == 0:
            await history.take(hour)
            hour = []
    await history.take(hour)
