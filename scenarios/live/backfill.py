"""Coherent history: the plant runs ahead to the present, straight into brain and store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from brokers.retry import retried
from scenarios.headless.feed import Feed, anchor, anchored
from scenarios.live.record import RunRecord
from scenarios.live.settings import RunSettings
from scenarios.live.told import post
from scenarios.loader import load
from twin.brain import Brain
from twin.ports import Sink
from twin.records import Frame

BATCH_FRAMES = 5_000
LONG_TICK_S, COARSE_TICK_S, FINE_TICK_S = 900.0, 300.0, 60.0
FINE_S = 3600.0


@dataclass(frozen=True)
class BackfillTarget:
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


async def backfill(feed: Feed, history: BackfillTarget, until_s: float, asked_s: float | None = None) -> None:
    """Run the plant to a simulated time and keep all it says.

    The records take the short way to the store here; they are the same frames that go over the wire
    once the plant is live. Telemetry is sampled finely only in the last hour, and rarely before what was
    asked for; events are always exact.

    Args:
        feed: Plant and devices, at the start of the history.
        history: Where it goes.
        until_s: Simulated time at which live begins.
        asked_s: Length of the history that was asked for; None: all of it.
    """
    history.brain.live = False
    await history.take([frame for _, frame in feed.meta()])
    coarse_s = max(until_s - FINE_S, 0.0) // 3600 * 3600
    long_s = 0.0 if asked_s is None else max(until_s - asked_s, 0.0) // 3600 * 3600
    for end_s, tick_s in ((min(long_s, coarse_s), LONG_TICK_S), (coarse_s, COARSE_TICK_S), (until_s, FINE_TICK_S)):
        if end_s > feed.now_s:
            await _history(feed, history, end_s, tick_s)
    history.brain.live = True


async def _history(feed: Feed, history: BackfillTarget, until_s: float, tick_s: float) -> None:
    """Run to a time; while the plant goes on, what it said before is stored."""
    frames: list[Frame] = []
    taking = asyncio.create_task(history.take([]))
    try:
        for time_s in feed.steps(until_s, tick_s):
            frames.extend(frame for _, said in await asyncio.to_thread(feed.advance, time_s) for frame in said)
            if len(frames) > BATCH_FRAMES:
                await taking
                taking = asyncio.create_task(history.take(frames))
                frames = []
        await taking
    finally:
        taking.cancel()
    await history.take(frames)


def first_feed(settings: RunSettings) -> Feed:
    """The plant of a run at simulated second 0, with all that it was told from outside before it."""
    scenario = load(settings.scenario)
    config = scenario.plant()
    if settings.anchored:
        before = timedelta(seconds=settings.backfill_s)
        config = anchored(config, settings.epoch or anchor(config, datetime.now(UTC), before))
    feed = Feed(config, settings.seed, scenario.base, live=True)
    record = RunRecord.of_folder(settings.folder)
    post(feed, () if record is None else record.commands)
    return feed
