"""The process of the real machines: keeps sessions with them and publishes what they say.

Each site has a publisher for them beside that of its simulated units, with heartbeats of its own, so that one may be
silent while the other speaks. No machine ever waits: what cannot be sent yet is kept on disk (:mod:`brokers.spool`),
and where that is full the oldest goes, counted and told.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

from brokers import connectors
from brokers.links import Commanded
from brokers.outbox import Outbox, OutboxConfig
from brokers.pump import BrokerOutage, Pump
from brokers.refusals import merged
from brokers.retry import retried, tries
from brokers.spool import Spool
from devices.connection import MET
from devices.gathering import RealMachines, real_units
from scenarios.headless.driven import MadeParts
from scenarios.live.account import Account, Accounts
from scenarios.live.clock import SystemClock
from scenarios.live.machine_desk import MachineDesk
from scenarios.live.made import MadeFile
from scenarios.live.parent import Parent
from scenarios.live.record import FILE, RunRecord
from scenarios.live.settings import RunSettings, machines_publisher
from scenarios.live.together import until_one_ends
from scenarios.loader import load
from twin.engine.clock import to_ns
from twin.equipment import EquipmentPath
from twin.ports import Clock
from twin.records import Frame, RecordKind, records

TICK_S = 1.0
"""Real time between two heartbeats."""
LATE_NS = 2_000_000_000
"""By so much a heartbeat is behind the present: what machines say takes its time to come here."""
BOUNDS = OutboxConfig(policy="wait", pieces=20_000, window=5_000)
AT_ONCE = 500
"""Most frames that go from the disk into the outbox at a time."""
MOST_WAITING = 600
"""Ticks that are kept in memory while the disk does not take them."""
WAITS = "cannot keep what they say, it waits in memory"
DRAIN_S = 4.0


class MachinesPublisher:
    """The one ordered writer of the real machines of a site: disk, outbox and pump.

    Args:
        site: The site.
        settings: Settings of the run.
        gathering: Its machines.
        outage: Tells that the broker is away.
    """

    def __init__(self, site: EquipmentPath, settings: RunSettings, gathering: RealMachines, outage: BrokerOutage):
        if settings.broker is None:
            raise ValueError(f"{site}: expected the address of a broker, got none")
        self.site, self.gathering = site, gathering
        name = machines_publisher(str(site))
        publisher = connectors.make_publisher(settings.broker, settings.transport, name, **settings.sending)
        file = settings.folder / "machines" / f"{hashlib.blake2b(name.encode(), digest_size=6).hexdigest()}.sqlite"
        self.spool = Spool(file, f"{settings.run}.{uuid4().hex[:8]}", publisher.split)
        self.outbox = Outbox(name, publisher.split, BOUNDS, self.spool.run, self.spool.first)
        self.outbox.counters.dropped = self.spool.dropped
        self.pump = Pump(self.outbox, publisher, outage=outage)
        gathering.recall(self.spool.kept)
        self._made = gathering.made()
        """What its machines have counted, as it is on the disk."""
        self._waiting: deque[tuple[list[Frame], Mapping[str, Any], Mapping[str, tuple[float, float, bool]]]] = deque()
        self._not_kept = f"machines of {site}: {WAITS}"
        self.forgone = 0
        """Ticks that neither disk nor memory could take."""

    async def say(self, now_ns: int) -> None:
        """Keep what the machines have said, and let the outbox have what it has room for."""
        beat_ns = now_ns - LATE_NS
        frames = self.gathering.frames(now_ns)
        beat = records(RecordKind.HEARTBEAT, [(self.site, beat_ns, (self.outbox.counters.sent, 0, LATE_NS * 1e-9))])
        self._waiting.append(([*frames, beat], self.gathering.kept(), self.gathering.made()))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.forgone += 1
        try:
            await self._kept()
            await self.move()
        except sqlite3.Error as error:
            tries().failed(self._not_kept, error, "spool")
        else:
            tries().works(self._not_kept)

    async def _kept(self) -> None:
        await asyncio.to_thread(self._keep)
        self.outbox.counters.dropped = self.spool.dropped

    def _keep(self) -> None:
        while self._waiting:
            frames, kept, made = self._waiting[0]
            self.spool.add(frames, kept)
            self._made = dict(made)
            self._waiting.popleft()

    @property
    def made(self) -> list[MadeParts]:
        """What its machines have counted, for the plant whose units they drive."""
        return [MadeParts(path, self.spool.run, *counts) for path, counts in self._made.items()]

    async def move(self) -> None:
        """From the disk into the outbox, and off the disk what is stored.

        Raises:
            sqlite3.Error: The disk does not take it.
        """
        await asyncio.to_thread(self.spool.stored, self.outbox.base().first)
        while self.outbox.counters.held < BOUNDS.window:
            frames = await asyncio.to_thread(self.spool.next, AT_ONCE)
            if not frames:
                return
            await self.outbox.put_soon(frames)

    async def end(self, limit_s: float) -> None:
        """See that what was said is stored; what is not comes after the next start, if the disk has it.

        Raises:
            UnfinishedError: The disk has not taken all of it before the process had to end.
        """
        what = f"machines of {self.site}: {len(self._waiting)} ticks in memory that nobody else has"
        if self._waiting:
            await retried(self._kept, what, passing=(sqlite3.Error,), hop="spool")
        with suppress(sqlite3.Error):  # then it comes once more, with the numbers that the store has
            await self.move()
        await self.pump.drain(limit_s)
        with suppress(sqlite3.Error):
            await asyncio.to_thread(self.spool.stored, self.outbox.base().first)


class MachinesRole:
    """Keeps sessions with all real machines of a run, and publishes what they say.

    Args:
        settings: Settings of the run, with a broker.
        gatherings: Machines by site.
        parent: The process that started this one.
        clock: Time of this computer.
    """

    def __init__(
        self,
        settings: RunSettings,
        gatherings: Mapping[EquipmentPath, RealMachines],
        parent: Parent,
        clock: Clock | None = None,
    ):
        outage = BrokerOutage("machines")
        self.sites = [MachinesPublisher(site, settings, some, outage) for site, some in gatherings.items()]
        self._parent, self._clock = parent, clock or SystemClock()
        self._desk = MachineDesk(settings, gatherings, self._clock, parent)
        for site in self.sites:
            publisher = site.pump.publisher
            if isinstance(publisher, Commanded):
                publisher.on_command = self._desk.hear
                publisher.offer(site.gathering.offered())
        self._folder, self._gatherings = settings.folder, gatherings
        self._made = MadeFile(settings.folder, settings.share)
        self._record: tuple[int, ...] = ()
        self._told: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until told to stop.

        Raises:
            ConnectorError: A publisher cannot go on, e.g. the broker refuses it.
        """
        pumps = [site.pump.run() for site in self.sites]
        sessions = [session.run() for site in self.sites for session in site.gathering.sessions]
        try:
            await until_one_ends(*pumps, *sessions, self._desk.run(), self._publish(stop))
        finally:
            self._parent.counts(self.accounts)
            for site in self.sites:
                site.spool.close()

    async def _publish(self, stop: asyncio.Event) -> None:
        self._parent.ready()
        while not stop.is_set():
            self._hear()
            await self._say()
            self._parent.counts(self.accounts)
            try:
                async with asyncio.timeout(TICK_S):
                    await stop.wait()
            except TimeoutError:
                continue
        await self._say()
        await asyncio.gather(*(site.end(DRAIN_S) for site in self.sites))

    async def _say(self) -> None:
        await asyncio.gather(*(site.say(self._clock.now_ns()) for site in self.sites))
        await asyncio.to_thread(self._made.write, [one for site in self.sites for one in site.made])

    def _hear(self) -> None:
        """Which drivers stand for which units: the record of the run says it, so that it is one for all processes."""
        with suppress(OSError):
            about = (self._folder / FILE).stat()
            seen = (about.st_mtime_ns, about.st_ino, about.st_size)
            record = None if seen == self._record else RunRecord.of_folder(self._folder)
            self._record = seen
            if record is not None:
                self._learn(record)

    def _learn(self, record: RunRecord) -> None:
        for one in record.commands:
            for change in () if one.id in self._told else one.changes:
                machines = self._gatherings.get(change.path.site)
                if machines is not None:
                    machines.change(change, to_ns(round(record.epoch.timestamp() * 1e9), change.at_s))
            self._told.add(one.id)

    @property
    def accounts(self) -> Accounts:
        """What was met on the hops from the machines to the broker."""
        refused = merged(site.pump.publisher.refusals for site in self.sites)
        dropped = sum(site.spool.dropped + site.forgone for site in self.sites)
        publishers = Account({"refused": sum(refused.values())}, reasons=refused)
        machines = _machines([site.gathering for site in self.sites])
        machines = replace(machines, counts={**machines.counts, "written": self._desk.written})
        hops = {"machines": machines, "publishers": publishers}
        hops["spool"] = Account(
            {}, {"dropped": dropped, "waiting": sum(site.spool.held for site in self.sites),
                 "bytes": sum(site.spool.bytes for site in self.sites)},
        )  # fmt: skip
        return Accounts(Account({}, {"dropped": dropped}), hops)


def _machines(gatherings: Sequence[RealMachines]) -> Account:
    sessions = [session for gathering in gatherings for session in gathering.sessions]
    met = [counters for gathering in gatherings for counters in gathering.counters]
    names = ("values", "bad", "malformed", "duplicates", "backward", "gaps", "unknown_words")
    counts = {name: sum(getattr(each, name) for each in met) for name in names}
    counts |= {"losses": sum(session.losses for session in sessions)}
    counts |= {"glitches": sum(each.faults.glitches + each.faults.implausible for each in met)}
    counts |= {name: sum(session.met[name] for session in sessions) for name in MET}
    reasons: Counter[str] = Counter()
    for each in met:
        reasons.update(each.reasons)
    reasons.update(_resets(gatherings))
    away = [session for session in sessions if session.speaks and not session.open]
    reasons.update(f"{session.name}: {session.reason or 'not answering yet'}" for session in away)
    return Account(counts, {"machines": len(sessions), "away": len(away)}, dict(reasons))


def _resets(gatherings: Sequence[RealMachines]) -> dict[str, int]:
    """Counters of parts that began anew: what they counted since their last reading is not known to anybody."""
    counted = [(each.unit.path, each.derivation.counters.faults.resets) for one in gatherings for each in one.units]
    return {f"{path}: a counter was reset, its parts since the last reading are unknown": n for path, n in counted if n}


async def run_machines(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Account:
    """The process of the real machines of a run.

    Returns:
        What the exit code depends on.
    """
    scenario = await asyncio.to_thread(load, settings.scenario)
    config = scenario.plant()
    served = [site for site, _ in config.sites() if settings.serves(str(site))]
    clock = SystemClock()
    found = {site: real_units(config, site) for site in served}
    gatherings = {site: RealMachines(units, scenario.base, clock.now_ns) for site, units in found.items() if units}
    role = MachinesRole(settings, gatherings, parent, clock)
    await role.run(stop)
    return role.accounts.ends
