"""``factory store``: copy a store as a whole, or make its file smaller."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from brokers.stores import open_store
from brokers.stores.moving import compact, copied
from twin.errors import Problem, ScenarioError

STORE = "duckdb://, lines://; or a .duckdb file"


def address_of(text: str) -> str:
    """The address of a store; a file or folder stands for itself."""
    if "://" in text:
        return text
    return f"{'duckdb' if text.endswith('.duckdb') else 'lines'}://{Path(text).absolute()}"


async def _moved(source: str, target: str) -> str:
    first, second = open_store(source), open_store(target)
    await first.open()
    try:
        await second.open()
        try:
            rows = await copied(first, second)
        finally:
            await second.close()
    finally:
        await first.close()
    return ", ".join(f"{kind} {count:,}" for kind, count in rows.items() if count) or "nothing"


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
        print(f"{target}: {asyncio.run(_moved(_there(source), address_of(target)))}")

    @store.command("import")
    def import_(
        source: Annotated[str, typer.Argument(help="folder of line protocol, or another store")],
        target: Annotated[str, typer.Argument(help="address of the store to fill, or a .duckdb file")],
    ) -> None:
        """Fill a store with all that another holds; rows that are there already stay one."""
        print(f"{target}: {asyncio.run(_moved(_there(source), address_of(target)))}")

    @store.command("compact")
    def compact_(file: Annotated[Path, typer.Argument(help=".duckdb file that nobody has open")]) -> None:
        """Give the room of deleted rows back to the disk."""
        if not file.is_file():
            raise ScenarioError([Problem(str(file), "a .duckdb file", "none")])
        before, after = compact(file)
        print(f"{file}: {before / 2**20:.1f} MiB, now {after / 2**20:.1f} MiB")


def _there(source: str) -> str:
    address = address_of(source)
    scheme, _, place = address.partition("://")
    if scheme in ("duckdb", "lines") and not Path(place.partition("?")[0]).exists():
        raise ScenarioError([Problem(source, "a store that is there", "none", STORE)])
    return address
