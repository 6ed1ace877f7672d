"""``factory list`` and ``factory describe``: what a scenario can use."""

from __future__ import annotations

from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command("list")
    def list_() -> None:
        """List scenarios, studies, distributions and all kinds: stations, rules, effects, formats and others."""
        from scenarios.actions.catalogue import list_all

        list_all()

    @app.command()
    def describe(
        kind: Annotated[str, typer.Argument(help="name of anything that factory list shows but scenarios")],
    ) -> None:
        """Show what a kind does and what can be set: of a station, rule, effect, format, distribution or study."""
        from scenarios.actions.catalogue import describe

        describe(kind)
