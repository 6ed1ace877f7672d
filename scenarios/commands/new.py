"""``factory new``: a plug-in to begin with."""

from __future__ import annotations

from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def new(
        kind: Annotated[
            str,
            typer.Argument(help="station, behaviour, kpi, driver, store, connector, panel or rule", metavar="KIND"),
        ],
        name: Annotated[str, typer.Argument(help="its name: small letters, digits and _", metavar="NAME")],
    ) -> None:
        """Begin a plug-in in this folder: writes a module, its test and an example, and names it in pyproject.toml."""
        from scenarios.actions.new import act

        act(kind, name)
