"""Who stands at which node of a path network, and who waits for it: zone control."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar


class Vehicle(Protocol):
    """What stands at nodes; see :class:`twin.stations.agv.Agv`."""

    node: str

    @property
    def wanted(self) -> str | None:
        """Node that it waits for; None when it does not wait, or cannot go on."""


V = TypeVar("V", bound=Vehicle)


class Traffic(Generic[V]):
    """Lets at most so many vehicles at each node; the others wait before it in the order of their coming.

    A vehicle holds its node until it sets off to the next one, which it must have been given before.
    Vehicles that wait for each other in a circle are found when the circle closes.

    Args:
        room: Vehicles at once by node; one at nodes that are not named.
    """

    def __init__(self, room: Mapping[str, int]):
        self.room = dict(room)
        self.held: dict[str, list[V]] = {}
        self.waiting: dict[str, deque[V]] = {}

    def is_free(self, node: str) -> bool:
        """Whether one more vehicle may come to a node."""
        return len(self.held.get(node, ())) < self.room.get(node, 1)

    def enter(self, vehicle: V, node: str) -> bool:
        """Take a node, or wait for it; whether it was taken."""
        if self.is_free(node) and not self.waiting.get(node):
            self.held.setdefault(node, []).append(vehicle)
            return True
        self.waiting.setdefault(node, deque()).append(vehicle)
        return False

    def leave(self, vehicle: V, node: str) -> V | None:
        """Give a node back.

        Returns:
            The vehicle that has it now; None when nobody waited.
        """
        self.held[node].remove(vehicle)
        queue = self.waiting.get(node)
        if not queue or not self.is_free(node):
            return None
        following = queue.popleft()
        self.held[node].append(following)
        return following

    def give_up(self, vehicle: V, node: str) -> None:
        """Wait for a node no longer."""
        self.waiting[node].remove(vehicle)

    def circle(self, vehicle: V) -> list[V]:
        """Vehicles that wait for each other, beginning with this one; empty when it does not wait in a circle.

        Follows, from each waiting vehicle, the first of those that hold what it waits for and wait themselves.
        """
        chain = [vehicle]
        while True:
            wanted = chain[-1].wanted
            holders = [] if wanted is None else self.held.get(wanted, [])
            following = next((other for other in holders if other.wanted is not None), None)
            if following is None or any(other.wanted is None for other in holders):
                return []
            if following in chain:
                return chain[chain.index(following) :] if following is vehicle else []
            chain.append(following)

    def rotate(self, circle: list[V]) -> None:
        """All vehicles of a circle go on at the same time, each to the node of the next one."""
        for vehicle in circle:
            self.waiting[str(vehicle.wanted)].remove(vehicle)
            self.held[vehicle.node].remove(vehicle)
        for vehicle in circle:
            self.held[str(vehicle.wanted)].append(vehicle)
