"""Moves pieces from an outbox to a publisher and survives the loss of the broker."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from brokers.links import Base, LinkPublisher
from brokers.outbox import Outbox
from twin.errors import ConnectorError, RetriableError
from twin.records import Frame

log = logging.getLogger(__name__)


@dataclass
class PumpCounters:
    """Connections lost and seconds without one."""

    lost: int = 0
    away_s: float = 0.0


class BrokerOutage:
    """Tells that the broker is away, or does not let us in, and that it is back, once for all pumps that share it.

    Args:
        who: Who sends, for the log.
    """

    def __init__(self, who: str):
        self._who = who
        self._away: set[str] = set()
        self._since = 0.0
        self._buffered = 0

    def begins(self, publisher: str, error: ConnectorError, now: float) -> None:
        """A publisher has no connection; once more is not told."""
        if not self._away:
            self._since, self._buffered = now, 0
            log.warning("%s: no connection: %s", self._who, error)
        self._away.add(publisher)

    def ends(self, publisher: str, buffered: int, now: float) -> None:
        """A publisher has its connection, and so many pieces more than before it had none."""
        if publisher not in self._away:
            return
        self._away.discard(publisher)
        self._buffered += buffered
        if not self._away:
            log.warning("%s: back after %.1f s, %d pieces buffered", self._who, now - self._since, self._buffered)


class Pump:
    """One pump per publisher: ``run`` it as a task, cancel it to stop.

    Args:
        outbox: Where pieces come from.
        publisher: Where they go; opened and closed by the pump.
        retry_s: First and longest pause between attempts to connect at the start.
        outage: Tells that the broker is away; one for all pumps of a process, default one for this alone.
        passing: Errors at the start that may pass.
    """

    def __init__(
        self,
        outbox: Outbox,
        publisher: LinkPublisher,
        retry_s: tuple[float, float] = (0.2, 10.0),
        outage: BrokerOutage | None = None,
        passing: tuple[type[ConnectorError], ...] = (RetriableError,),
    ):
        self.outbox = outbox
        self.publisher = publisher
        self.counters = PumpCounters()
        self.ready = asyncio.Event()
        """Set once the first connection is there."""
        self._retry_s, self._passing = retry_s, passing
        self._outage = outage or BrokerOutage(f"publisher {outbox.publisher}")

    async def run(self) -> None:
        """Connect, then send until cancelled.

        Raises:
            FatalError: Trying again cannot help.
        """
        self.outbox.attach()
        self.publisher.on_mark = self.outbox.mark
        self.publisher.begin(self.outbox.run)
        await self._open()
        self.ready.set()
        try:
            await self._send(self.outbox.base())
            while True:
                await self._send(await self.outbox.take())
        finally:
            await self.publisher.close()

    async def _open(self) -> None:
        pause, longest = self._retry_s
        clock, before = asyncio.get_running_loop().time, self.outbox.counters.held
        while True:
            try:
                await self.publisher.open()
            except self._passing as error:
                self._outage.begins(self.outbox.publisher, error, clock())
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)
            else:
                return self._outage.ends(self.outbox.publisher, self.outbox.counters.held - before, clock())

    async def _send(self, item: Frame | Base) -> None:
        try:
            await self._send_now(item)
        except RetriableError as error:
            if isinstance(item, Frame):
                self.outbox.unsent(item)
            await self._wait_back(error)

    async def _send_now(self, item: Frame | Base) -> None:
        if isinstance(item, Base):
            await self.publisher.announce(item)
        else:
            await self.publisher.publish(item)

    async def _wait_back(self, error: RetriableError) -> None:
        clock = asyncio.get_running_loop().time
        start, before = clock(), self.outbox.counters.held
        self._outage.begins(self.outbox.publisher, error, start)
        self.counters.lost += 1
        await self.publisher.wait_online()
        self.counters.away_s += clock() - start
        self._outage.ends(self.outbox.publisher, self.outbox.counters.held - before, clock())
        self.outbox.reconnected()
        await self._send(self.outbox.base())

    async def drain(self, timeout_s: float) -> bool:
        """Wait until everything put so far is stored; False when it is not in time."""
        return await self.outbox.settled(timeout_s)
