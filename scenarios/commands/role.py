"""``factory role``: one role of a run in this process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from scenarios.live.parent import Parent
from scenarios.live.roles import NAMES, role_of, until_told
from scenarios.live.settings import RunSettings
from twin.errors import Problem, ScenarioError


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(hidden=True)
    def role(
        name: Annotated[str, typer.Argument(help=" or ".join(NAMES))],
        settings: Annotated[Path, typer.Argument(help="settings of the run, as JSON")],
    ) -> None:
        """Run one role until Ctrl-C or SIGTERM."""
        if name not in NAMES:
            raise ScenarioError([Problem("role", " or ".join(NAMES), repr(name))])
        chosen = RunSettings.model_validate_json(settings.read_text(encoding="utf-8"))
        asyncio.run(until_told(role_of(name), chosen, Parent(alone=True)))
