"""The hub's process: pages at once, then history, then what the broker brings."""

from __future__ import annotations

import asyncio
import socket
import time
from functools import partial

from brokers.retry import retried
from brokers.stores import Logged
from scenarios.headless.feed import Feed
from scenarios.live.account import Account
from scenarios.live.backfill import FINE_TICK_S, backfill, first_feed
from scenarios.live.clock import SystemClock
from scenarios.live.hub import Hub
from scenarios.live.made import MadeFiles
from scenarios.live.parent import Parent
from scenarios.live.plant_memory import PlantMemory
from scenarios.live.settings import RunSettings
from scenarios.live.thinking import CONNECT_S
from twin.errors import ForgottenError
from twin.ports import Clock
from twin.records import RecordKind


async def run_hub(
    settings: RunSettings, stop: asyncio.Event, parent: Parent, listener: socket.socket | None = None
) -> Account:
    """Serve pages and store what the broker brings until told to stop.

    Args:
        settings: Settings of the run.
        stop: Set when it is to end.
        parent: The process that started this one.
        listener: Socket of the pages, if it has been made already.

    Returns:
        What the exit code depends on.
    """
    hub = Hub(settings, settings.title, parent, listener)
    return await hub.serve(_work(hub), stop)


async def _work(hub: Hub) -> None:
    parent, settings = hub.parent, hub.settings
    address = await hub.open()
    if not parent.again:
        print(f"dashboard: {address}", flush=True)
    await prepared(hub)
    broker = await parent.broker() if settings.broker is None else settings.broker
    await hub.connect(broker, limit_s=None if parent.again else CONNECT_S)
    parent.ready()
    watching = asyncio.create_task(hub.watch())
    try:
        await asyncio.gather(watching, _looking(hub), hub.counting(), hub.remembering())
    finally:
        watching.cancel()


async def prepared(hub: Hub, clock: Clock | None = None) -> None:
    """Go on where this run was, or make its history: from the seed and the record it is the same again.

    Args:
        hub: Hub with an open store.
        clock: Time of the machine.

    Raises:
        ForgottenError: The role died, and what it remembered cannot be read.
    """
    settings = hub.settings
    plant = PlantMemory(settings.plant_state, settings.run)
    if await asyncio.to_thread(_goes_on, hub, plant):
        return
    if hub.parent.again and any(settings.folder.glob("plant*.ticks")):
        raise ForgottenError("hub", settings.folder)
    feed = await asyncio.to_thread(first_feed, settings)
    for note in feed.notes:
        print(note, flush=True)
    begun = time.monotonic()
    until_s = await _until_s(hub, feed, clock or SystemClock())
    await backfill(feed, hub.history, until_s, settings.backfill_s)
    feed.begin_with(MadeFiles(settings.folder).read().values())
    await asyncio.to_thread(plant.begin, feed)
    if isinstance(hub.store, Logged):
        await hub.store.save()
    await asyncio.to_thread(hub.memory.begin, hub.brain)
    hours, units, took_s = until_s / 3600, len(feed.plant.units), time.monotonic() - begun
    print(f"history: {hours:.1f} h of {units} units in {took_s:.1f} s", flush=True)


def _goes_on(hub: Hub, plant: PlantMemory) -> bool:
    """Whether both roles have a state to go on from; the plant's is not looked at while it may be alive."""
    return (hub.parent.again or plant.read()) and hub.recall()


async def _until_s(hub: Hub, feed: Feed, clock: Clock) -> float:
    """Simulated time at which live begins: the present, and not before what the store has heard already."""
    settings, epoch_ns = hub.settings, feed.plant.epoch_ns
    until_s = settings.backfill_s
    if settings.anchored:
        until_s = (clock.now_ns() - epoch_ns) * 1e-9 // FINE_TICK_S * FINE_TICK_S
    for site in settings.publishers:
        heard = await retried(partial(hub.store.latest, RecordKind.HEARTBEAT, site), "history")
        until_s = max([until_s, *((time_ns - epoch_ns) * 1e-9 for time_ns in heard.time_ns.tolist())])
    return until_s


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
