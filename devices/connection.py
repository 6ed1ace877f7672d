"""A connection to a real machine: what a driver of a protocol is, and what it gives.

A connection lives in an event loop, apart from the plant, and is never pickled. It knows addresses of one
protocol ("items") and values; what they mean for the unit, its states, parts and alarms, is derived behind it
and is the same for every protocol.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol, runtime_checkable
from urllib.parse import urlsplit

import numpy as np
from pydantic import Field

from devices.derivation.options import MachineOptions
from twin.quantities import Duration
from twin.records import GOOD

Scalar = bool | int | float | str | None
ALIVE_S = 2.0
"""Longest time in s for which a machine that answers says nothing."""


class ConnectionOptions(MachineOptions):
    """Base of the options of every kind of connection: what holds for any protocol, and what its items mean."""

    period: Annotated[Duration, Field(gt=0)] = Field(
        default=1.0, description="shortest time between two readings of an item"
    )
    schemes: ClassVar[tuple[str, ...]] = ()
    """Schemes of the URLs that name a machine of this kind, the usual one first, e.g. ``opc.tcp``."""

    @classmethod
    def from_url(cls, url: str) -> dict[str, Any]:
        """What a URL of one of the schemes says, as options; they are not checked yet.

        Raises:
            ValueError: It says nothing that can be an option, with what is wrong.
        """
        return {"endpoint": url}

    def reached_at(self) -> tuple[str, int] | None:
        """Host and port that are connected to; None where that is not known."""
        return None


class HostOptions(ConnectionOptions):
    """Base of the options of protocols that name a machine by host and port alone; the usual port is the protocol's."""

    host: str = Field(min_length=1, max_length=255, description="name or address of the machine")
    port: int = Field(ge=1, le=65_535, description="TCP port")

    @classmethod
    def from_url(cls, url: str) -> dict[str, Any]:
        """Host, and port where there is one.

        >>> HostOptions.from_url("modbus://10.0.0.7:1502"), HostOptions.from_url("s7://press")
        ({'host': '10.0.0.7', 'port': 1502}, {'host': 'press'})
        """
        parts = urlsplit(url)
        if not parts.hostname or parts.path.strip("/") or parts.username is not None:
            raise ValueError(f"expected {parts.scheme}://host:port, got {url!r}")
        return {"host": parts.hostname} | ({} if parts.port is None else {"port": parts.port})

    def reached_at(self) -> tuple[str, int] | None:
        """Host and port."""
        return self.host, self.port


def place_of(url: str, usual: int) -> tuple[str, int] | None:
    """Host and port of a URL, with the usual port where it names none; None where it has no host.

    >>> place_of("opc.tcp://10.0.0.5/machine", 4840)
    ('10.0.0.5', 4840)
    """
    parts = urlsplit(url)
    return (parts.hostname, parts.port or usual) if parts.hostname else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that is to be read.

    Args:
        item: Its address, in the words of the protocol, e.g. ``ns=2;s=Spindle.Speed`` or ``holding:40001:float32``.
        period_s: Shortest time between two readings; sampling interval of a subscription, period of a poll.
        deadband: Changes of a number up to this need not be told.
    """

    item: str
    period_s: float = 1.0
    deadband: float = 0.0


@dataclass(frozen=True, slots=True)
class DataValue:
    """One value of one item, as the machine gave it.

    Args:
        item: Address as in :class:`Wanted`.
        value: The value; None where there is none.
        time_ns: Time that the machine gave, ns since 1970 UTC; None: it has no clock.
        quality: GOOD, UNCERTAIN or BAD.
        reason: Why it is not good, as the protocol names it, e.g. ``BadNodeIdUnknown``; a missing item has one too.
    """

    item: str
    value: Scalar
    time_ns: int | None = None
    quality: np.uint8 = GOOD
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BrowsedItem:
    """An item that a machine offers.

    Args:
        item: Address, as a mapping names it.
        name: Last part of its name.
        folders: Names of what it stands in, outermost first.
        type: Type of its value, in plain words: ``bool``, ``int16``, ``float64``, ``text`` …
        unit: Unit of measure, as the machine gives it.
        writable: Whether this client may write it.
        value: What it shows now; None where that was not read.
        about: Description.
    """

    item: str
    name: str
    folders: tuple[str, ...] = ()
    type: str = ""
    unit: str = ""
    writable: bool = False
    value: Scalar = None
    about: str = ""


class MachineConnection(Protocol):
    """One session with one machine. Made by ``kind(options, wanted, base)``; ``kind.Options`` is checked before.

    It is opened once; after an error it is closed and another one is made: no connection repairs itself, so
    that the same rules of waiting and telling hold for all. Whatever it holds is bounded.
    """

    async def open(self) -> None:
        """Connect and begin to read.

        Raises:
            RetriableError: It is not there now.
            ProblemsError: Waiting does not help: refused password or certificate, an address that is none.
        """

    async def readings(self) -> Sequence[DataValue]:
        """Wait for the next readings, in the order in which the machine gave them.

        Every item is told once after the opening, whatever its state, then when it changes. While the machine answers
        and nothing changes this returns nothing, at the latest after :data:`ALIVE_S`: a sign of life, by which what
        holds is told from a machine that is silent. A protocol that cannot know whether the machine is there, such as
        a subscription at a broker, gives no such sign.
        An item that fails is BAD with its reason and harms no other.

        Raises:
            RetriableError: The machine went away.
        """

    async def write(self, item: str, value: Scalar) -> None:
        """Write one item.

        Raises:
            RetriableError: The machine is not there.
            ProblemsError: It refuses, with its reason.
        """

    def browse(self) -> AsyncIterator[BrowsedItem]:
        """All that it offers; protocols without names (Modbus, S7) give what they can, which may be nothing."""

    async def close(self) -> None:
        """End the session; never raises, and never takes longer than some seconds."""


@runtime_checkable
class CountingConnection(Protocol):
    """A connection that counts what it has met on its way, which its readings do not tell."""

    def met(self) -> Mapping[str, int]:
        """Numbers since it was opened, some of :data:`MET`."""


MET = {
    "missed": "messages whose number was left out",
    "rebirths": "births asked for",
    "overflowed": "messages for which there was no room",
}
"""What connections count besides values, by the name of the counter."""


class ConnectionKind(Protocol):
    """What is registered for a protocol, a class; its module's docstring names options and the form of addresses."""

    Options: type[ConnectionOptions]
    """Options: those of every connection and its own. Passwords are :class:`devices.secret.Secret`."""

    def __call__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> MachineConnection:
        """Make one; nothing is opened yet."""

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
