"""One role of a run in a process of its own: ``python -m scenarios.live.roles NAME SETTINGS --child``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from brokers.retry import TRIES, Tries
from scenarios.live.account import Account, locked, losses, reckon
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from twin.errors import (
    DataLostError,
    FactoryError,
    FatalError,
    ForgottenError,
    PlantLockedError,
    ProblemsError,
    UnfinishedError,
)
from twin.registry import bug

log = logging.getLogger(__name__)

NAMES = ("hub", "plant", "gateway", "machines", "servers", "brain")
MODULE = "scenarios.live.roles"
BUG = 4
END_S = 6.0
"""How long a role that is to end goes on trying what fails, e.g. to write to a disk that is full."""
LOOK_S = 0.2

Role = Callable[[RunSettings, asyncio.Event, Parent], Coroutine[Any, Any, Account]]
"""Runs until told to stop; gives what the exit code depends on."""


def role_of(name: str, listener: int | None = None) -> Role:
    """A role by its name.

    Args:
        name: One of :data:`NAMES`.
        listener: Number of the open socket of the pages.
    """
    if name == "plant":
        from scenarios.live.plant_role import run_plant  # here: no role waits for what another one imports

        return run_plant
    if name == "gateway":
        from scenarios.live.gateway_role import run_gateway

        return run_gateway
    if name == "machines":
        from scenarios.live.machines_role import run_machines

        return run_machines
    if name == "servers":
        from scenarios.live.servers_role import run_servers

        return run_servers
    if name == "brain":
        from scenarios.live.brain_role import run_brain

        return run_brain
    from scenarios.live.hub_role import run_hub

    return partial(run_hub, listener=None if listener is None else socket.socket(fileno=listener))


async def until_told(role: Role, settings: RunSettings, parent: Parent) -> None:
    """Run a role until its parent or a signal tells it to end.

    Raises:
        DataLostError: Records were lost on its side.
        PlantLockedError: Units of its plant wait for one another.
        UnfinishedError: It had to end without having written everything.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    listening = asyncio.create_task(parent.listen())
    listening.add_done_callback(lambda _: stop.set())
    tries = Tries()
    TRIES.set(tries)
    ends = await ended(asyncio.create_task(role(settings, stop, parent)), stop, tries)
    listening.cancel()
    reckon("role", losses(ends), locked(ends))


async def ended(working: asyncio.Task[Account], stop: asyncio.Event, tries: Tries, limit_s: float = END_S) -> Account:
    """What a role gives at its end; one that is to end does not try for ever what fails.

    Raises:
        UnfinishedError: It had to end without having written everything.
    """
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await _given_up(working, tries, limit_s)
    if tries.over:
        await asyncio.wait([working])
    if left := sorted(tries.left):
        if not working.cancelled() and (error := working.exception()) is not None:
            log.debug("ended by %s", error)
        hint = "what it has kept is said again when it is started again; mend this first"
        raise UnfinishedError(f"role: expected to end with everything written, got {'; '.join(left)} ({hint})")
    return await working


async def _given_up(working: asyncio.Task[Account], tries: Tries, limit_s: float) -> None:
    """Wait until a role ends, or is told to try once more what fails, and then no more."""
    until = time.monotonic() + limit_s
    while not working.done() and not tries.over:
        await asyncio.wait([working], timeout=LOOK_S)
        if tries.waiting and time.monotonic() > until:
            tries.over = True


def main() -> None:
    """Command line of a child."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("settings", type=Path)
    parser.add_argument("--child", action="store_true", help="obey the process that started this one")
    parser.add_argument("--again", action="store_true", help="the role has lived before")
    parser.add_argument("--listener", type=int, help="open socket of the pages")
    options = parser.parse_args()
    sys.exit(lived(options))


def lived(options: argparse.Namespace) -> int:
    """Run a role to its end and give its exit code."""
    parent = Parent(alone=not options.child, again=options.again)
    try:
        settings = RunSettings.model_validate_json(options.settings.read_text(encoding="utf-8"))
        asyncio.run(until_told(role_of(options.name, options.listener), settings, parent))
    except (DataLostError, PlantLockedError) as error:
        return error.exit_code
    except FactoryError as error:
        print(f"{options.name}: {error}", file=sys.stderr)
        if isinstance(error, ForgottenError):
            parent.anew()
        elif isinstance(error, FatalError | ProblemsError):
            parent.final()
        return error.exit_code
    except Exception as error:
        traceback.print_exc()
        print(f"{options.name}: {bug(error)}", file=sys.stderr)
        return BUG
    return 0


if __name__ == "__main__":
    main()
