"""``factory validate``: every problem of a scenario at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import QuietIfWell


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def validate(
        scenario: Annotated[Path, typer.Argument(help="scenario file")],
        quiet: QuietIfWell = False,
    ) -> None:
        """Check a scenario; list every problem with file, line, expectation and hint, and warn of what may lock."""
        from scenarios.actions.validate import act

        act(scenario, quiet=quiet)
