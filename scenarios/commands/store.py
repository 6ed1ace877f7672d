"""``factory store``: copy a store as a whole, or make its file smaller."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import STORE


def add(app: typer.Typer) -> None:
    """Add the commands."""
    store = typer.Typer(help="A store as a whole.", no_args_is_help=True)
    app.add_typer(store, name="store")

    @store.command("export")
    def export(
        source: Annotated[str, typer.Argument(help=STORE)],
        target: Annotated[str, typer.Argument(help="folder of line protocol, or the address of any store")],
    ) -> None:
        """Write all that a store holds elsewhere, e.g. as line protocol that every InfluxDB reads."""
        from scenarios.actions.store import move

        if not move(source, target):
            raise typer.Exit(1)

    @store.command("import")
    def import_(
        source: Annotated[str, typer.Argument(help="folder of line protocol, or another store")],
        target: Annotated[str, typer.Argument(help="address of the store to fill, or a .duckdb file")],
    ) -> None:
        """Fill a store with all that another holds; rows that are there already stay one."""
        from scenarios.actions.store import move

        if not move(source, target):
            raise typer.Exit(1)

    @store.command("recompute")
    def recompute(
        source: Annotated[str, typer.Argument(help=f"address of the store; {STORE}")],
        begin: Annotated[str, typer.Option("--from", help="moment, e.g. 2026-11-02T06:00+08:00; without offset UTC")],
        end: Annotated[str, typer.Option("--to", help="moment")],
        run: Annotated[str, typer.Option(help="run that has a part of the store for itself")] = "",
        heard: Annotated[
            bool, typer.Option("--heard", help="no publisher was silent: partial may become good")
        ] = False,
    ) -> None:
        """Compute closed hours, shifts and days again from what the store has now, e.g. after an import."""
        from scenarios.actions.store import recount

        if not recount(source, (begin, end), run, heard):
            raise typer.Exit(1)

    @store.command("compact")
    def compact(file: Annotated[Path, typer.Argument(help=".duckdb file that nobody has open")]) -> None:
        """Give the room of deleted rows back to the disk."""
        from scenarios.actions.store import shrink

        shrink(file)
