"""Who gets which worker or tool: requests in order, all or nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from heapq import heapify, heappop, heappush
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
    def far(self) -> tuple[float, int, int] | None:
        """Its rank for all units at which it is not; None: that depends on where they stand."""

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


class _Able:
    """Those who can do something at a site: who of them is free, in the order in which they are chosen.

    Those to whom every other unit is equally far are kept in that order, so that not all have to be looked at.
    """

    __slots__ = ("apart", "order", "there")

    def __init__(self) -> None:
        self.order: list[tuple[float, int, int, Allocated]] = []
        self.there: dict[Station, dict[Allocated, None]] = {}
        self.apart: dict[Allocated, None] = {}

    def offer(self, resource: Allocated, place: Station) -> None:
        """It is free from now on, and was last at a unit."""
        if resource.far is None:
            self.apart[resource] = None
        else:
            insort(self.order, (*resource.far, resource))
            self.there.setdefault(place, {})[resource] = None

    def withdraw(self, resource: Allocated, place: Station) -> None:
        """It is not free any more."""
        if resource.far is None:
            del self.apart[resource]
        else:
            del self.order[bisect_left(self.order, (*resource.far, resource))]
            del self.there[place][resource]

    def nearest(self, station: Station, number: int, others: list[Allocated]) -> list[Allocated]:
        """The first free ones for a unit beside others; fewer where there are not so many."""
        there = self.there.get(station, {})
        few = self.order[: number + len(others) + len(there)]
        near = dict.fromkeys((*there, *(row[3] for row in few), *self.apart))
        free = [resource for resource in near if resource not in others]
        free.sort(key=lambda resource: resource.rank(station))
        return free[:number]


Want = tuple[EquipmentPath, tuple[tuple[str, int], ...]]
"""The site of a request and what is wanted."""


class Allocator:
    """Gives resources to requests by priority, then time, then number (our own rule).

    A request gets everything at once or nothing, so none waits with something in its hands and no
    two can lock each other. One that cannot be served lets later ones pass.

    Args:
        kernel: The event queue.
    """

    def __init__(self, kernel: Kernel):
        self.kernel = kernel
        self.able: dict[tuple[EquipmentPath, str], _Able] = {}
        self.queues: dict[Want, list[tuple[Key, Request]]] = {}
        self.issued = 0
        self.due = False

    @property
    def waiting(self) -> int:
        """Number of requests that wait."""
        return sum(map(len, self.queues.values()))

    def offer(self, resource: Allocated, skills: tuple[str, ...], place: Station) -> None:
        """A resource is free from now on, and was last at a unit."""
        for skill in skills:
            self.able.setdefault((resource.path.site, skill), _Able()).offer(resource, place)

    def withdraw(self, resource: Allocated, skills: tuple[str, ...], place: Station) -> None:
        """A resource that was free at a unit is not free any more."""
        for skill in skills:
            self.able[resource.path.site, skill].withdraw(resource, place)

    def ask(self, request: Request) -> None:
        """Put a request in the queue; it is served within this instant if it can be."""
        self.issued += 1
        request.number = self.issued
        request.key = (request.priority, self.kernel.now, self.issued)
        request.waiting = True
        insort(self.queues.setdefault((request.site, request.wants), []), (request.key, request))
        self.wake()

    def give_back(self, request: Request) -> None:
        """End a request, whether it was served or not."""
        if request.waiting:
            self._leave(request)
        held, request.held = request.held, ()
        request.number = 0
        for resource in held:
            resource.release()
        if held:
            self.wake()

    def _leave(self, request: Request) -> None:
        """Take a request out of its queue."""
        request.waiting = False
        queue = self.queues[want := (request.site, request.wants)]
        del queue[bisect_left(queue, (request.key, request))]
        if not queue:
            del self.queues[want]

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
        if self.queues and not self.due:
            self.due = True
            self.kernel.soon.append(self.serve)

    def serve(self) -> None:
        """Go through those that wait now, and serve what can be served.

        Who wants the same as one who cannot be served is not looked at, so the first of each want are enough.
        """
        self.due = False
        last = self.issued
        heads = [queue[0] for queue in self.queues.values()]
        heapify(heads)
        while heads:
            _, request = heappop(heads)
            want = (request.site, request.wants)
            if request.waiting:
                chosen = self._choose(request)
                if chosen is None:
                    continue
                self._grant(request, chosen)
            if (following := self._after(want, request.key, last)) is not None:
                heappush(heads, following)

    def _after(self, want: Want, key: Key, last: int) -> tuple[Key, Request] | None:
        """The next with a want after one with a key, of those that were there when the look began."""
        queue = self.queues.get(want, ())
        rest = (queue[at] for at in range(bisect_right(queue, key, key=_key), len(queue)))
        return next((entry for entry in rest if entry[1].number <= last), None)

    def _choose(self, request: Request) -> tuple[Allocated, ...] | None:
        """The nearest free ones, then those with the fewest skills, then the first listed."""
        chosen: list[Allocated] = []
        station = request.owner.station
        for skill, number in request.wants:
            able = self.able.get((request.site, skill))
            nearest = [] if able is None else able.nearest(station, number, chosen)
            if len(nearest) < number:
                return None
            chosen += nearest
        return tuple(chosen)

    def _grant(self, request: Request, chosen: tuple[Allocated, ...]) -> None:
        self._leave(request)
        request.held = chosen
        way_s = max(resource.go_to(request) for resource in chosen)
        if way_s > 0:
            self.kernel.at(self.kernel.now + way_s, _Walk(request).arrive)
        else:
            arrived(request)


def _key(entry: tuple[Key, Request]) -> Key:
    return entry[0]
