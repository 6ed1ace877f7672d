"""``factory role``: one role of a run in this process; started by ``factory run``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from scenarios.live.children import parent_is_gone
from scenarios.live.gateway_role import run_gateway
from scenarios.live.plant_role import run_plant
from scenarios.live.settings import RunSettings
from twin.errors import Problem, ScenarioError

Asked = asyncio.Queue[str]
Role = Callable[[RunSettings, asyncio.Event, Asked], Awaitable[None]]
ROLES: dict[str, Role] = {"plant": run_plant, "gateway": run_gateway}


async def _until_told(role: Role, settings: RunSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    asked: Asked = asyncio.Queue()
    parent = asyncio.create_task(parent_is_gone(asked))
    parent.add_done_callback(lambda _: stop.set())
    await role(settings, stop, asked)
    parent.cancel()


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(hidden=True)
    def role(
        name: Annotated[str, typer.Argument(help="plant or gateway")],
        settings: Annotated[Path, typer.Argument(help="settings of the run, as JSON")],
    ) -> None:
        """Run one role; ends when its standard input ends."""
        if name not in ROLES:
            raise ScenarioError([Problem("role", " or ".join(ROLES), repr(name))])
        asyncio.run(_until_told(ROLES[name], RunSettings.model_validate_json(settings.read_text(encoding="utf-8"))))
