"""What travels with a part: pallets, fixtures and tools that are taken with it and given back further on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from twin.behaviours.requests import Request
from twin.behaviours.workplace import Slot
from twin.engine.loads import Load, Lot, Part
from twin.engine.station import Station


class Hands(Protocol):
    """The resources of one place of a unit; see :class:`twin.behaviours.needs.Hands`."""

    slot: Slot

    @property
    def station(self) -> Station:
        """The unit."""

    def interrupt(self) -> None:
        """Let all go, but for those that belong to the part, and wait."""

    def go_on(self) -> None:
        """Ask for those that were let go."""


class Carried:
    """Resources of one skill that belong to a part until it comes to the end of an operation at a certain unit.

    Args:
        request: The request of which they were a part.
        skill: What they are there for.
        hands: The place in which they were taken.
        until: Units at which they are given back.
    """

    __slots__ = ("hands", "request", "skill", "station", "until")

    def __init__(self, request: Request, skill: str, hands: Hands, until: tuple[Station, ...]):
        self.skill, self.until = skill, until
        self.hands: Hands | None = hands
        self.station: Station = hands.station
        self.request: Request = self.station.setting.allocator.hand_over(request, skill, self)
        for resource in self.request.held:
            resource.away = self

    @property
    def slot(self) -> Slot | None:
        """The place in which its part is worked on."""
        return None if self.hands is None else self.hands.slot

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.request.held)

    @property
    def up(self) -> bool:
        """Whether none of them is down."""
        return not any(resource.down for resource in self.request.held)

    def come(self, hands: Hands) -> None:
        """The part is in a place of a unit that works on it."""
        self.hands, self.station = hands, hands.station
        for resource in self.request.held:
            resource.place = self.station
            resource.show()

    def leave(self, station: Station) -> bool:
        """The part leaves a unit; whether they stay with it."""
        self.hands = None
        if station not in self.until:
            return True
        self.give_back(station)
        return False

    def give_back(self, where: Station) -> None:
        """They are not needed any more, and lie at a unit."""
        self.hands = None
        for resource in self.request.held:
            resource.away, resource.place = None, where
        where.setting.allocator.give_back(self.request)

    def on_granted(self, request: Request) -> None:
        """Nothing to do: they were here before they were theirs."""

    def on_lost(self, request: Request) -> None:  # noqa: ARG002 - there is one
        """One is down."""
        self.changed()

    def changed(self) -> None:
        """One went down, so the work on the part stops (its way does not), or is back."""
        if self.hands is None:
            return
        if self.up:
            self.hands.go_on()
        else:
            self.hands.interrupt()
            self.hands.station.show()


def carry(part: Load, carried: Carried) -> Lot:
    """A part with something that travels with it: the lot that it is, or a lot without a name."""
    lot = Lot("", part) if isinstance(part, Part) else part
    lot.carried += (carried,)
    return lot


def brought(slot: Slot) -> Iterator[Carried]:
    """What travels with the parts in a place."""
    for part in slot.inside():
        if not isinstance(part, Part):
            yield from part.carried


def leave(part: Load, station: Station) -> Load:
    """A part leaves a unit; what it is then."""
    if isinstance(part, Part):
        return part
    part.carried = tuple(carried for carried in part.carried if carried.leave(station))
    return part.become(part.kind)
