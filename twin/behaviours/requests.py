"""Who gets which worker or tool: requests in order, all or nothing."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from typing import Any, Protocol

from twin.engine.kernel import Kernel
from twin.engine.station import Station
from twin.equipment import EquipmentPath

Key = tuple[float, float, int]
"""Rank of a request: priority, simulated time, number; the lowest comes first."""


class Owner(Protocol):
    """Who asks for resources."""

    @property
    def station(self) -> Station:
        """The unit that they are for."""

    def on_granted(self, request: Request) -> None:
        """All of them are here."""

    def on_lost(self, request: Request) -> None:
        """One of them leaves; give the others back."""


class Allocated(Protocol):
    """Who or what is given to requests: a person or a tool, see :class:`twin.behaviours.resource.Resource`."""

    path: EquipmentPath
    task: Request | None
    place: Station
    away: Any

    @property
    def available(self) -> bool:
        """Whether it can be given a task now."""

    @property
    def down(self) -> bool:
        """Whether it cannot work, wherever it is."""

    def rank(self, station: Station) -> tuple[float, int, int]:
        """Order in which those who can are chosen for a unit."""

    def go_to(self, request: Request) -> float:
        """Get a task; the time to get there in s."""

    def start(self) -> None:
        """Everybody is there."""

    def release(self) -> None:
        """The task is over."""

    def show(self) -> None:
        """Enter the state that it should be in."""


class Request:
    """Some resources that are wanted at the same time.

    Args:
        owner: Who wants them.
        wants: Number by skill.
        priority: Lower is served first.
    """

    __slots__ = ("held", "key", "number", "owner", "priority", "site", "waiting", "wants")

    def __init__(self, owner: Owner, wants: Mapping[str, int], priority: float = 0.0):
        self.owner, self.wants, self.priority = owner, tuple(sorted(wants.items())), priority
        self.site = owner.station.path.site
        owner.station.shares = True
        self.number = 0
        self.key: Key = (priority, 0.0, 0)
        self.waiting = False
        self.held: tuple[Allocated, ...] = ()

    @property
    def idle(self) -> bool:
        """Nothing is wanted and nothing held."""
        return not self.waiting and not self.held

    def covers(self, wants: Mapping[str, int]) -> bool:
        """Whether what is held is what is wanted."""
        return bool(self.held) and self.wants == tuple(sorted(wants.items()))


class _Walk:
    """The way of the resources of a request to its unit."""

    __slots__ = ("number", "request")

    def __init__(self, request: Request):
        self.request, self.number = request, request.number

    def arrive(self) -> None:
        """They are there, unless they were called off on the way."""
        if self.request.number == self.number and self.request.held:
            arrived(self.request)


def arrived(request: Request) -> None:
    """Begin the task."""
    for resource in request.held:
        resource.start()
    request.owner.on_granted(request)


class Allocator:
    """Gives resources to requests by priority, then time, then number (our own rule).

    A request gets everything at once or nothing, so none waits with something in its hands and no
    two can lock each other. One that cannot be served lets later ones pass.

    Args:
        kernel: The event queue.
    """

    def __init__(self, kernel: Kernel):
        self.kernel = kernel
        self.able: dict[tuple[EquipmentPath, str], list[Allocated]] = {}
        self.waiting: list[tuple[Key, Request]] = []
        self.issued = 0
        self.due = False

    def add(self, resource: Allocated, skills: tuple[str, ...]) -> None:
        """Make a resource known, in the order of the document."""
        for skill in skills:
            self.able.setdefault((resource.path.site, skill), []).append(resource)

    def ask(self, request: Request) -> None:
        """Put a request in the queue; it is served within this instant if it can be."""
        self.issued += 1
        request.number = self.issued
        request.key = (request.priority, self.kernel.now, self.issued)
        request.waiting = True
        insort(self.waiting, (request.key, request))
        self.wake()

    def give_back(self, request: Request) -> None:
        """End a request, whether it was served or not."""
        if request.waiting:
            request.waiting = False
            self.waiting.remove((request.key, request))
        held, request.held = request.held, ()
        request.number = 0
        for resource in held:
            resource.release()
        if held:
            self.wake()

    def hand_over(self, request: Request, skill: str, owner: Owner) -> Request:
        """Give those that serve one skill of a request to another owner, as a request of its own."""
        number = dict(request.wants)[skill]
        first = sum(count for name, count in request.wants if name < skill)
        other = Request(owner, {skill: number}, request.priority)
        other.held = request.held[first : first + number]
        request.held = request.held[:first] + request.held[first + number :]
        request.wants = tuple(want for want in request.wants if want[0] != skill)
        for resource in other.held:
            resource.task = other
        return other

    def wake(self) -> None:
        """Look at the queue at the end of the present step."""
        if self.waiting and not self.due:
            self.due = True
            self.kernel.soon.append(self.serve)

    def serve(self) -> None:
        """Go through the queue and serve what can be served."""
        self.due = False
        failed = set()
        for _, request in tuple(self.waiting):
            want = (request.site, request.wants)
            if not request.waiting or want in failed:
                continue
            chosen = self._choose(request)
            if chosen is None:
                failed.add(want)
            else:
                self._grant(request, chosen)

    def _choose(self, request: Request) -> tuple[Allocated, ...] | None:
        """The nearest free ones, then those with the fewest skills, then the first listed."""
        chosen: list[Allocated] = []
        station = request.owner.station
        for skill, number in request.wants:
            free = [r for r in self.able.get((request.site, skill), ()) if r.available and r not in chosen]
            if len(free) < number:
                return None
            free.sort(key=lambda resource: resource.rank(station))
            chosen += free[:number]
        return tuple(chosen)

    def _grant(self, request: Request, chosen: tuple[Allocated, ...]) -> None:
        request.waiting = False
        self.waiting.remove((request.key, request))
        request.held = chosen
        way_s = max(resource.go_to(request) for resource in chosen)
        if way_s > 0:
            self.kernel.at(self.kernel.now + way_s, _Walk(request).arrive)
        else:
            arrived(request)
