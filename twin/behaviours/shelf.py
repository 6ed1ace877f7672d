"""Stations that store parts and pass them on, first in, first out; and the events of their stocks."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from twin.engine.events import Event, Series
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives, any_takes
from twin.records import RecordKind

NO_LIMIT = 2**62


class Shelf:
    """The events of the stock of one item.

    Args:
        station: The unit.
        item: The item.
        level: Number at the start.
    """

    __slots__ = ("events", "item", "kernel", "level", "log", "series", "unit")

    def __init__(self, station: Station, item: str, level: int):
        self.unit, self.kernel, self.log = station.setting.unit, station.kernel, station.log
        self.item, self.level = item, level
        self.series = Series()
        self.events: dict[int, Event] = {}

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.unit, self.kernel, self.log, self.item, self.level, self.series)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.unit, self.kernel, self.log, self.item, self.level, self.series = state
        self.events = {}  # made again when needed

    def change(self, by: int) -> None:
        """Add to the level and log it."""
        self.level = level = self.level + by
        event = self.events.get(level)
        if event is None:
            event = self.events[level] = Event(self.unit, RecordKind.STOCK, (self.item, level), self.series)
        self.log.extend((self.kernel._now, event))


class Storing(Station):
    """Holds parts first in, first out; the head waits until a successor takes it.

    A lot needs one place; its stock counts with its pieces.

    It passes on outside shifts too: only its state and power follow the calendar.
    """

    role = "store"
    stores: ClassVar[bool] = True
    plain: ClassVar[bool] = False
    """Whether neighbours may use its queue without asking, see :meth:`plain_queue`. Not inherited."""
    __slots__ = ("hearer", "places", "queue", "shelves")

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config: Any = setting.config
        self.places: int = getattr(config, "capacity", NO_LIMIT)
        self.queue: deque[Load] = deque()
        self.shelves: dict[str, Shelf] = {}
        self.hearer: Any = None
        for item, number in config.initial.items():
            self.queue.extend([setting.parts(item)] * number)

    def tell_arrivals(self, hearer: Any) -> None:
        self.hearer = hearer

    def stock_items(self, items: set[str]) -> None:
        """Log the first level of every item that can come here."""
        for item in sorted(items):
            if self.recording:
                self.record(item, 0)

    def record(self, item: str, change: int) -> None:
        """Log a change of stock that has just happened."""
        shelf = self.shelves.get(item)
        if shelf is None:
            before = sum(part.size for part in self.contents() if part.item == item) - change
            shelf = self.shelves[item] = Shelf(self, item, before)
        shelf.change(change)

    def plain_queue(self) -> tuple[deque[Load], int] | None:
        watched = self.recording or self.loops or self.hearer is not None
        plain = vars(type(self)).get("plain") and not watched and not self.closed
        return (self.queue, self.places) if plain else None

    def begin(self) -> None:
        self.push()
        super().begin()

    def offer(self, part: Load) -> bool:
        queue = self.queue
        if self.closed:
            return False
        if not queue:
            taker = self.next
            if taker.offer(part) if taker is not None else self.forward(part):
                self.parts += 1
                if self.loops:
                    self.leave_loops(part)
                return True
        if len(queue) >= self.places:
            return False
        queue.append(part)
        if self.recording:
            self.record(part.item, part.size)
        if self.hearer is not None:
            self.hearer.arrived()
        return True

    def put(self, part: Load) -> None:
        """Store a part."""
        self.queue.append(part)
        if self.recording:
            self.record(part.item, part.size)
        if self.hearer is not None:
            self.hearer.arrived()

    def peek(self, taker: Station) -> Load | None:  # noqa: ARG002 - the head is for any successor
        return self.queue[0] if self.queue and not self.closed else None

    def take(self, taker: Station) -> Load | None:  # noqa: ARG002 - the head is for any successor
        queue = self.queue
        if not queue or self.closed:
            return None
        if len(queue) >= self.places:
            giver = self.feed
            if giver is None or giver.waiting:
                self.kernel.soon.append(self.pull)
        part = queue.popleft()
        self.parts += 1
        if self.recording:
            self.record(part.item, -part.size)
        if self.loops:
            self.leave_loops(part)
        if self.next is None:
            self.kernel.soon.append(self.push)
        return part

    def push(self) -> None:
        """Pass parts on as long as there is room ahead."""
        queue = self.queue
        full = len(queue) >= self.places
        while queue and not self.closed and self.forward(queue[0]):
            part = queue.popleft()
            self.parts += 1
            if self.recording:
                self.record(part.item, -part.size)
            if self.loops:
                self.leave_loops(part)
        if full and len(queue) < self.places:
            self.kernel.soon.append(self.pull)

    def pull(self) -> None:
        queue, giver = self.queue, self.feed
        while len(queue) < self.places and not self.closed:
            part = giver.take(self) if giver is not None else self.ask()
            if part is None:
                break
            if queue or not self.forward(part):
                self.put(part)
            else:
                self.parts += 1
                if self.loops:
                    self.leave_loops(part)

    def suspend(self) -> None:
        self._tell_neighbours()

    def resume(self) -> None:
        self._tell_neighbours()
        self.push()
        self.pull()

    def _tell_neighbours(self) -> None:
        for neighbour in (*self.predecessors, *self.successors):
            neighbour.look_around()

    def before_giving(self) -> Waits:
        if not self.queue:
            return (any_gives(self.predecessors),)
        return (any_takes(self.successors, (self.queue[0].item,)),)

    def before_taking(self, item: str) -> Waits:  # noqa: ARG002 - one place is as good as another
        return FREE if self.level < self.places else ((Act(self, None),),)

    def contents(self) -> list[Load]:
        return list(self.queue)

    @property
    def level(self) -> int:
        return len(self.queue)
