"""``factory browse``: what a real machine or an export of its tags offers, and a draft of its mapping."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.table import Table

from devices.connection import BrowsedItem, ConnectionOptions, MachineConnection
from devices.connections import connections
from devices.drafting import as_yaml, drafted
from devices.gathering import CLOSE_S, OPEN_S
from devices.profiles import profiles
from devices.tagfiles import read_tags
from scenarios.actions.console import console
from scenarios.actions.import_ import read_options
from twin.errors import Problem, RetriableError, ScenarioError

Who = tuple[str | None, str | None]
"""User, and variable with the password."""
ANYWHERE = "machine.example"
"""Host that stands in a draft where a file does not say it."""
LONGEST_S = 120.0
"""Longest time that is spent on the tree; of a larger one is shown what came until then."""


def act(
    machine: Sequence[str],
    who: Who,
    settings: Sequence[str],
    profile: str | None,
    most: int,
    *,
    as_json: bool,
) -> None:
    """Print what a machine offers.

    Args:
        machine: URL of the machine; with the kind of connection before it the scheme may be left out. Or a file with
            its tags (:mod:`devices.tagfiles`).
        who: User, and variable with the password.
        settings: Further options of the connection, as name=value.
        profile: Tag profile to draft the mapping for.
        most: Most items that are shown.
        as_json: As one object.

    Raises:
        ProblemsError: Wrong arguments, or the machine refuses us.
        RetriableError: It is not there.
    """
    if profile is not None and profile not in profiles:
        raise ScenarioError([Problem("--draft", "a tag profile", repr(profile), profiles.hint(profile))])
    if len(machine) > 2:
        raise ScenarioError([Problem("endpoint", "a kind and a URL, or a URL", repr(" ".join(machine)))])
    named = machine[0] if len(machine) == 2 else ""
    file = Path(machine[-1])
    listed = "://" not in machine[-1] and file.is_file()
    kind, shown, items, whole = (_of_file if listed else _of_machine)(named, machine[-1], who, settings, most)
    if not whole:
        print(f"warning: {machine[-1]}: there is more; only {len(items)} items are shown", file=sys.stderr)
    if profile is not None:
        tags = profiles[profile].tags
        print(as_yaml(profile, kind, shown, tags, drafted(tags, items)), end="")
    elif as_json:
        told = {"kind": kind, "whole": whole, "items": [dataclasses.asdict(item) for item in items]}
        print(json.dumps(told, ensure_ascii=False, default=str))
    else:
        _show(items)


Listed = tuple[str, dict[str, Any], list[BrowsedItem], bool]
"""Kind of connection, options of a session with it, items, and whether these are all."""


def _of_machine(named: str, endpoint: str, who: Who, settings: Sequence[str], most: int) -> Listed:
    """What a machine offers."""
    kind, url = _named(named, endpoint)
    session = _session(kind, url, who)
    options = _options(kind, session, settings)
    items, whole = asyncio.run(_offered(connections[kind](options, (), Path.cwd()), most, url))
    return kind, _shown(session, options, settings), items, whole


def _of_file(named: str, file: str, who: Who, settings: Sequence[str], most: int) -> Listed:
    """What an engineering tool has exported; where the machine is stands in no such file."""
    if named:
        _known(named)
    kind, items = read_tags(Path(file), named)
    schemes = connections[kind].Options.schemes
    session = _session(kind, f"{schemes[0] if schemes else kind}://{ANYWHERE}", who)
    return kind, _shown(session, _options(kind, session, settings), settings), items[:most], len(items) <= most


def _options(kind: str, session: dict[str, Any], settings: Sequence[str]) -> Any:
    told = [f"{name}={json.dumps(value)}" for name, value in session.items()]
    return read_options(connections[kind].Options, [*told, *settings])


def _shown(session: dict[str, Any], options: ConnectionOptions, settings: Sequence[str]) -> dict[str, Any]:
    return session | {name: _plain(options, name) for name in (text.partition("=")[0] for text in settings)}


def _known(kind: str) -> None:
    if kind not in connections:
        raise ScenarioError([Problem("kind", "a kind of connection", repr(kind), connections.hint(kind))])


def _named(kind: str, endpoint: str) -> tuple[str, str]:
    """Kind and URL."""
    if kind:
        _known(kind)
        schemes = connections[kind].Options.schemes
        return kind, endpoint if "://" in endpoint or not schemes else f"{schemes[0]}://{endpoint}"
    scheme, told, _ = endpoint.partition("://")
    by_scheme = {one: name for name in connections.kinds() for one in connections[name].Options.schemes}
    if not told or scheme not in by_scheme:
        known = ", ".join(f"{one}://" for one in by_scheme)
        hint = "or name the kind before it; factory list shows all"
        raise ScenarioError([Problem("endpoint", f"a URL that begins with one of {known}", repr(endpoint), hint)])
    return by_scheme[scheme], endpoint


def _session(kind: str, url: str, who: Who) -> dict[str, Any]:
    """Options that say where the machine is and who asks."""
    model: type[ConnectionOptions] = connections[kind].Options
    try:
        found = model.from_url(url)
    except ValueError as error:
        raise ScenarioError([Problem("endpoint", "a URL of a machine", repr(url), str(error))]) from None
    user, password = who
    if user is not None:
        found["user"] = user
    if password is not None:
        found["password"] = {"env": password}
    return found


def _plain(options: ConnectionOptions, name: str) -> Any:
    return options.model_dump(mode="json", include={name})[name]


async def _offered(connection: MachineConnection, most: int, where: str) -> tuple[list[BrowsedItem], bool]:
    """What it offers, and whether that is all."""
    found: list[BrowsedItem] = []
    try:
        async with asyncio.timeout(OPEN_S):
            await connection.open()
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                async for item in connection.browse():
                    if len(found) == most:
                        return found, False
                    found.append(item)
                return found, True
        return found, False
    except TimeoutError:
        raise RetriableError(f"{where}: expected an answer within {OPEN_S:g} s, got none") from None
    finally:
        with suppress(Exception):  # whatever it was, it is over
            async with asyncio.timeout(CLOSE_S):
                await connection.close()


def _show(items: Sequence[BrowsedItem]) -> None:
    if not items:
        print("nothing: machines of this kind do not tell what they have; their manuals do")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("folders", "name", "type", "unit", "value", "writable", "item"):
        table.add_column(column, overflow="fold")
    for item in items:
        value = "" if item.value is None else str(item.value)[:40]
        place = "/".join(item.folders)
        table.add_row(place, item.name, item.type, item.unit, value, "yes" if item.writable else "no", item.item)
    console().print(table, markup=False, highlight=False)
