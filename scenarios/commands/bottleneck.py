"""``factory bottleneck``: which unit limits a plant, and how it shifts."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.options import AsJson, Named, Override, Quiet, Seed, Until


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("bottleneck")
    def command(
        scenario: Named,
        until: Until = None,
        warm_up: Annotated[str | None, typer.Option(help="left out at the begin, e.g. 1h")] = None,
        scope: Annotated[str, typer.Option(help="only units at or below this path")] = "",
        replications: Annotated[int, typer.Option(min=1, max=1000, help="runs with different random numbers")] = 5,
        seed: Seed = None,
        set_: Override = None,
        as_json: AsJson = False,
        quiet: Quiet = False,
    ) -> None:
        """Simulate a scenario and tell which units limit it, alone or in turn."""
        from scenarios.actions.bottleneck import act

        act(scenario, set_ or (), (warm_up, until), scope, replications, seed, as_json=as_json, quiet=quiet)
