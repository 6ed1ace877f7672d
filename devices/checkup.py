"""Each hop on the way to a real machine, proved once: name, port, session, items, what follows from them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devices.connection import DataValue, MachineConnection
from devices.connections import connections
from devices.derivation.machine import number_of
from devices.gathering import CLOSE_S, OPEN_S, MachineSession, RealUnit
from twin.errors import FactoryError
from twin.records import BAD, GOOD, RecordKind

PORT_S = 5.0
"""Longest wait for a port to open."""
READ_S = 10.0
"""Longest wait for the first values of all items; those of slow brokers are told as missing."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one check.

    Args:
        what: What was checked: the machine or unit, and the hop.
        well: Whether all is well.
        said: What was seen; where it is not well: expected what, got what (what to do).
    """

    what: str
    well: bool
    said: str

    def __str__(self) -> str:
        return f"{'ok   ' if self.well else 'wrong'} {self.what}: {self.said}"


async def check_up(session: MachineSession, base: Path) -> AsyncIterator[Checked]:
    """Check one machine, hop by hop; what lies behind a hop that fails is not tried.

    Args:
        session: Its units and items; no session is open.
        base: Folder that relative files of options start from.
    """
    options = session.units[0].options
    if (place := options.reached_at()) is not None:
        for hop in (_name, _port):
            found = await hop(session.name, *place)
            yield found
            if not found.well:
                return
    connection = connections[session.units[0].kind](options, session.wanted(), base)
    try:
        opened = await _open(session.name, connection)
        yield opened
        if opened.well:
            values = await _first_values(connection, {one.item for one in session.wanted()})
            for unit in session.units:
                for found in _unit(unit, values):
                    yield found
    finally:
        with suppress(Exception):  # whatever it was, it is over
            async with asyncio.timeout(CLOSE_S):
                await connection.close()


async def _name(machine: str, host: str, port: int) -> Checked:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
    except OSError as error:
        said = (
            f"expected a host that is known, got {host!r}: {error.strerror or error} (write its address, or mend DNS)"
        )
        return Checked(f"{machine} name", False, said)
    return Checked(f"{machine} name", True, f"{host} is {found[0][4][0]}")


async def _port(machine: str, host: str, port: int) -> Checked:
    what = f"{machine} port"
    try:
        async with asyncio.timeout(PORT_S):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        hint = "is it on, is the address right, does a firewall drop it?"
        return Checked(what, False, f"expected {host}:{port} to open, got no answer in {PORT_S:g} s ({hint})")
    except OSError as error:
        hint = "is its server on, is the port right?"
        return Checked(what, False, f"expected {host}:{port} to open, got {error.strerror or error} ({hint})")
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await writer.wait_closed()
    return Checked(what, True, f"{host}:{port} opens")


async def _open(machine: str, connection: MachineConnection) -> Checked:
    what = f"{machine} session"
    try:
        async with asyncio.timeout(OPEN_S):
            await connection.open()
    except FactoryError as error:
        return Checked(what, False, str(error))
    except TimeoutError:
        return Checked(what, False, f"expected an answer within {OPEN_S:g} s, got none (is it a server of this kind?)")
    return Checked(what, True, "certificates, user and password are accepted")


async def _first_values(connection: MachineConnection, items: set[str]) -> dict[str, DataValue]:
    """The first values of all items, or as many as come within the time."""
    found: dict[str, DataValue] = {}
    with suppress(TimeoutError, FactoryError):  # what did not come is told item by item
        async with asyncio.timeout(READ_S):
            while not items <= found.keys():
                found |= {value.item: value for value in await connection.readings()}
    return found


def _unit(unit: RealUnit, values: Mapping[str, DataValue]) -> Iterator[Checked]:
    tags = {source.item: (f"tag {name}", source.bit) for name, source in unit.options.tags.items()}
    for item in dict(unit.options.items()):
        name, bit = tags.get(item, ("item", None))
        yield _item(f"{unit.unit.path} {name} {item}", values.get(item), item in tags, bit)
    own = [values[item] for item in dict(unit.options.items()) if item in values]
    unit.derivation.take(own, time.time_ns())
    yield from _derived(unit)


def _item(what: str, value: DataValue | None, number: bool, bit: int | None) -> Checked:
    browse = "factory browse shows what there is"
    if value is None:
        return Checked(what, False, f"expected a value within {READ_S:g} s, got none ({browse})")
    if value.quality == BAD:
        return Checked(what, False, f"expected a value, got {value.reason or 'a bad one'} ({browse})")
    if number and math.isnan(number_of(value.value, bit)):
        return Checked(what, False, f"expected a number, got {value.value!r:.60} (map an item with a number)")
    quality = "good" if value.quality == GOOD else f"uncertain, {value.reason or 'no reason given'}"
    return Checked(what, True, f"{value.value!r:.60}, {type(value.value).__name__}, {quality}")


def _derived(unit: RealUnit) -> Iterator[Checked]:
    """What follows for state and parts."""
    path, options = unit.unit.path, unit.options
    if options.state is not None:
        states = [
            str(state) for frame in unit.derivation.frames() if frame.kind is RecordKind.STATE
            for state in frame.column("state").tolist()
        ]  # fmt: skip
        state = states[-1] if states else "UNKNOWN"
        said = state
        if state == "UNKNOWN":
            hint = "say in state what the value of its item means"
            said = f"expected a state, got UNKNOWN ({hint})"
        yield Checked(f"{path} state", state != "UNKNOWN", said)
    else:
        yield Checked(f"{path} state", False, "expected state in its options, got none (no availability without it)")
    if options.parts is None:
        yield Checked(f"{path} parts", False, "expected parts in its options, got none (no performance without them)")
        return
    for what, number in unit.derivation.kept()["counters"].items():
        told = f"{what} counts on from {number}" if number is not None else f"expected a count of {what}, got none"
        hint = "" if number is not None else " (map a whole number that grows)"
        yield Checked(f"{path} parts", number is not None, told + hint)
