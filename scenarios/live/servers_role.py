"""The process of the servers: the plant's machines as those who speak Modbus, S7, MTConnect … would meet them.

What they show comes from the records of the run, by the broker, as it does for everybody else.
"""

from __future__ import annotations

import asyncio
import csv
import time
from collections import defaultdict
from pathlib import Path

from brokers import connectors
from brokers.door import Door
from brokers.links import LinkSource
from brokers.reception import Arrivals
from brokers.refusals import merged
from brokers.retry import retried
from devices.personalities import personalities
from devices.personality import Personalities
from devices.served import ServedPlant, served_machines
from devices.servers import MachineServer, servers
from scenarios.live.account import Account, Accounts
from scenarios.live.clock import SystemClock
from scenarios.live.doorway import door_of
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings, ServerPlace
from scenarios.live.together import until_one_ends
from scenarios.loader import load
from twin.equipment import EquipmentPath, Level
from twin.errors import Problem, ScenarioError
from twin.records import Frame, RecordKind

COUNT_S = 1.0
"""Real time in s between two looks at the counters, and at who is still heard of."""
GONE_S = 10.0
GONE_TICKS = 5
"""A site of which nothing was heard for so long, or for so many ticks where that is longer, shows nothing any more."""


SAID = {RecordKind.TELEMETRY, RecordKind.STATE, RecordKind.PART, RecordKind.ALARM, RecordKind.HEARTBEAT}
"""Kinds by which machines are heard of; figures come from the brain, also when they are silent."""


def _site(path: EquipmentPath) -> str:
    """Site of a path; of one above it the path itself."""
    return path.site if path.level >= Level.SITE else path


class ShownRun:
    """The machines of a run, as far as its records tell of them.

    Args:
        plant: Its machines.
        settings: Settings of the run.
        door: What may come in.
    """

    def __init__(self, plant: ServedPlant, settings: RunSettings, door: Door) -> None:
        self.plant, self.door, self._settings = plant, door, settings
        self._machines: dict[str, list[EquipmentPath]] = defaultdict(list)
        for machine in plant.machines:
            self._machines[_site(machine.path)].append(machine.path)
        self._heard: dict[str, float] = {}
        self._arrived: dict[tuple[str, str], Arrivals] = {}
        self._gone_s = max(GONE_S, GONE_TICKS * settings.tick_s / settings.speed)

    def take(self, frame: Frame, now_s: float) -> None:
        """Take a frame, unless it is another run's or has been taken before."""
        if not self._settings.admits(frame) or not self._is_new(frame):
            return
        frame = self.door.admit(self._settings.within(frame))
        if frame.kind not in SAID:
            return
        for site in set(map(_site, frame.paths)) & self._machines.keys():
            self._heard[site] = now_s
            self.plant.seen(self._machines[site], True)
        self.plant.take(frame)

    def _is_new(self, frame: Frame) -> bool:
        if frame.seq < 0:
            return True
        return self._arrived.setdefault((frame.publisher, frame.run), Arrivals()).add(frame.seq)

    def look(self, now_s: float) -> None:
        """See who is no longer heard of."""
        for site, heard in self._heard.items():
            if now_s - heard > self._gone_s:
                self.plant.seen(self._machines[site], False)


async def run_servers(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Account:
    """Serve the machines of a run until told to stop.

    Raises:
        ScenarioError: It has none.
        ProblemsError: A server cannot show so many.
        FatalError: A port is taken.
    """
    if settings.broker is None:
        raise ValueError("servers: expected the address of a broker in the settings, got none")
    scenario = await asyncio.to_thread(load, settings.scenario)
    plant = ServedPlant(served_machines(scenario.plant(), lambda site: settings.serves(str(site))))
    if not plant.machines:
        hint = "give its units a device, e.g. device: {profile: cnc}"
        raise ScenarioError([Problem("--serve", "a scenario with a simulated machine", "none", hint)])
    made = {place.kind: _made(place, plant) for place in settings.served}
    name = f"servers-{settings.name}{settings.share}"
    source = connectors.make_source(
        settings.broker, settings.transport, name, settings.heard_by_gateway, watching=True, **settings.listening
    )
    shown = ShownRun(plant, settings, door_of(settings, SystemClock()))
    try:
        for server in made.values():
            await server.open()
        await retried(source.open, "servers", passing=parent.passing, hop="servers")
        _tell(made, settings, parent)
        await until_one_ends(_carry(source, shown), stop.wait(), _count(made, shown, source, parent))
    finally:
        await source.close()
        for server in made.values():
            await server.close()
    return Account()


def _made(place: ServerPlace, plant: ServedPlant) -> MachineServer:
    server = servers[place.kind](plant, place.host, place.port)
    server.personality = Personalities([personalities[name]() for name in place.personalities])
    return server


async def _carry(source: LinkSource, shown: ShownRun) -> None:
    async for delivery in source.deliveries():
        for frame in delivery.frames:
            shown.take(frame, time.monotonic())
        await delivery.ack()


def _tell(made: dict[str, MachineServer], settings: RunSettings, parent: Parent) -> None:
    """Write the maps, and say where each server is."""
    for place in settings.served:
        file = write_map(made[place.kind], settings.folder / "servers" / f"{place.kind}{settings.share}.csv")
        if not parent.again:
            print(f"{place.kind}: {place.host}:{place.port}, map in {file}", flush=True)
    parent.ready()


def write_map(server: MachineServer, file: Path) -> Path:
    """Write where everything stands, as a table."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, server.columns)
        table.writeheader()
        table.writerows(server.rows())
    return file


async def _count(made: dict[str, MachineServer], shown: ShownRun, source: LinkSource, parent: Parent) -> None:
    """Tell the counters now and then, and look who is still there."""
    while True:
        await asyncio.sleep(COUNT_S)
        shown.look(time.monotonic())
        refused = merged([source.refusals, shown.door.refusals])
        counts = {
            "requests": sum(server.requests for server in made.values()),
            "denied": sum(server.refused for server in made.values()),
            "losses": source.losses,
            "dropped": source.dropped,
            "refused": sum(refused.values()),
        }
        away = sum(not machine.there for machine in shown.plant.machines)
        account = Account(counts, {"machines": len(shown.plant.machines), "silent": away}, refused)
        parent.counts(Accounts(hops={"servers": account}))
