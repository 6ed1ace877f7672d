"""``factory snapshot``: a plant as it is at some time, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import AsJson, Named, Override, Seed


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("snapshot")
    def command(
        scenario: Named,
        out: Annotated[Path, typer.Option(help="file to write")],
        until: Annotated[
            str | None, typer.Option(help="simulated time, e.g. 8h or a date-time; default: the start")
        ] = None,
        seed: Seed = None,
        set_: Override = None,
        as_json: AsJson = False,
    ) -> None:
        """Run a scenario's plant to a time and save it for `factory forecast`."""
        from scenarios.actions.snapshot import act

        act(scenario, out, until, seed, set_ or (), as_json=as_json)
