"""Coherent history: the plant runs ahead to the present, straight into brain and store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from brokers.retry import retried
from scenarios.feed import Feed, anchored
from scenarios.live.clock import epoch_now
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from twin.brain import Brain
from twin.ports import Sink
from twin.records import Frame

BATCH_FRAMES = 5_000
COARSE_TICK_S, FINE_TICK_S = 300.0, 60.0
FINE_S = 3600.0


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
        figures = await asyncio.to_thread(lambda: [figure for frame in frames for figure in self.brain.process(frame)])
        await retried(lambda: self.sink.write([*frames, *figures]), "history")
        self.show(frames)
        self.show(figures)


async def backfill(feed: Feed, history: History, until_s: float) -> None:
    """Run the plant to a simulated time and keep all it says.

    The records take the short way to the store here; they are the same frames that go over the wire
    once the plant is live. Telemetry is sampled finely only in the last hour; events are always exact.

    Args:
        feed: Plant and devices, at the start of the history.
        history: Where it goes.
        until_s: Simulated time at which live begins.
    """
    history.brain.live = False
    await history.take([frame for _, frame in feed.meta()])
    coarse_s = max(until_s - FINE_S, 0.0) // 3600 * 3600
    for end_s, tick_s in ((coarse_s, COARSE_TICK_S), (until_s, FINE_TICK_S)):
        if end_s > feed.now_s:
            await _history(feed, history, end_s, tick_s)
    history.brain.live = True


async def _history(feed: Feed, history: History, until_s: float, tick_s: float) -> None:
    frames: list[Frame] = []
    for time_s in feed.steps(until_s, tick_s):
        frames.extend(frame for _, said in await asyncio.to_thread(feed.advance, time_s) for frame in said)
        if len(frames) > BATCH_FRAMES:
            await history.take(frames)
            frames = []
    await history.take(frames)


def first_feed(settings: RunSettings) -> Feed:
    """The plant of a run at simulated second 0."""
    scenario = load(settings.scenario)
    config = scenario.plant()
    if settings.anchored:
        config = anchored(config, settings.epoch or epoch_now(settings.backfill_s))
    return Feed(config, settings.seed, scenario.base)
