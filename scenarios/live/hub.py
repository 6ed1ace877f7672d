"""The hub's process: ingest, brain, store and pages."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from brokers import connectors
from brokers.door import Door, under
from brokers.ingest import Ingest
from brokers.isolation import Isolated
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import Pump
from brokers.reception import Stored
from brokers.refusals import Refusals
from brokers.retry import retried
from brokers.stores import Counting, Logged, Store, open_store
from dashboards.guests import Guests
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.doors import own_names, token_for
from dashboards.web.server import WebServer
from dashboards.web.settings import LOOPBACK, WebSettings
from scenarios.headless.feed import tick_for
from scenarios.live.account import Account
from scenarios.live.backfill import History
from scenarios.live.beside import Beside
from scenarios.live.clock import SystemClock
from scenarios.live.commanding import Commanding
from scenarios.live.doorway import door_of
from scenarios.live.hub_memory import HubMemory, HubState
from scenarios.live.offers import Offers
from scenarios.live.outlook import Outlook
from scenarios.live.parent import Parent
from scenarios.live.recounting import Recounting
from scenarios.live.settings import RunSettings
from scenarios.live.tally import Tally
from twin.brain import Brain, BrainConfig
from twin.config.plant import Title
from twin.errors import NotLetInError, RetriableError, ScenarioError, StoreError
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)

CONNECT_S = 15.0
AGAIN_S = 60.0
"""Longest wait for a store that somebody else has opened while there was no hub."""
LIVE_S = 10.0
"""Real time between two reports of the running window."""


class Hub:
    """Everything behind the broker, in one event loop.

    Indicators take the same way as telemetry: the brain's frames are published, come back through
    the ingest and are stored and shown like any other record.

    Args:
        settings: Settings of the run.
        title: Name of the scenario, for the pages.
        parent: The process that started this one.
        listener: Socket of the pages, if it has been made already.
    """

    def __init__(
        self,
        settings: RunSettings,
        title: Title,
        parent: Parent | None = None,
        listener: socket.socket | None = None,
    ):
        self.settings = settings
        self.parent = parent or Parent(alone=True)
        self.store: Store = open_store(settings.store, self._now_ns)
        self.brain = Brain(BrainConfig(live_s=tick_for(LIVE_S * settings.speed), isolating=True))
        self.live = LiveState(guests=Guests(under((*settings.roots, settings.brain))))
        self.memory = HubMemory(settings.hub_state, settings.run)
        self._tally = Tally(settings.hub_state.with_suffix(".told"))
        self._recalled: HubState | None = None
        self._mended = 0
        """Rows that the store had lost when it was opened, and that were written into it again."""
        self._lost_before = 0
        """Rows that it had lost in lives before, and that nobody could write again."""
        self._shown = Isolated("pages", self._show)
        self._thought = Isolated("brain", self._think)
        self._door: Door | None = None
        self.ingest: Ingest | None = None
        self._figures: Outbox | None = None
        self._refused = Refusals()
        self._outlook: Outlook | None = None
        self._commanding: Commanding | None = None
        self._beside: Beside | None = None
        self._recounting = Recounting(self.store, lambda: self.brain, self._publish)
        self._tasks: list[asyncio.Task[None]] = []
        self._looking: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        web = WebSettings(
            language=settings.language,
            title=title,
            hosts=own_names(settings.host, settings.allow_hosts),
            token=token_for(settings.host),
            counters=self.counters,
            roles=self.roles,
            ahead=self.ahead,
            command=self.command,
            offered=Offers(settings.scenario).of,
            commanded=lambda: [] if self._commanding is None else self._commanding.document(),
            carried=settings.counterpart.commands,
            commandable=settings.host in LOOPBACK or bool(token_for(settings.host)),
        )
        self.web = WebServer(create_app(self.store, self.live, web), settings.host, settings.port, listener)

    @property
    def history(self) -> History:
        """Where history is put before the first live record."""
        return History(self.store, self.brain, self.live.feed)

    def counters(self) -> Mapping[str, Any]:
        """What the ingest has seen and what the store misses, in all lives of the hub, for the health page."""
        told = self._told()
        return {**told, "hops": {name: account.document() for name, account in told["hops"].items()}}

    def _told(self) -> dict[str, Any]:
        brain = {f"brain_{name}": count for name, count in asdict(self.brain.stats).items()}
        brain["brain_unstored"] = 0 if self._figures is None else self._figures.counters.held
        brain["brain_unheard"] = sum(site.mark is None and site.first is not None for site in self.brain.sites())
        thought, shown = self._thought.failures + self.brain.broken, self._shown.failures
        brain |= {"brain_failures": thought.total(), "pages_failures": shown.total()}
        brain |= {"brain_failed_why": dict(thought), "pages_failed_why": dict(shown)}
        brain |= {f"brain_{name}": count for name, count in self._recounting.counters().items()}
        brain["store_missed"] = self._missed()
        brain["hops"] = self.accounts()
        return self._tally.added(brain if self.ingest is None else {**self.ingest.status(), **brain})

    def keep_count(self) -> None:
        """Keep for the next life what has been counted; a disk that does not take it is told by the journal."""
        with suppress(OSError):
            self._tally.keep(self._told())

    def keep_record(self) -> None:
        """See that the record of the run stays in its folder; a disk that does not take it is told by the journal."""
        if self._commanding is not None:
            with suppress(OSError):
                self._commanding.stay()

    def roles(self) -> Mapping[str, Any]:
        """How the processes do: as the parent tells, and those that run alone of themselves."""
        return {**({} if self._beside is None else self._beside.roles()), **self.parent.roles}

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
        if self._outlook is not None:
            found["forecasts"] = self._outlook.account()
        if self._commanding is not None:
            found["commands"] = self._commanding.account(self.live.data_ns)
        return found

    async def ahead(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A forecast of the live plant, see :meth:`Outlook.answer`."""
        if self._outlook is None:
            raise RetriableError("forecast: expected a live plant, got one that is not live yet (ask again later)")
        return await self._outlook.answer(asked)

    async def command(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Give the plant a command, see :meth:`Commanding.send`."""
        if self._commanding is None:
            raise RetriableError("command: expected a live plant, got one that is not live yet (ask again later)")
        return await self._commanding.send(wanted)

    def look_ahead(self) -> None:
        """The plant is live from now on."""
        self._outlook = Outlook(self.settings.forecast, self._ask_plant, self._publish)
        self._stack.callback(self._outlook.close)
        self._looking.append(asyncio.create_task(self._outlook.run()))

    async def _ask_plant(self, question: str) -> str:
        return await self.parent.ask("plant", question)

    async def _publish(self, frame: Frame) -> None:
        if self._figures is not None and len(frame):
            await self._figures.put_soon([frame])

    async def open(self) -> str:
        """Open the store and serve the pages.

        Returns:
            Address of the pages.

        Raises:
            StoreError: Somebody else has the store open; who takes the place of a hub that died waits a minute for it.
            NotLetInError: The store does not let us in; who was in before waits.
        """
        opened = partial(retried, self.store.open, "hub", AGAIN_S if self.parent.again else 0.0)
        await (retried(opened, "hub", passing=(NotLetInError,)) if self.parent.again else opened())
        self._stack.push_async_callback(self.store.close)
        address = await self.web.start()
        self._stack.push_async_callback(self.web.stop)
        return address

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
                    log.warning("hub: goes on from its state before until this is mended: %s", error)
                    return
            copy = self.memory.save(self.brain, self.ingest.receptions, self._figures.held())
        try:
            await asyncio.to_thread(self.memory.write, copy)
            if self._commanding is not None:
                self._commanding.restore()
            if self.parent.alone and not self.settings.file.exists():
                self.settings.write()
        except (OSError, ScenarioError) as error:
            log.warning("hub: cannot keep its copy, the one before and its journals hold: %s", error)

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
        source = connectors.make_source(broker, told.transport, f"ingest-{told.name}", told.heard, **told.listening)
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
        publisher = connectors.make_publisher(broker, self.settings.transport, self.settings.brain)
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
        ready: asyncio.Task[None] = asyncio.create_task(_all_set(self.ingest.ready, pump.ready))
        done, _ = await asyncio.wait([ready, *self._tasks], timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {ready}:
            task.result()
        if ready not in done:
            ready.cancel()
            raise RetriableError(f"{broker}: expected an answer within {limit_s:g} s, got none (is it running?)")
        self._commanding = Commanding(self.settings, self.store, broker)
        await retried(self._commanding.open, "hub", passing=passing)
        self._stack.push_async_callback(self._commanding.close)
        self._beside = Beside(self.settings, broker)
        await retried(self._beside.open, "hub", passing=passing)
        self._stack.push_async_callback(self._beside.close)
        self._tasks.append(asyncio.create_task(self._commanding.renewing(SystemClock())))

    async def _write_again(self, store: Logged, journal: int) -> int:
        """Store once more what was stored since a journal began: the log of the store may have been cut.

        Returns:
            Number of writes that were done again.
        """
        writes = 0
        for event in self.memory.events(journal):
            if isinstance(event, Stored):
                frames = [frame for frame in event.frames if len(frame)]
                await retried(partial(store.write_again, frames), "store, again")
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

    async def close(self) -> None:
        """Stop listening, close pages and store."""
        tasks = [*self._tasks, *self._looking]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stack.aclose()
        self.memory.close()

    async def _observe(self, frames: Sequence[Frame]) -> None:
        self._shown(frame for frame in frames if len(frame))
        figures = self._thought(frame for frame in frames if frame.kind is not RecordKind.KPI)
        if figures and self._figures is not None:
            await self._figures.put_soon(figures)

    def _think(self, frame: Frame) -> Sequence[Frame]:
        if frame.kind is RecordKind.HEARTBEAT:
            self.brain.clock_ns = None if self._door is None or not len(frame) else self._door.now_ns(frame.paths[0])
        return self.brain.process(frame)

    def _show(self, frame: Frame) -> Sequence[Frame]:
        self.live.feed([frame])
        return ()

    def _now_ns(self) -> int:
        """The clock of the run, for what a store keeps: that of the machine where simulated now is the present."""
        present = self.settings.anchored and self.settings.speed == 1
        return time.time_ns() if present else self.live.agreed_ns


async def _all_set(*events: asyncio.Event) -> None:
    for event in events:
        await event.wait()
