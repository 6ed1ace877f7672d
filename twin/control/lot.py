"""A lot that follows a route."""

from __future__ import annotations

from heapq import heappush
from math import inf
from typing import Any, Protocol

from twin.control.route import Route, RouteStep, Times
from twin.engine.kernel import Kernel
from twin.engine.station import Lot, Part, Setting


class KnowsSetups(Protocol):
    """What knows how long setups take: a pool."""

    def setup_s(self, state: str | None, step: RouteStep) -> float:
        """Expected time of the setup that a tool in a state needs for a step in s."""


class PoolMember(Protocol):
    """A machine that takes lots from the queue of a pool; see :class:`twin.stations.tool.Tool`."""

    number: int
    vacant: bool
    setup: str | None
    runs_left: int

    @property
    def pool(self) -> KnowsSetups:
        """The pool whose queue it works from."""

    def own_time(self, item: str) -> Times | None:
        """Times of steps that give none, for an item; None when there are none."""

    def start(self, lots: tuple[RoutedLot, ...], step: RouteStep, setup: Times | None) -> None:
        """Work on a lot or batch from now on."""

    def show(self) -> None:
        """Enter the state that it should be in."""


class Moves(Protocol):
    """What knows how long ways between places take: a shop."""

    def move(self, start: str, end: str) -> Times | None:
        """Times of moving a lot from place to place; None: none."""


class Office(Protocol):
    """What releases lots and gets them back; see :class:`twin.stations.orders.Orders`."""

    kernel: Kernel
    setting: Setting[Any]

    @property
    def shop(self) -> Moves:
        """The pools and routes of its lots."""

    def complete(self, lot: RoutedLot) -> None:
        """The last step of a lot is done."""

    def spoiled(self, lot: RoutedLot) -> None:
        """A lot was spoiled."""


class RoutedLot(Lot):
    """A lot on its way through the pools.

    Args:
        id: Its name.
        kind: What it is.
        route: Its steps.
        orders: The station that released it and gets it back.
        size: Pieces in it.
        priority: Lower goes first.
        released_s: Simulated time of its release; below 0 for lots in process at the start.
        due_s: Simulated time at which it is due.
    """

    __slots__ = ("homes", "kernel", "orders", "owed", "reworked", "route", "since")

    def __init__(
        self, id: str, kind: Part, route: Route, orders: Office, *, size: int = 1, priority: float = 0.0,
        released_s: float = 0.0, due_s: float = inf,
    ):  # fmt: skip
        super().__init__(id, kind, size=size, priority=priority, released_s=released_s, due_s=due_s)
        self.route, self.orders = route, orders
        self.kernel: Kernel = orders.kernel
        self.since = 0.0
        self.owed: dict[int, float] = {}
        self.homes: dict[int, PoolMember] = {}
        self.reworked: set[int] = set()

    def again(self) -> Part:
        """What it is after one more rework."""
        return self.orders.setting.parts(self.kind.item, self.kind.reworks + 1)

    def done(self, step: RouteStep, tool: PoolMember | None, now: float) -> None:
        """A step is over: go on with the next."""
        number = self._after(step, tool, now) if step.special else step.number + 1
        steps = self.route.steps
        while number < len(steps) and steps[number].sample < 1.0 and steps[number].skipped():
            number += 1
        if number == len(steps):
            self.orders.complete(self)
            return
        self.step = number
        law = step.move if number == step.number + 1 else self.orders.shop.move(step.place, steps[number].place)
        if law is None:
            self.arrive()
            return
        kernel = self.kernel
        values = law.values
        time = law.constant if law.constant is not None else values.pop() if values else law.stream.refill()
        heappush(kernel._queue, (now + time, next(kernel._eid), self.arrive))

    def _after(self, step: RouteStep, tool: PoolMember | None, now: float) -> int:
        """What the end of a step means: number of the step that it goes on with."""
        if step.limit_to >= 0:
            self.owed[step.limit_to] = now + step.limit
        if step.dedicates and tool is not None:
            self.homes[step.number] = tool
        if step.rework and step.number not in self.reworked:
            self.reworked.add(step.number)
            if step.chance() < step.rework:
                self.become(self.again())
                return step.rework_to
        return step.number + 1

    def begins(self, step: RouteStep, now: float) -> None:
        """A step begins; a queue time that it has to keep ends."""
        owed = self.owed.pop(step.number, None)
        if owed is not None:
            if now <= owed:
                step.kept += 1
            else:
                step.broken += 1

    def arrive(self) -> None:
        """It is where its step is done."""
        step = self.route.steps[self.step]
        if step.pool is not None:
            step.pool.join(self, step)
            return
        kernel = self.kernel
        if self.owed:
            self.begins(step, kernel._now)
        assert step.time is not None  # noqa: S101 - a delay has a time
        factor, added, _ = step.timing(self.size)
        due = kernel._now + step.time.draw() * factor + added
        heappush(kernel._queue, (due, next(kernel._eid), self.waited))

    def waited(self) -> None:
        """A delay is over."""
        self.done(self.route.steps[self.step], None, self.kernel._now)

    def __getstate__(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in _NAMES)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, value in zip(_NAMES, state, strict=True):
            setattr(self, name, value)


_NAMES = (*Lot.__slots__, *RoutedLot.__slots__)
