"""Ingest, store and brain of a run: records in from the broker, indicators out to it, both into the store."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from brokers import connectors
from brokers.door import Door
from brokers.ingest import Ingest
from brokers.isolation import Isolated
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import Pump
from brokers.reception import Stored
from brokers.refusals import Refusals
from brokers.retry import retried, tries
from brokers.stores import Counting, Logged, Store, open_store
from devices.shadow import Residuals
from scenarios.headless.feed import tick_for
from scenarios.live.account import Account, Accounts
from scenarios.live.clock import SystemClock
from scenarios.live.doorway import door_of
from scenarios.live.hub_memory import HubMemory, HubState
from scenarios.live.parent import Parent
from scenarios.live.recounting import Recounting
from scenarios.live.settings import RunSettings, machines_publisher
from scenarios.live.tally import Tally
from twin.brain import Brain, BrainConfig
from twin.errors import NotLetInError, RetriableError, ScenarioError, StoreError
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)

CONNECT_S = 15.0
AGAIN_S = 60.0
"""Longest wait for a store that somebody else has opened while the one before was dead."""
LIVE_S = 10.0
"""Real time between two reports of the running window."""
COUNT_S = 1.0
"""Real time between two looks at the counters."""
SAVE_S = 60
"""Seconds between two copies of the brain."""
STATE = "hub: goes on from its state before"
TOLD = "hub: cannot keep what it has counted"
SETTLE_S = 2.0
"""Longest wait at the end for what is on its way."""


class Thinking:
    """What is between the broker and the store, in one event loop, whoever shows it.

    Indicators take the same way as telemetry: the brain's frames are published, come back through
    the ingest and are stored like any other record.

    Args:
        settings: Settings of the run.
        parent: The process that started this one.
    """

    def __init__(self, settings: RunSettings, parent: Parent | None = None):
        self.settings = settings
        self.parent = parent or Parent(alone=True)
        self.store: Store = open_store(settings.store, self._now_ns)
        self.brain = Brain(BrainConfig(live_s=tick_for(LIVE_S * settings.speed), isolating=True))
        self.memory = HubMemory(settings.hub_state, settings.run)
        self._tally = Tally(settings.hub_state.with_suffix(".told"))
        self._tries = tries()
        self._recalled: HubState | None = None
        self._mended = 0
        """Rows that the store had lost when it was opened, and that were written into it again."""
        self._lost_before = 0
        """Rows that it had lost in lives before, and that nobody could write again."""
        self._residuals = Residuals(settings.shadows, self._is_real)
        self._thought = Isolated("brain", self._think)
        self._door: Door | None = None
        self.ingest: Ingest | None = None
        self._figures: Outbox | None = None
        self._refused = Refusals()
        self._recounting = Recounting(self.store, lambda: self.brain, self._publish)
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    def _told(self) -> dict[str, Any]:
        return self._tally.added(self._counted())

    def _counted(self) -> dict[str, Any]:
        """What this life has counted."""
        brain = {f"brain_{name}": count for name, count in asdict(self.brain.stats).items()}
        brain["brain_unstored"] = 0 if self._figures is None else self._figures.counters.held
        brain["brain_unheard"] = sum(site.mark is None and site.first is not None for site in self.brain.sites())
        thought = self._thought.failures + self.brain.broken
        brain |= {"brain_failures": thought.total(), "brain_failed_why": dict(thought)}
        brain |= {f"brain_{name}": count for name, count in self._recounting.counters().items()}
        brain["store_missed"] = self._missed()
        brain["hops"], brain["troubles"] = self.accounts(), self._tries.troubles()
        return brain if self.ingest is None else {**self.ingest.status(), **brain}

    def keep_count(self) -> None:
        """Keep for the next life what has been counted."""
        try:
            self._tally.keep(self._told())
        except OSError as error:
            self._tries.failed(TOLD, error, "journal")
        else:
            self._tries.works(TOLD)

    def _missed(self) -> dict[str, int]:
        """What the store does not have, in all lives of the run, but for what was written into it again."""
        missed = dict(self.store.missed()) if isinstance(self.store, Counting) else {}
        return missed | ({"lost": self._lost_before + missed["lost"] - self._mended} if "lost" in missed else {})

    def accounts(self) -> dict[str, Account]:
        """What is behind the broker besides ingest, store and brain, by the hop on the health page."""
        found = {"journal": self.memory.account()}
        if self._figures is not None:
            figures = self._figures.counters
            counts = {"sent": figures.sent, "resent": figures.resent, "dropped": figures.lost}
            refused = dict(self._refused.counts)
            counts["refused"] = sum(refused.values())
            found["figures"] = Account(counts, {"waiting": figures.held}, refused)
        return found

    async def _publish(self, frame: Frame) -> None:
        if self._figures is not None and len(frame):
            await self._figures.put_soon([frame])

    async def open_store(self) -> None:
        """Open the store.

        Raises:
            StoreError: Somebody else has it open; who takes the place of one that died waits a minute for it.
            NotLetInError: It does not let us in; who was in before waits.
        """
        opened = partial(retried, self.store.open, "hub", AGAIN_S if self.parent.again else 0.0)
        await (retried(opened, "hub", passing=(NotLetInError,)) if self.parent.again else opened())
        self._stack.push_async_callback(self.store.close)

    async def open(self) -> str:
        """Open the store.

        Returns:
            Address of the pages; empty: it has none.

        Raises:
            StoreError: Somebody else has it open, or it does not answer.
        """
        await self.open_store()
        return ""

    def recall(self) -> bool:
        """Go on where the process before this one was; False when that cannot be read."""
        state = self._recalled = self.memory.read()
        if state is None:
            return False
        if self.parent.again:
            self._tally.recall()
        self._lost_before = self.memory.lost_rows(self.store.owed[1] if isinstance(self.store, Logged) else 0)
        state.brain.config = replace(state.brain.config, live_s=self.brain.config.live_s)
        self.brain = state.brain
        return True

    async def remember(self) -> None:
        """Save what the next process goes on from."""
        if self.ingest is None or self._figures is None:
            return
        async with self.ingest.still:
            if isinstance(self.store, Logged):  # its log holds no more than the journal that begins now
                try:
                    await asyncio.to_thread(self._owe)
                    await self.store.save()
                except (StoreError, OSError) as error:
                    self._tries.failed(STATE, error, "journal")
                    return
            copy = self.memory.save(self.brain, self.ingest.receptions, self._figures.held())
        try:
            await asyncio.to_thread(self.memory.write, copy)
            self._stay()
        except (OSError, ScenarioError) as error:
            self._tries.failed(STATE, error, "journal")
        else:
            self._tries.works(STATE)

    def _stay(self) -> None:
        """See that what the next process begins with is there."""
        if self.parent.alone and not self.settings.file.exists():
            self.settings.write()

    def _owe(self) -> None:
        """Remember what the store has lost before it forgets it."""
        lost = self._missed().get("lost", 0)
        if isinstance(self.store, Logged) and lost != self.memory.lost_rows():
            rows, found_ns = self.store.owed
            self.memory.owe(lost, max(rows - self._mended, 0), found_ns)

    async def connect(self, broker: str, limit_s: float | None = CONNECT_S) -> None:
        """Listen to a broker; returns when subscribed.

        Args:
            broker: Its address.
            limit_s: Longest wait for it; None: as long as it takes.

        Raises:
            ConnectorError: It refuses us, or does not answer in time.
        """
        told, passing = self.settings, self.parent.passing
        source = connectors.make_source(broker, told.transport, f"ingest-{told.name}", told.heard, **told.receiving)
        door = door_of(self.settings, SystemClock())
        self.ingest = Ingest(
            source,
            self.store,
            [self._observe],
            keeper=self.memory,
            admits=self.settings.admits,
            door=door,
            passing=passing,
        )
        self.ingest.observe_presence(lambda presence: self.brain.presence(presence))
        publisher = connectors.make_publisher(broker, told.transport, told.brain, **told.sending)
        life = f"{self.settings.run}.{secrets.token_hex(4)}"
        self._refused = publisher.refusals
        self._figures = Outbox(self.settings.brain, publisher.split, OutboxConfig(policy="drop_oldest"), life)
        if self._recalled is not None:
            await self._figures.put_soon(self._recalled.figures)
            if isinstance(self.store, Logged) and self.store.recovered:
                again = await self._write_again(self.store, self._recalled.journal)
                if self.store.lost_writes <= again + 1:  # one may not be in the journal: it comes again
                    self._mended = self._missed().get("lost", 0) - self._lost_before
            await self.ingest.restore(self._recalled.receptions, self.memory.events(self._recalled.journal))
            self._recalled = None
        self._door = door  # what is told again is older than the clock
        pump = Pump(self._figures, publisher, passing=passing)
        works = (self.ingest.run(), pump.run(), self._recounting.run())
        self._tasks = [asyncio.create_task(work) for work in works]
        ready = asyncio.create_task(self.ingest.ready.wait())  # what publishes may wait for somebody else
        done, _ = await asyncio.wait([ready, *self._tasks], timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        for task in self._tasks:
            if task in done:
                task.result()
        if ready not in done:
            ready.cancel()
            raise RetriableError(f"{broker}: expected an answer within {limit_s:g} s, got none (is it running?)")

    async def _write_again(self, store: Logged, journal: int) -> int:
        """Store once more what was stored since a journal began: the log of the store may have been cut.

        Returns:
            Number of writes that were done again.
        """
        writes = 0
        for event in self.memory.events(journal):
            if isinstance(event, Stored):
                frames = [frame for frame in event.frames if len(frame)]
                await retried(partial(store.write_again, frames), "store, again", hop="store")
                writes += 1
        return writes

    async def watch(self) -> None:
        """Run until something that must not end ends; raises why."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def settle(self, limit_s: float) -> None:
        """Take in what is on its way: what the broker has for us, and the brain's own indicators."""
        if self.ingest is None or self._figures is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.ingest.idle()
                await self._figures.settled()

    def ends(self) -> Account:
        """Pieces that are lost for good on this side of the broker, by the reason, and rows that the store lost.

        Of those that never came it keeps count over its lives.
        """
        if self.ingest is None or self._figures is None:
            return Account()
        taken, figures = self.ingest.counters, self._figures.counters
        counts = {"refused": taken.refused, "inbox_full": taken.dropped, "figures_dropped": figures.lost}
        return Account(counts, {"lost": taken.lost, "lost_in_store": self._missed().get("lost", 0)})

    async def serve(self, work: Coroutine[Any, Any, None], stop: asyncio.Event) -> Account:
        """Do some work until told to stop, then take in what is on its way, remember it and close.

        Args:
            work: Ends only by an error, which ends all.
            stop: Set when it is to end.

        Returns:
            What the exit code depends on.
        """
        working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            await self.settle(SETTLE_S)
        finally:
            for task in (working, stopped):
                task.cancel()
            await asyncio.gather(working, stopped, return_exceptions=True)
            self.parent.counts(Accounts(self.ends()))
            self.keep_count()
            await self.remember()
            await self.close()
            self.parent.counts(Accounts(self.ends()))  # what was found to be gone when it was written for the last time
        return self.ends()

    async def remembering(self) -> None:
        """Save what the next process goes on from, now and then."""
        while True:
            for _ in range(SAVE_S):
                await asyncio.sleep(1.0)
                if self.memory.large or self.memory.exposed:
                    break
            await self.remember()

    async def counting(self) -> None:
        """Tell and keep what has been counted, now and then."""
        while True:
            self.parent.counts(Accounts(self.ends()))
            self.keep_count()
            await asyncio.sleep(COUNT_S)

    async def close(self) -> None:
        """Stop listening, close the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()
        self.memory.close()

    async def _observe(self, frames: Sequence[Frame]) -> None:
        figures = [*self._thought(frame for frame in frames if not self._is_ours(frame))]
        figures += [residual for frame in frames for residual in self._residuals.of(frame)]
        if figures and self._figures is not None:
            await self._figures.put_soon(figures)

    def _is_ours(self, frame: Frame) -> bool:
        """Whether it is an indicator, or a residual: nothing is made of what was made of records."""
        ours = frame.kind is RecordKind.TELEMETRY and frame.publisher == self.settings.brain
        return ours or frame.kind is RecordKind.KPI

    def _is_real(self, frame: Frame) -> bool:
        return frame.publisher in map(machines_publisher, self.settings.machines)

    def _think(self, frame: Frame) -> Sequence[Frame]:
        if frame.kind is RecordKind.HEARTBEAT:
            self.brain.clock_ns = None if self._door is None or not len(frame) else self._door.now_ns(frame.paths[0])
        return self.brain.process(frame)

    def _now_ns(self) -> int:
        """The clock of the run, for what a store keeps."""
        return time.time_ns()
