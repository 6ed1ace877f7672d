"""From the event queue of a plant to cells: pending entries, calendars, commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twin.behaviours.breakable import Breakable
from twin.behaviours.calendar import CalendarClock, weekly
from twin.behaviours.life import Life
from twin.behaviours.task import Task
from twin.behaviours.workplace import Slot
from twin.compiled import layout as at
from twin.compiled.memory import Memory
from twin.compiled.units import Units
from twin.plant.command import Command, PendingCommand
from twin.plant.plant import Plant
from twin.stations.sink import Sink
from twin.stations.transport import Transport

KINDS: dict[Callable[..., Any], int] = {
    Slot.finish: at.FINISH,
    Slot.end: at.FINISH,
    Breakable.fail: at.FAIL,
    Life.expire: at.EXPIRE,
    Task.finish: at.MEND,
    CalendarClock.tell: at.TELL,
    Sink._wanted: at.WANTED,
    Transport.leave: at.LEAVE,
    PendingCommand.deliver: at.DELIVER,
    Plant._begin: at.BEGIN,
}
"""What an entry may do, by the method that it calls."""
ACTIONS = {"stop": at.STOP, "restart": at.RESTART, "slow": at.SLOW_DOWN}
SMALLEST_HEAP, SMALLEST_RING = 64, 256


def strange_entries(plant: Plant) -> list[str]:
    """Pending entries that cannot be lowered."""
    found = []
    for *_, action in plant._kernel._queue:
        function = getattr(action, "__func__", None)
        if function not in KINDS:
            found.append(f"pending: {getattr(function, '__qualname__', type(action).__name__)}")
        elif isinstance(action.__self__, PendingCommand) and action.__self__.command.action not in ACTIONS:
            found.append(f"command: {action.__self__.command.action}")
    return found


def causes_of(plant: Plant) -> dict[str, int]:
    """Numbers of all causes of being down or slow that are there or can come."""
    names = [mode.id for station in plant._stations for mode in station.modes]
    names += [
        cause for station in plant._stations for cause in (*(name for _, name in station.causes), *station.slowed)
    ]
    names += [command.cause for command in _commands(plant)]
    names += sorted(cause for _, cause in plant._mailbox._down)
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _commands(plant: Plant) -> list[Command]:
    actions = [getattr(action, "__self__", None) for *_, action in plant._kernel._queue]
    return [one.command for one in actions if isinstance(one, PendingCommand)]


class Entries:
    """Lays the event queue out.

    Args:
        memory: Where.
        units: The stations, laid out.
        plant: The plant.
    """

    def __init__(self, memory: Memory, units: Units, plant: Plant):
        self.memory, self.units, self.plant = memory, units, plant
        self.address = dict(units.address)
        for clock in plant._clocks:
            origin, edges, phases = weekly(clock.calendar)
            if edges:
                self.address[id(clock)] = self._calendar(clock, origin, edges, phases)
        self._header()
        self._heap()
        self._down()

    def _header(self) -> None:
        m, kernel = self.memory.m, self.plant._kernel
        addresses = [self.units.address[id(station)] for station in self.units.stations]
        self.memory.x[at.NOW] = kernel.now
        stations, ring = self.memory.list_of(addresses), self.memory.allot(SMALLEST_RING)
        m = self.memory.m
        m[at.STATIONS], m[at.COUNT] = stations, len(addresses)
        m[at.SOON], m[at.SOON_MASK] = ring, SMALLEST_RING - 1
        m[at.ITEMS], m[at.REWORKS] = len(self.units.parts.items), self.units.parts.reworks
        m[at.NUMBER] = kernel.processed + len(kernel._queue)

    def _heap(self) -> None:
        queue = self.plant._kernel._queue
        room = SMALLEST_HEAP
        while room < 2 * len(queue) + 2 * len(self.units.stations):
            room *= 2
        heap = self.memory.allot(room * at.ENTRY)
        for k, (time, rank, action) in enumerate(queue):
            what = self._what(action)
            a = heap + k * at.ENTRY
            m, x = self.memory.m, self.memory.x
            m[a], m[a + at.WHAT], x[a] = rank, what, time
        m = self.memory.m
        m[at.HEAP], m[at.HEAP_ROOM], m[at.PENDING] = heap, room, len(queue)

    def _what(self, action: Any) -> int:
        kind, owner = KINDS[action.__func__], action.__self__
        if isinstance(owner, PendingCommand):
            who = self._command(owner.command)
        else:
            who = 0 if isinstance(owner, Plant) else self.address[id(owner)]
        return (who << at.KIND_BITS) + kind

    def _command(self, command: Command) -> int:
        targets = [self.units.address[id(one)] for one in self.plant._mailbox.targets(command.target)]
        row = (ACTIONS[command.action], self.units.causes[command.cause], self.memory.list_of(targets), len(targets))
        address = self.memory.list_of(row)
        self.memory.x[address + at.FACTOR] = command.factor
        return address

    def _calendar(self, clock: CalendarClock, origin: float, times: list[float], phases: list[int]) -> int:
        memory = self.memory
        edges = memory.list_of(phases)
        memory.reals(edges, times)
        members = [self.units.address[id(member)] for member in clock.members]
        address = memory.list_of((edges, len(times), memory.list_of(members), len(members)))
        memory.x[address + at.ORIGIN] = origin
        return address

    def _down(self) -> None:
        m = self.memory.m
        by_path = {str(one.path): self.units.address[id(one)] for one in self.units.stations}
        for path, cause in self.plant._mailbox._down:
            m[m[by_path[path] + at.DOWN_BY] + self.units.causes[cause]] = 1
