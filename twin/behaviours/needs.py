"""People and tools that the phases of an operation need, and those that travel with a part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from twin.behaviours.carried import Carried, brought, carry, leave
from twin.behaviours.requests import Request
from twin.behaviours.setup import Setups
from twin.behaviours.workplace import Slot, Workplace
from twin.config.plant import NeedConfig
from twin.distributions import Distribution
from twin.engine.links import givees, reach, resolve
from twin.engine.station import WAIT, Station
from twin.equipment import EquipmentPath

Wants = dict[str, int]


def wanted(configs: tuple[NeedConfig, ...], phase: str) -> Wants:
    """Number by skill that a phase needs."""
    wants: Wants = {}
    for config in configs:
        if phase in config.during:
            wants[config.skill] = wants.get(config.skill, 0) + config.number
    return wants


class Hands:
    """The resources of one place of a unit: those that came with its part, and those it asks for.

    Work that is interrupted lets the latter go and asks for them again before it goes on, so a failed
    machine keeps nobody from repairing it.

    Args:
        slot: The place.
        needs: Needs of its unit.
    """

    __slots__ = ("again", "allocator", "carried", "needs", "request", "slot", "station")

    def __init__(self, slot: Slot, needs: Needs):
        self.slot, self.needs, self.station = slot, needs, slot.station
        self.allocator = self.station.setting.allocator
        self.request = Request(self, {}, needs.priority)
        self.carried: tuple[Carried, ...] = ()
        self.again = False

    @property
    def up(self) -> bool:
        """Whether nothing that came with the part is down."""
        return all(carried.up for carried in self.carried)

    def hold(self, wants: Wants) -> bool:
        """Want exactly these from now on; whether they are here already."""
        self._look()
        if self.carried:
            there = Counter({carried.skill: carried.number for carried in self.carried})
            wants = dict(Counter(wants) - there)
        if self.up and self.request.covers(wants):
            return True
        self.allocator.give_back(self.request)
        self.request = Request(self, wants, self.needs.priority)
        if not self.up:
            self.needs.waiting.append(self)
            return False
        if not wants:
            return True
        self.allocator.ask(self.request)
        return False

    def _look(self) -> None:
        for carried in tuple(brought(self.slot)):
            if carried not in self.carried:
                self.carried += (carried,)
                carried.come(self)

    def on_granted(self, request: Request) -> None:  # noqa: ARG002 - a place has one request
        """All are here: begin, or go on where it was interrupted."""
        for skill, until in self.needs.kept.items():
            if skill in dict(self.request.wants):
                carried = Carried(self.request, skill, self, until)
                self.carried += (carried,)
                self.slot.part = carry(self.slot.part, carried)
        if self.again:
            self.again = False
            self.slot.take_up()
        else:
            self.slot.admit()

    def on_lost(self, request: Request) -> None:  # noqa: ARG002 - a place has one request
        """One leaves: the work waits until all are here again."""
        self.interrupt()
        self.go_on()

    def interrupt(self) -> None:
        """Let all go, but for those that belong to the part, and wait."""
        self.again = self.slot.lay_down() or self.again
        self.allocator.give_back(self.request)
        if self not in self.needs.waiting:
            self.needs.waiting.append(self)

    def go_on(self) -> None:
        """Ask for those that were let go, when the unit runs and nothing is down."""
        if self.station.closed or not self.up:
            return
        self.needs.waiting.remove(self)
        if not self.request.wants:
            self.on_granted(self.request)
            return
        self.allocator.ask(self.request)
        self.station.show()

    def finish(self) -> None:
        """The operation is over: all go, or travel on with the part."""
        self.allocator.give_back(self.request)
        self.carried = ()
        for part in self.slot.inside():
            leave(part, self.station)

    def drop(self) -> None:
        """The part is gone: nothing has to be asked for again."""
        self.again, self.carried = False, ()
        self.allocator.give_back(self.request)
        if self in self.needs.waiting:
            self.needs.waiting.remove(self)

    def lack(self) -> str | None:
        """What it waits for."""
        if not self.up:
            return "+".join(carried.skill for carried in self.carried if not carried.up)
        if self.request.waiting or (self.request.held and self.slot.waits):
            return "+".join(skill for skill, _ in self.request.wants)
        return None


class Needs:
    """What the phases of a unit's operations need, by place.

    Args:
        station: The unit.
        configs: What is needed.
        priority: Lower is served first.
    """

    __slots__ = ("hands", "kept", "priority", "station", "waiting")

    def __init__(self, station: Workplace, configs: tuple[NeedConfig, ...], priority: float):
        self.station, self.priority = station, priority
        self.kept: dict[str, tuple[Station, ...]] = {}
        self.hands = tuple(Hands(slot, self) for slot in station.slots)
        self.waiting: list[Hands] = []
        stages = station.stages
        setup = wanted(configs, "setup")
        setups = next((stage for stage in stages if isinstance(stage, Setups)), None)
        if setup and setups is not None:
            stages = (Phase(self, setup, setups), *stages)
        load, unload = (getattr(station.setting.config, key, None) for key in ("load_time", "unload_time"))
        if load is not None:
            stages = (*stages, Phase(self, wanted(configs, "load")), Handling(station, "load", load))
        station.stages = (*stages, Phase(self, wanted(configs, "operation"), leaves=True))
        if unload is not None:
            unloading = (Phase(self, wanted(configs, "unload")), Handling(station, "unload", unload))
            station.exits = (*station.exits, *unloading)

    def connect(self, stations: Mapping[EquipmentPath, Station]) -> Iterator[Station]:
        """Find where what is kept is given back; the units that it may come to on its way."""
        config: Any = self.station.setting.config
        for need in getattr(config, "needs", ()):
            if need.keep_until:
                named = (resolve(name, self.station.path.line, stations) for name in need.keep_until)
                until = self.kept[need.skill] = tuple(stations[path] for path in named if path is not None)
                yield from () if self.station in until else reach(givees(self.station), givees, until)

    def of(self, slot: Slot) -> Hands:
        """The resources of a place."""
        return self.hands[self.station.slots.index(slot)]

    def suspend(self) -> None:
        """The unit stops."""
        for hands in self.hands:
            if not hands.request.idle:
                hands.interrupt()

    def resume(self) -> None:
        """The unit goes on."""
        for hands in tuple(self.waiting):
            hands.go_on()

    def lacking(self, over: bool) -> str | None:
        """What the first place waits for of those whose operation is over, or of the others."""
        lacks = (hands.lack() for hands in self.hands if hands.slot.over is over)
        return next((lack for lack in lacks if lack is not None), None)


class Phase:
    """A stage that holds what a phase needs and lets the rest go.

    Args:
        needs: Needs of the unit.
        wants: Number by skill.
        setups: Only when these are due.
        leaves: The last phase: all go at its end.
    """

    __slots__ = ("leaves", "needs", "setups", "wants")

    def __init__(self, needs: Needs, wants: Wants, setups: Setups | None = None, leaves: bool = False):
        self.needs, self.wants, self.setups, self.leaves = needs, wants, setups, leaves

    def enter(self, slot: Slot) -> float:
        """Ask for what is needed; ``WAIT`` until it is here."""
        if self.setups is not None and not self.setups.due(slot):
            return 0.0
        return 0.0 if self.needs.of(slot).hold(self.wants) else WAIT

    def leave(self, slot: Slot) -> None:
        """Let all go at the end of the operation."""
        if self.leaves:
            self.needs.of(slot).finish()


class Handling:
    """A stage of putting the part in or taking it out: the unit is SETUP meanwhile.

    Args:
        station: The unit.
        purpose: ``load`` or ``unload``.
        law: Time it takes.
    """

    __slots__ = ("times",)

    def __init__(self, station: Workplace, purpose: str, law: Distribution):
        self.times = station.stream(purpose, law)

    def enter(self, slot: Slot) -> float:  # noqa: ARG002 - the same for all places
        """Time of it in s."""
        return self.times.draw()

    def leave(self, slot: Slot) -> None:
        """Nothing to do."""
