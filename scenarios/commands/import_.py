"""``factory import``: a scenario from a file of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import QuietIfWell, Setting


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("import")
    def import_(
        format_: Annotated[str, typer.Argument(metavar="FORMAT", help="a format of factory list, or auto")],
        file: Annotated[Path, typer.Argument(help="file or folder to read")],
        out: Annotated[Path, typer.Option("--out", help="scenario to write; replaced when it exists")],
        settings: Setting = None,
        quiet: QuietIfWell = False,
    ) -> None:
        """Make a scenario from a file of another tool, checked and ready to run."""
        from scenarios.actions.import_ import act

        act(format_, file, out, settings or (), quiet=quiet)
