"""One live run: history first, then broker, hub and plant until told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from brokers.embedded import EmbeddedBroker
from scenarios.document import Scenario
from scenarios.feed import Feed, anchored, last_full_hour
from scenarios.live.backfill import FINE_TICK_S, backfill
from scenarios.live.children import Child
from scenarios.live.hub import Hub
from scenarios.live.settings import RunSettings
from twin.errors import ConnectorError

log = logging.getLogger(__name__)

Say = Callable[[str], None]


class LiveRun:
    """Starts the roles of a run in order and ends them in the opposite order.

    Args:
        scenario: The scenario.
        settings: Settings of the run.
        say: Tells the user one line.
    """

    def __init__(self, scenario: Scenario, settings: RunSettings, say: Say):
        self.scenario = scenario
        self.settings = settings
        self._say = say
        self._stop = asyncio.Event()
        self._watched: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    async def run(self) -> None:
        """Run until Ctrl-C or SIGTERM.

        Raises:
            ConnectorError: A counterpart is away for good, or one of our processes ended by itself.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        async with self._stack:
            started = asyncio.create_task(self._start())
            try:
                await self._until_stopped(started)
            finally:
                self._say("stopping ...")
                for task in (started, *self._watched):
                    task.cancel()
                await asyncio.gather(started, *self._watched, return_exceptions=True)

    async def _until_stopped(self, started: asyncio.Task[None]) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait([stopped, started], return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            started.result()
            await asyncio.wait([stopped, *self._watched], return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            return
        stopped.cancel()
        for task in self._watched:
            if task.done():
                task.result()

    async def _start(self) -> None:
        hub = Hub(self.settings, self.scenario.title)
        self._stack.push_async_callback(hub.close)
        self._say(f"dashboard: {await hub.open()}")
        feed = await asyncio.to_thread(self._feed)
        for note in feed.notes:
            self._say(note)
        await self._make_history(feed, hub)
        broker = await self._broker()
        settings = self.settings.model_copy(update={"broker": broker})
        await hub.connect(broker)
        self._watch(hub.watch())
        for role in ["plant"] if settings.opcua_port is None else ["gateway", "plant"]:
            child = await self._child(role, settings)
            ended = self._watch(_ended(f"the process of the {role}", child.wait()))
            await child.ready.wait()
            if child.ended:
                await ended
            if role == "plant":
                hub.look_ahead(child.ask)
        self._say("live; Ctrl-C ends")

    def _watch(self, end: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The run ends, with its error, when this does."""
        self._watched.append(asyncio.create_task(end))
        return self._watched[-1]

    def _feed(self) -> Feed:
        config = self.scenario.plant()
        if self.settings.anchored:
            now = datetime.now(UTC)
            config = anchored(config, last_full_hour(now, timedelta(seconds=self.settings.backfill_s)))
        return Feed(config, self.settings.seed, self.scenario.base)

    async def _make_history(self, feed: Feed, hub: Hub) -> None:
        begun = time.monotonic()
        until_s = self.settings.backfill_s
        if self.settings.anchored:
            present_s = time.time() - feed.plant.epoch_ns * 1e-9
            until_s = present_s // FINE_TICK_S * FINE_TICK_S
        await backfill(feed, hub.history, until_s)
        await asyncio.to_thread(feed.save, self.settings.plant_state)
        self._say(
            f"history: {until_s / 3600:.1f} h of {len(feed.plant.units)} units in {time.monotonic() - begun:.1f} s"
        )

    async def _broker(self) -> str:
        """Address of the broker; credentials of the embedded one go into the environment of our processes."""
        if self.settings.broker is not None:
            return self.settings.broker
        broker = EmbeddedBroker()
        self._stack.push_async_callback(broker.stop)
        await broker.start()
        self._watch(_ended("the embedded broker", broker.wait()))
        os.environ.update(broker.credentials)
        return broker.url

    async def _child(self, name: str, settings: RunSettings) -> Child:
        child = Child(name, ["-m", "scenarios.cli", "role", name, str(settings.write())], self._say)
        self._stack.push_async_callback(child.stop)
        await child.start()
        return child


async def _ended(what: str, end: Awaitable[int]) -> None:
    raise ConnectorError(f"{what} ended with code {await end} (see its messages above)")
