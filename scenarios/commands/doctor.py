"""``factory doctor``: each hop of a scenario with real machines, proved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import Broker, StoreUrl


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def doctor(
        scenario: Annotated[Path, typer.Argument(help="scenario file")],
        broker: Broker = None,
        store: StoreUrl = None,
    ) -> None:
        """Prove each hop to the real machines of a scenario, to broker and store; say what is wrong and what to do."""
        from scenarios.actions.doctor import act

        if not act(scenario, broker, store):
            raise typer.Exit(1)
