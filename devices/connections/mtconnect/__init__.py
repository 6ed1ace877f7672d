"""A machine tool with MTConnect: an agent over HTTP, or its adapter.

Options (under ``device.options`` with ``driver: mtconnect``)::

    agent: http://10.0.0.9:5000      # an agent; its probe, current and sample are read
    device: Mazak01                  # of an agent with several devices; default: all of them
    adapter: 10.0.0.9:7878           # in place of an agent: the lines that an adapter sends (SHDR)
    ping: true                       # false: an adapter that does not answer PING; its silence is not noticed
    count: 1000                      # most observations in one answer of an agent
    period: 1 s
    timeout: 5 s

Addresses are the name or the id of a data item, ``Srpm``; of an adapter the name that it sends. Numbers are those of
samples and of events that are numbers by their type; other events are texts. A condition is ``Normal``, ``Warning``,
``Fault``, the worst of those that are active. ``UNAVAILABLE`` is BAD.

An agent's observations are read by their sequence numbers, so that nothing between two looks is lost. Where its buffer
has gone on without us, the values that follow are UNCERTAIN and say how many were lost; an agent that has restarted
(another instanceId) ends the connection. An adapter that does not answer PING for two ``timeout`` has gone. MTConnect
cannot write.

Source: MTConnect 2.0, part 1 (protocol), part 2 (data items); Simple Hierarchical Data Representation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from devices.connection import BrowsedItem, ConnectionOptions, DataValue, Scalar, Wanted
from devices.connections import connections
from devices.connections.mtconnect.adapter import AdapterLink
from devices.connections.mtconnect.agent import AgentLink
from devices.connections.mtconnect.options import MtConnectOptions
from twin.errors import Problem, ProblemsError

LONGEST = 200


@connections.register("mtconnect", MtConnectOptions)
class MtConnectConnection:
    """A machine tool with MTConnect: agent by sequence numbers, or adapter lines; it can only be read."""

    Options: ClassVar[type[ConnectionOptions]] = MtConnectOptions

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:  # noqa: ARG002
        self._where = options.agent or options.adapter
        self._link: AgentLink | AdapterLink
        self._link = AgentLink(options, wanted) if options.agent else AdapterLink(options, wanted)

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        right = 0 < len(item) <= LONGEST and item.isprintable() and "|" not in item and item == item.strip()
        return "" if right else f"expected the name or id of a data item, got {item[:80]!r}"

    async def open(self) -> None:
        """Connect and read everything once."""
        await self._link.open()

    async def readings(self) -> Sequence[DataValue]:
        """What was observed since the last time."""
        return await self._link.queue.take()

    async def write(self, item: str, value: Scalar) -> None:
        """Refuse: MTConnect is read only."""
        hint = "MTConnect is read only"
        raise ProblemsError([Problem(f"{self._where} {item}", "an item that is read", f"{value!r} to write", hint)])

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """All data items of the agent, or what the adapter has sent so far."""
        for found in self._link.browsed():
            yield found

    async def close(self) -> None:
        """End it."""
        await self._link.close()
