"""``factory store``: copy a store as a whole, or make its file smaller."""

from __future__ import annotations

import asyncio
from pathlib import Path

from brokers.stores import open_store
from brokers.stores.moving import compact, copied
from scenarios.options import STORE
from twin.errors import Problem, ScenarioError


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


def move(source: str, target: str) -> None:
    """Copy all that a store holds into another."""
    place = address_of(target)
    print(f"{target}: {asyncio.run(_moved(_there(source), place))}")


def shrink(file: Path) -> None:
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
