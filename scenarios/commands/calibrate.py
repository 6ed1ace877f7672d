"""``factory calibrate``: from recorded events to the distributions of a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import AsJson


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("calibrate")
    def command(
        events: Annotated[Path, typer.Option("--from", help="events: .duckdb of a run, folder of tables, .csv")],
        scenario: Annotated[str, typer.Option(help="scenario to begin with: file, or name of a shipped one")],
        out: Annotated[Path, typer.Option(help="scenario to write, beside or above the one to begin with")],
        json_: AsJson = False,
        quiet: Annotated[bool, typer.Option("--quiet", help="print nothing")] = False,
    ) -> None:
        """Fit cycle, setup, failure, repair and scrap to recorded events and write a scenario with them."""
        from scenarios.actions.calibrate import act

        act(events, scenario, out, as_json=json_, quiet=quiet)
