"""``factory run`` and ``factory demo``: a scenario live."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scenarios.ending import told_to_stop
from scenarios.options import Backfill, Fresh, Language, Named, Port, Seed, Speed, with_live_options

DEMO_HISTORY = "8 h"


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    @with_live_options
    def run(
        scenario: Named,
        quiet: Annotated[bool, typer.Option("--quiet", help="print the address only")] = False,
        **options: Any,
    ) -> None:
        """Run a scenario live: simulate, publish, ingest, brain, dashboard; goes on with the run that it finds."""
        with told_to_stop():
            from scenarios.actions.live import act

            act(scenario, quiet=quiet, **options)

    @app.command()
    def demo(
        speed: Speed = None,
        seed: Seed = None,
        port: Port = None,
        language: Language = None,
        backfill: Backfill = DEMO_HISTORY,
        fresh: Fresh = False,
    ) -> None:
        """Run the shipped vehicle chain with history, and print where to look."""
        with told_to_stop():
            from scenarios.actions.live import DEMO, act

            act(DEMO, backfill, fresh, speed=speed, seed=seed, port=port, language=language)
