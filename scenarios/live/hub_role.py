"""The hub's process: pages at once, then history, then what the broker brings."""

from __future__ import annotations

import asyncio
import socket
import time

from scenarios.live.backfill import FINE_TICK_S, backfill, first_feed
from scenarios.live.children import Counters
from scenarios.live.hub import CONNECT_S, Hub
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings

COUNT_S = 1.0
"""Real time between two looks at the counters."""
SETTLE_S = 2.0
"""Longest wait at the end for what is on its way."""


async def run_hub(
    settings: RunSettings, stop: asyncio.Event, parent: Parent, listener: socket.socket | None = None
) -> Counters:
    """Serve pages and store what the broker brings until told to stop.

    Args:
        settings: Settings of the run.
        stop: Set when it is to end.
        parent: The process that started this one.
        listener: Socket of the pages, if it has been made already.

    Returns:
        Pieces that are lost, by the reason.
    """
    hub = Hub(settings, settings.title, parent, listener)
    work = asyncio.create_task(_work(hub))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
        await hub.settle(SETTLE_S)
    finally:
        for task in (work, stopped):
            task.cancel()
        await asyncio.gather(work, stopped, return_exceptions=True)
        parent.counts(hub.losses())
        await hub.close()
    return hub.losses()


async def _work(hub: Hub) -> None:
    parent, settings = hub.parent, hub.settings
    address = await hub.open()
    if not parent.again:
        print(f"dashboard: {address}", flush=True)
    await _prepared(hub)
    broker = await parent.broker() if settings.broker is None else settings.broker
    await hub.connect(broker, limit_s=None if parent.again else CONNECT_S)
    parent.ready()
    watching = asyncio.create_task(hub.watch())
    try:
        await asyncio.gather(watching, _looking(hub), _counting(hub))
    finally:
        watching.cancel()


async def _prepared(hub: Hub) -> None:
    """History, unless this run has made it already."""
    settings = hub.settings
    if settings.plant_state.exists():
        return
    feed = await asyncio.to_thread(first_feed, settings)
    for note in feed.notes:
        print(note, flush=True)
    begun = time.monotonic()
    until_s = settings.backfill_s
    if settings.anchored:
        present_s = time.time() - feed.plant.epoch_ns * 1e-9
        until_s = present_s // FINE_TICK_S * FINE_TICK_S
    await backfill(feed, hub.history, until_s)
    await asyncio.to_thread(feed.save, settings.plant_state)
    hours, units, took_s = until_s / 3600, len(feed.plant.units), time.monotonic() - begun
    print(f"history: {hours:.1f} h of {units} units in {took_s:.1f} s", flush=True)


async def _looking(hub: Hub) -> None:
    """Look ahead from the moment on at which the plant lives."""
    live = asyncio.Event()

    def look() -> None:
        if hub.parent.roles.get("plant", {}).get("status") == "up":
            live.set()

    hub.parent.on_roles = look
    look()
    await live.wait()
    hub.look_ahead()


async def _counting(hub: Hub) -> None:
    while True:
        hub.parent.counts(hub.losses())
        await asyncio.sleep(COUNT_S)
