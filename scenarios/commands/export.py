"""``factory export``: what happened in a run, for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.import_ import read_options
from scenarios.exports import export, exporter_of
from scenarios.live.options import Seed, duration_s
from scenarios.loader import load


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("export")
    def command(
        format_: Annotated[str, typer.Argument(metavar="FORMAT", help="a format of factory list")],
        scenario: Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")],
        out: Annotated[Path, typer.Option("--out", help="file or folder to write; replaced when it exists")],
        until: Annotated[str | None, typer.Option(help="horizon, e.g. 8h")] = None,
        seed: Seed = None,
        settings: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="an option")] = None,
        quiet: Annotated[bool, typer.Option("--quiet", help="say nothing when all is well")] = False,
    ) -> None:
        """Simulate a scenario and write its records for other tools: traces, tables, event logs, a Gantt chart."""
        options = read_options(exporter_of(format_).Options, settings or [])
        document = load(scenario)
        result = export(document, format_, out, seed, duration_s(until, document.run.horizon, "--until"), options)
        if not quiet:
            print(f"{out}: {format_}, {result.sim_s / 3600:g} h of {result.scenario}, fingerprint {result.fingerprint}")
