"""The brain's process on anybody's records: no plant; indicators to broker, store and, if asked, pages."""

from __future__ import annotations

import asyncio
import logging

from brokers.stores import Logged
from scenarios.live.account import Account
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from scenarios.live.thinking import CONNECT_S, Thinking

log = logging.getLogger(__name__)


async def run_brain(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Account:
    """Compute indicators of what the broker brings until told to stop.

    Args:
        settings: Settings of the run, with the address of a broker.
        stop: Set when it is to end.
        parent: The process that started this one.

    Returns:
        What the exit code depends on.
    """
    thinking = _shown(settings, parent) if settings.pages else Thinking(settings, parent)
    return await thinking.serve(_work(thinking), stop)


def _shown(settings: RunSettings, parent: Parent) -> Thinking:
    from scenarios.live.shown import Shown  # where pages are asked for: they load a web server

    return Shown(settings, settings.title, parent)


async def _work(thinking: Thinking) -> None:
    settings, parent = thinking.settings, thinking.parent
    if settings.broker is None:
        raise ValueError("brain: expected the address of a broker in the settings, got none")
    told = await thinking.open()
    known = await asyncio.to_thread(thinking.recall)
    if not known:
        if parent.again and settings.hub_state.exists():
            log.warning("brain: what it remembered cannot be read; it begins with what comes now")
        await asyncio.to_thread(thinking.memory.begin, thinking.brain)
    if isinstance(thinking.store, Logged):
        await thinking.store.save()
    await thinking.connect(settings.broker, None if known else CONNECT_S)
    heard = ", ".join(path or "everything" for path in settings.heard)
    if told:
        print(f"dashboard: {told}", flush=True)
    print(f"brain: {'goes on' if known else 'begins'}, listens to {heard}", flush=True)
    parent.ready()
    await asyncio.gather(thinking.watch(), thinking.counting(), thinking.remembering())
