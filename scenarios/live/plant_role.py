"""The plant's process: paces the simulation and publishes what its devices say."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

from brokers import connectors
from brokers.links import Commanded
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import BrokerOutage, Pump
from brokers.refusals import merged
from brokers.retry import retried, tries
from scenarios.forecast import saved
from scenarios.headless.feed import Feed, tick_for
from scenarios.live.account import LOCKED, Account, Accounts
from scenarios.live.clock import Pace, SystemClock
from scenarios.live.desk import Desk
from scenarios.live.hearing import HeardOfMachines, Hearing
from scenarios.live.outlook import SNAPSHOT
from scenarios.live.outside import offered_by
from scenarios.live.pacing import Looks, Pacer, spare_the_collector
from scenarios.live.parent import Parent
from scenarios.live.plant_memory import Entry, Hello, Paced, PlantMemory, Tick
from scenarios.live.settings import RunSettings
from scenarios.live.together import until_one_ends
from scenarios.live.told import Told, post
from twin.equipment import EquipmentPath
from twin.errors import ConnectorError, FactoryError, ForgottenError, RetriableError
from twin.ports import Clock
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)

LEAST_TICK_S, MOST_TICK_S = 0.5, 5.0
"""Real time from one telemetry tick to the next: pages take a site that is silent for longer as lost."""
LEAST_STEP_S = 0.005
DRAIN_S = 4.0
MOST_PIECES = 20_000
"""Pieces that the outboxes of all sites hold together, before the plant waits for them."""
LEAST_PIECES = 1_000
MOST_BYTES = 64 * 1024 * 1024
SAVE_S = 60.0
"""Real time between two copies of the plant."""
COPY = "plant: cannot keep its copy, the one before holds"
COUNT_S = 1.0
"""Real time between two looks at the counters."""


def live_tick(wanted_s: float, speed: float) -> float:
    """Telemetry period of a live run in simulated seconds.

    >>> live_tick(1.0, 1.0), live_tick(900.0, 1.0), live_tick(1.0, 60.0), live_tick(900.0, 60.0)
    (1.0, 5.0, 30.0, 300.0)
    """
    return tick_for(max(min(wanted_s, speed * MOST_TICK_S), speed * LEAST_TICK_S))


def bounds(sites: int) -> OutboxConfig:
    """Bounds of the outbox of each of so many sites: a simulated plant waits for room.

    >>> bounds(1).pieces, bounds(1).window, bounds(10).pieces, bounds(241).window
    (20000, 10000, 2000, 500)
    """
    pieces = max(MOST_PIECES // max(sites, 1), LEAST_PIECES)
    return OutboxConfig(policy="wait", pieces=pieces, bytes=MOST_BYTES, window=pieces // 2)


class SitePublisher:
    """The one ordered writer of a site: outbox and pump."""

    def __init__(
        self,
        site: EquipmentPath,
        settings: RunSettings,
        config: OutboxConfig,
        memory: PlantMemory | None = None,
        outage: BrokerOutage | None = None,
        passing: tuple[type[ConnectorError], ...] = (RetriableError,),
    ):
        if settings.broker is None:
            raise ValueError(f"{site}: expected the address of a broker, got none")
        publisher = connectors.make_publisher(settings.broker, settings.transport, str(site), **settings.sending)
        self.outbox = Outbox(str(site), publisher.split, config)
        if memory is not None:
            self.outbox = Outbox(str(site), publisher.split, config, memory.run, memory.number(str(site)))
        self.pump = Pump(self.outbox, publisher, outage=outage, passing=passing)
        self._dropped = self._told = 0

    def overcame(self) -> bool:
        """Whether pieces were dropped, and no more are: what is current is to be said again, once."""
        before, self._dropped = self._dropped, self.outbox.counters.dropped
        if self._dropped > before or self._dropped == self._told:
            return False
        self._told = self._dropped
        return True

    async def put(self, frames: list[Frame], lag_s: float) -> None:
        """Hand over frames; heartbeats get the publisher's own counters."""
        await self.outbox.put_soon([self._counted(frame, lag_s) for frame in frames])

    def _counted(self, frame: Frame, lag_s: float) -> Frame:
        if frame.kind is not RecordKind.HEARTBEAT:
            return frame
        counters = self.outbox.counters
        values = frame.values.copy()
        values[:, 0], values[:, 1], values[:, 2] = counters.sent, 0, lag_s  # what it drops, the outbox tells
        return replace(frame, values=values)


class PlantRole:
    """Runs a plant in step with the clock.

    Events happen within milliseconds of their time; what the devices say goes out every telemetry
    period, see :func:`live_tick`. When the machine cannot keep up, or the store, so that an outbox is full, the
    period stretches; events keep their exact times and none is left out. The lag is published with every heartbeat.

    Args:
        settings: Settings of the run, with a broker.
        feed: Plant and devices; continues from where they are.
        clock: Time of the machine.
        drain_s: Longest wait at the end for what was said to be stored.
        parent: The process that started this one.
        config: Bounds of the outbox of each site; None: :func:`bounds`.
        memory: What it remembers from one life to the next; None: nothing.
    """

    def __init__(
        self,
        settings: RunSettings,
        feed: Feed,
        clock: Clock | None = None,
        drain_s: float = DRAIN_S,
        parent: Parent | None = None,
        config: OutboxConfig | None = None,
        memory: PlantMemory | None = None,
    ):
        self.settings = settings
        self.feed = feed
        self._clock = clock or SystemClock()
        self._drain_s = drain_s
        self._parent = parent or Parent()
        self._memory = memory
        self._tick_s = live_tick(settings.tick_s, settings.speed)
        feed.serve(settings.serves)
        feed.join()
        self._hearing = Hearing(settings, feed)
        served = [site for site in feed.banks if settings.serves(str(site))]
        config = config or bounds(len(served))
        outage = BrokerOutage("plant")
        passing = self._parent.passing
        self._sites = {site: SitePublisher(site, settings, config, memory, outage, passing) for site in served}
        self._behind_s = 0.0
        self._wake = asyncio.Event()
        self._desk: Desk | None = None
        if memory is not None:
            self._desk = Desk(settings, feed, memory.told, self._note, self._wake.set)
            self._hear_outside(self._desk)

    def _hear_outside(self, desk: Desk) -> None:
        """Take commands also over the transport of the records, where it carries some."""
        publishers = {str(site): one.pump.publisher for site, one in self._sites.items()}
        commanded = {site: one for site, one in publishers.items() if isinstance(one, Commanded)}
        for site, offered in offered_by(self.feed.plant, commanded).items():
            commanded[site].on_command = desk.hear
            commanded[site].offer(offered)

    @property
    def outboxes(self) -> dict[EquipmentPath, Outbox]:
        """Outbox of each site."""
        return {path: site.outbox for path, site in self._sites.items()}

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until told to stop, then see that what was said is stored.

        Raises:
            ConnectorError: A publisher cannot go on, e.g. the broker refuses it.
        """
        pumps = (site.pump.run() for site in self._sites.values())
        try:
            await until_one_ends(*pumps, self._publish(stop), self._answer(), self._count(), self._finish(stop))
        finally:
            for outbox in self.outboxes.values():
                outbox.abandon()
            if self._desk is not None:
                await self._desk.close()
            self._parent.counts(self.accounts)

    @property
    def accounts(self) -> Accounts:
        """All that it tells: of its end, of what the broker refused its publishers, of a journal that had gone."""
        refused = merged(site.pump.publisher.refusals for site in self._sites.values())
        hops = {"publishers": Account({"refused": sum(refused.values())}, reasons=refused)}
        if self._memory is not None and self._memory.removed:
            removed = self._memory.removed
            hops["journal"] = Account(
                {"removed": removed}, reasons={"plant: removed or replaced while in use": removed}
            )
        return Accounts(self.ends, hops)

    @property
    def ends(self) -> Account:
        """Pieces of all sites: dropped when an outbox was full, and not stored in the end; rings in which it is locked.

        A plant with a memory says the latter again after its next start.
        """
        boxes = [outbox.counters for outbox in self.outboxes.values()]
        unstored = sum(counters.unconfirmed for counters in boxes) if self._memory is None else 0
        dropped = sum(counters.dropped for counters in boxes)
        return Account({"dropped": dropped, "unstored": unstored}, {LOCKED: len(self.feed.locks)})

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_S)
            self._parent.counts(self.accounts)

    async def _finish(self, stop: asyncio.Event) -> None:
        """Once told to stop, the plant no longer waits for room."""
        await stop.wait()
        self._wake.set()
        for outbox in self.outboxes.values():
            outbox.finish()
        await asyncio.Event().wait()

    async def _answer(self) -> None:
        """Save the plant as often as it is asked for, between two ticks; who asks hears why it could not be."""
        while True:
            if await self._parent.questions.get() == SNAPSHOT:
                try:
                    self._parent.answer(json.dumps(await self._saved()))
                except (FactoryError, OSError) as error:  # e.g. a disk that is full: it is not the plant's end
                    self._parent.refuse(str(error))

    async def _saved(self) -> dict[str, Any]:
        """Save the plant for who asks."""
        plant = self.feed.plant
        begun = perf_counter()
        with _no_collection():
            snapshot = plant.snapshot()
        pause_s = perf_counter() - begun
        header = saved.Header.of(plant, self.settings.name, self.settings.scenario_hash)
        await asyncio.to_thread(saved.write, self.settings.snapshot, header, snapshot)
        return {"file": str(self.settings.snapshot), "sim_s": header.sim_s, "pause_s": pause_s}

    async def _publish(self, stop: asyncio.Event) -> None:
        await asyncio.gather(*(site.pump.ready.wait() for site in self._sites.values()))
        for entry in () if self._memory is None else self._memory.again():
            if stop.is_set():
                return
            await self._do(entry)
        if self._desk is not None:
            await retried(self._desk.open, "plant", passing=self._parent.passing)
            await self._desk.catch_up(stop)
        await self._note(Hello())
        await self._do(Hello())
        self._parent.ready()
        await self._paced(stop)
        await asyncio.gather(*(site.pump.drain(self._drain_s) for site in self._sites.values()))
        if self._memory is not None:
            await self._remember(self._memory)
            await self._confirm(self._memory)

    async def _do(self, entry: Entry, lag_s: float = 0.0) -> None:
        """Say what follows from an entry of the journal."""
        if isinstance(entry, Hello):
            for path, frame in (*self.feed.meta(), *self.feed.current()):
                await self._put(path, [frame], lag_s)
        elif isinstance(entry, Tick):
            for site, frames in self.feed.advance(entry.sim_s):
                await self._put(site, frames, lag_s)
            again = {path for path, site in self._sites.items() if site.overcame()}
            for path, frame in (*self.feed.meta(), *self.feed.current()) if again else ():
                if path in again:
                    await self._put(path, [frame], lag_s)
        elif isinstance(entry, Told):
            post(self.feed, [entry])
        elif isinstance(entry, HeardOfMachines):
            self.feed.plant.run_until(entry.sim_s)
            self.feed.hear(entry.made)

    async def _paced(self, stop: asyncio.Event) -> None:
        pace = Pace(*await self._start(), self.settings.speed)
        pacer = Pacer(self.feed.plant, pace, self._clock, LEAST_STEP_S)
        looks = Looks(self.feed.config, self._tick_s)
        save_at = self._clock.now_ns() + round(SAVE_S * 1e9)
        while not stop.is_set():
            await self._obey(stop)
            tick = looks.after(self.feed.now_s, pace.sim_s(self._clock.now_ns()))
            while (wait_s := pace.seconds_until(tick, self._clock.now_ns())) > 0:
                await self._woken(min(wait_s, pacer.catch_up(tick)))
                await self._obey(stop)
                if stop.is_set():
                    return
            await self._note(Tick(tick))
            await self._do(Tick(tick), max(pace.sim_s(self._clock.now_ns()) - tick, self._behind_s))
            self._behind_s = pace.sim_s(self._clock.now_ns()) - tick
            if self._memory is not None and (self._memory.exposed or self._clock.now_ns() >= save_at):
                await self._remember(self._memory)
                save_at = self._clock.now_ns() + round(SAVE_S * 1e9)

    async def _obey(self, stop: asyncio.Event) -> None:
        if self._desk is not None:
            await self._desk.serve(stop)
        if (heard := self._hearing.news()) is not None:
            await self._note(heard)
            await self._do(heard)

    async def _woken(self, limit_s: float) -> None:
        """Wait, at most until somebody wants something or the plant is to end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), limit_s)
        self._wake.clear()

    async def _note(self, entry: Entry) -> None:
        """Remember what is about to be said; while that is not possible, e.g. the disk is full, the plant waits."""

        async def noted(memory: PlantMemory) -> None:
            memory.note(entry)

        if self._memory is not None:
            await retried(partial(noted, self._memory), "plant", passing=(OSError,), hop="journal")

    async def _remember(self, memory: PlantMemory) -> None:
        """Take a copy of the plant, unless one waits for what was said before it to be stored."""
        await self._confirm(memory)
        if not memory.waits:
            with _no_collection():
                memory.save(self.feed, self._outboxes_by_name)
            await self._confirm(memory)

    async def _confirm(self, memory: PlantMemory) -> None:
        if memory.stored(self._outboxes_by_name):
            try:
                await asyncio.to_thread(memory.confirm)
            except OSError as error:
                tries().failed(COPY, error, "journal")
            else:
                tries().works(COPY)

    @property
    def _outboxes_by_name(self) -> dict[str, Outbox]:
        return {str(path): outbox for path, outbox in self.outboxes.items()}

    async def _put(self, path: EquipmentPath, frames: list[Frame], lag_s: float) -> None:
        """Hand over what a site says, if this process serves it."""
        site = self._sites.get(path)
        if site is not None:
            await site.put(frames, lag_s)

    async def _start(self) -> Paced:
        """Simulated and real time that go together; at speed 1 simulated now is the present.

        A process that takes the place of one that died goes on in step with it, and those that share the sites
        go in step with each other.
        """
        before = None if self._memory is None else self._memory.pace
        if before is not None and self._parent.again:
            return before
        now_ns = self._clock.now_ns()
        start_s = self.feed.now_s
        if self.settings.anchored:
            present_s = (now_ns - self.feed.plant.epoch_ns) * 1e-9
            start_s = present_s if self.settings.speed == 1.0 else max(start_s, present_s)
        paced = Paced(start_s, now_ns)
        if self._memory is not None:
            agreed = partial(self._memory.agreed, paced, not self._parent.alone)
            paced = await retried(partial(asyncio.to_thread, agreed), "plant", passing=(OSError,), hop="journal")
        await self._note(paced)
        return paced


@contextmanager
def _no_collection() -> Iterator[None]:
    """Garbage is not collected meanwhile, which could take longer than saving a plant."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


async def run_plant(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Account:
    """The plant's process from its saved state.

    Returns:
        What the exit code depends on.
    """
    memory = PlantMemory(settings.own_plant_state, settings.run, settings.plant_state)
    if not memory.read():
        raise ForgottenError("plant", settings.folder)
    role = PlantRole(settings, memory.feed, parent=parent, memory=memory)
    spare_the_collector()
    await role.run(stop)
    return role.ends
