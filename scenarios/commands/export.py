"""``factory export``: what happened in a run, for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import Named, QuietIfWell, Seed, Setting, Until


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("export")
    def command(
        format_: Annotated[str, typer.Argument(metavar="FORMAT", help="a format of factory list")],
        scenario: Named,
        out: Annotated[Path, typer.Option("--out", help="file or folder to write; replaced when it exists")],
        until: Until = None,
        seed: Seed = None,
        settings: Setting = None,
        quiet: QuietIfWell = False,
    ) -> None:
        """Simulate a scenario and write its records for other tools: traces, tables, event logs, a Gantt chart."""
        from scenarios.actions.export import act

        act(format_, scenario, out, until, seed, settings or (), quiet=quiet)
