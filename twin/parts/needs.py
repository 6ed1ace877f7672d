"""People and tools that the phases of an operation need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.config import NeedConfig
from twin.distributions import Distribution
from twin.parts.interruption import lay_down, take_up
from twin.parts.setup import Setups
from twin.sim.allocation import Request
from twin.sim.station import WAIT

if TYPE_CHECKING:
    from twin.sim.process import Processor
    from twin.sim.slot import Slot

Wants = dict[str, int]


def wanted(configs: tuple[NeedConfig, ...], phase: str) -> Wants:
    """Number by skill that a phase needs."""
    wants: Wants = {}
    for config in configs:
        if phase in config.during:
            wants[config.skill] = wants.get(config.skill, 0) + config.number
    return wants


class Hands:
    """The resources of one place of a unit.

    Work that is interrupted lets them go and asks for them again before it goes on, so a failed
    machine keeps nobody from repairing it.

    Args:
        slot: The place.
        needs: Needs of its unit.
    """

    __slots__ = ("again", "needs", "request", "slot", "station")

    def __init__(self, slot: Slot, needs: Needs):
        self.slot, self.needs, self.station = slot, needs, slot.station
        self.request = Request(self, {}, needs.priority)
        self.again = False

    def hold(self, wants: Wants) -> bool:
        """Want exactly these from now on; whether they are here already."""
        allocator = self.station.setting.allocator
        if self.request.covers(wants):
            return True
        allocator.give_back(self.request)
        if not wants:
            return True
        self.request = Request(self, wants, self.needs.priority)
        allocator.ask(self.request)
        return False

    def granted(self, request: Request) -> None:  # noqa: ARG002 - a place has one request
        """All are here: begin, or go on where it was interrupted."""
        if self.again:
            self.again = False
            take_up(self.slot)
        else:
            self.slot.admit()

    def lost(self, request: Request) -> None:  # noqa: ARG002 - a place has one request
        """One leaves: the work waits until all are here again."""
        self.interrupt()
        if not self.station.closed:
            self.ask_again()

    def interrupt(self) -> None:
        """Let all go and wait."""
        if self.request.idle:
            return
        self.again = lay_down(self.slot) or self.again
        self.station.setting.allocator.give_back(self.request)
        self.needs.waiting.append(self)

    def ask_again(self) -> None:
        """Ask for those that were let go."""
        self.needs.waiting.remove(self)
        self.station.setting.allocator.ask(self.request)
        self.station.show()


class Needs:
    """What the phases of a unit's operations need, by place.

    Args:
        station: The unit.
        configs: What is needed.
        priority: Lower is served first.
    """

    __slots__ = ("hands", "priority", "station", "waiting")

    def __init__(self, station: Processor, configs: tuple[NeedConfig, ...], priority: float):
        self.station, self.priority = station, priority
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
            station.exits = (Phase(self, wanted(configs, "unload")), Handling(station, "unload", unload))
            for slot in station.slots:
                slot.wake = slot.end
        station.go_general()

    def suspend(self) -> None:
        """The unit stops."""
        for hands in self.hands:
            hands.interrupt()

    def resume(self) -> None:
        """The unit goes on."""
        for hands in tuple(self.waiting):
            hands.ask_again()

    def drop(self, slot: Slot) -> None:
        """The part in a place is gone: nothing has to be asked for again."""
        hands = self.hands[self.station.slots.index(slot)]
        hands.again = False
        if hands in self.waiting:
            self.waiting.remove(hands)

    def lacking(self, over: bool) -> str | None:
        """What the first place waits for of those whose operation is over, or of the others."""
        for hands in self.hands:
            if hands.slot.over is over and (hands.request.waiting or (hands.request.held and hands.slot.waits)):
                return "+".join(skill for skill, _ in hands.request.wants)
        return None


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
        hands = self.needs.hands[slot.station.slots.index(slot)]
        return 0.0 if hands.hold(self.wants) else WAIT

    def leave(self, slot: Slot) -> None:
        """Let all go at the end of the operation."""
        if self.leaves:
            self.needs.hands[slot.station.slots.index(slot)].hold({})


class Handling:
    """A stage of putting the part in or taking it out: the unit is SETUP meanwhile.

    Args:
        station: The unit.
        purpose: ``load`` or ``unload``.
        law: Time it takes.
    """

    __slots__ = ("times",)

    def __init__(self, station: Processor, purpose: str, law: Distribution):
        self.times = station.stream(purpose, law)

    def enter(self, slot: Slot) -> float:  # noqa: ARG002 - the same for all places
        """Time of it in s."""
        return self.times.draw()

    def leave(self, slot: Slot) -> None:
        """Nothing to do."""
