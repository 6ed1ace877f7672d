"""``factory simulate``: headless, as fast as possible, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import AsJson, Named, Override, Quiet, Seed, Until


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("simulate")
    def command(
        scenario: Named,
        until: Until = None,
        seed: Seed = None,
        set_: Override = None,
        as_json: AsJson = False,
        out: Annotated[Path | None, typer.Option("--out", help="folder for all records as Parquet tables")] = None,
        engine_only: Annotated[
            bool,
            typer.Option("--engine-only", help="the engine's own account without telemetry, for large plants"),
        ] = False,
        flow: Annotated[
            bool,
            typer.Option("--flow", help="items held, time in system and waiting time of lines and sites; slower"),
        ] = False,
        quiet: Quiet = False,
    ) -> None:
        """Simulate a scenario headless; figures by the brain from its telemetry."""
        from scenarios.actions.simulate import act

        ways = (engine_only, flow)
        if not act(scenario, set_ or (), until, seed, out, ways, as_json=as_json, quiet=quiet):
            raise typer.Exit(1)
