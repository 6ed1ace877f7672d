"""``factory validate``: every problem of a scenario at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.loader import load


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def validate(
        scenario: Annotated[Path, typer.Argument(help="scenario file")],
        quiet: Annotated[bool, typer.Option("--quiet", help="say nothing when all is well")] = False,
    ) -> None:
        """Check a scenario; list every problem with file, line, expectation and hint."""
        document = load(scenario)
        if not quiet:
            print(f"{scenario}: fine, {len(list(document.plant().stations()))} units")
