"""Servers of protocols as which simulated machines answer, one module each; a module registers its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

from devices.personality import Personality
from devices.served import ServedPlant
from twin.registry import Registry


class MachineServer(Protocol):
    """A server that shows machines by a protocol. Made by ``kind(plant, host, port)``.

    It is read only, and whatever it holds for a client is bounded. Addresses follow from the number and the tags of a
    machine, so that they are the same in each run of a scenario.
    """

    usual_port: ClassVar[int]
    """Port where none is named; one that nobody has to be privileged for."""
    columns: ClassVar[tuple[str, ...]]
    """Columns of its map."""
    personality: Personality
    """How it behaves apart from what it shows; without faults where nobody says otherwise."""
    requests: int
    """Requests that were answered."""
    refused: int
    """Requests that were answered with an error."""

    def rows(self) -> list[Mapping[str, str]]:
        """The map: where each point of each machine stands, a row each."""

    async def open(self) -> None:
        """Listen.

        Raises:
            FatalError: The port is taken.
            ProblemsError: It cannot show so many machines.
        """

    async def close(self) -> None:
        """End all connections; never raises."""


class ServerKind(Protocol):
    """What is registered for a protocol, a class."""

    usual_port: int
    columns: tuple[str, ...]

    def __call__(self, plant: ServedPlant, host: str, port: int) -> MachineServer:
        """Make one; nothing is opened yet."""


servers: Registry[ServerKind] = Registry(
    "server", "devices.servers", {"": 3, "rows": 0, "open": 0, "close": 0}, has=("usual_port", "columns")
)
"""Every kind of server. An entry is made by ``kind(plant, host, port)``."""
