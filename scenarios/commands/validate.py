"""``factory validate``: every problem of a scenario at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios.advice import advice
from scenarios.loader import load


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def validate(
        scenario: Annotated[Path, typer.Argument(help="scenario file")],
        quiet: Annotated[bool, typer.Option("--quiet", help="say nothing when all is well")] = False,
    ) -> None:
        """Check a scenario; list every problem with file, line, expectation and hint, and warn of what may lock."""
        document = load(scenario)
        for doubt in advice(scenario):
            print(f"warning: {doubt}", file=sys.stderr)
        if not quiet:
            print(f"{scenario}: fine, {len(list(document.plant().stations()))} units")
