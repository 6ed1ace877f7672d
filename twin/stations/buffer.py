"""A buffer between stations."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from pydantic import Field

from twin.config import StationConfig
from twin.records import RecordKind
from twin.sim.journal import Event
from twin.sim.station import Part, Setting, Station
from twin.stations import stations
from twin.units import Count


class BufferConfig(StationConfig):
    """Holds items in the order of arrival; passes them on at once when there is room ahead."""

    capacity: int = Field(ge=1, description="places")
    initial: dict[str, Count] = Field(default={}, description="items in it at the start, number by item")


class Shelf:
    """The stock of one item: its level and the events of its levels.

    Args:
        station: The unit.
        item: The item.
    """

    __slots__ = ("events", "item", "level", "station")

    def __init__(self, station: Station, item: str):
        self.station, self.item, self.level = station, item, 0
        self.events: list[Event] = []

    def change(self, by: int) -> None:
        """Add to the level."""
        self.level += by
        self.record()

    def record(self) -> None:
        """Log the level."""
        station = self.station
        if station.recording:
            events = self.events
            while len(events) <= self.level:
                series = ("stock", station.setting.unit, self.item)
                events.append(Event(station.setting.unit, RecordKind.STOCK, (self.item, len(events)), series))
            station.log.extend((station.kernel._now, events[self.level]))


@stations.register("buffer", config=BufferConfig)
class Buffer(Station):
    """Holds parts first in, first out; the head waits until a successor takes it.

    It passes on outside shifts too: only its state and power follow the calendar.
    """

    config: ClassVar[type[StationConfig]] = BufferConfig
    stores: ClassVar[bool] = True
    __slots__ = ("places", "queue", "shelves")

    def __init__(self, setting: Setting):
        super().__init__(setting)
        config: Any = setting.config
        self.places: int = config.capacity
        self.queue: deque[Part] = deque()
        self.shelves: dict[str, Shelf] = {}
        for item, number in config.initial.items():
            self.queue.extend([setting.parts(item)] * number)
            self.shelf(item).level = number

    def shelf(self, item: str) -> Shelf:
        """The stock of an item."""
        shelf = self.shelves.get(item)
        if shelf is None:
            shelf = self.shelves[item] = Shelf(self, item)
        return shelf

    def stock_items(self, items: set[str]) -> None:
        """Log the first level of every item that can come here."""
        for item in sorted(items):
            self.shelf(item).record()

    def begin(self) -> None:
        self.push()
        super().begin()

    def offer(self, part: Part) -> bool:
        queue = self.queue
        if self.closed:
            return False
        if not queue:
            taker = self.next
            if taker.offer(part) if taker is not None else self.forward(part):
                self.parts += 1
                return True
        if len(queue) >= self.places:
            return False
        self.put(part)
        return True

    def put(self, part: Part) -> None:
        """Store a part."""
        self.queue.append(part)
        shelf = self.shelves.get(part.item)
        (shelf if shelf is not None else self.shelf(part.item)).change(1)

    def peek(self, taker: Station) -> Part | None:  # noqa: ARG002 - the head is for any successor
        return self.queue[0] if self.queue and not self.closed else None

    def take(self, taker: Station) -> Part | None:  # noqa: ARG002 - the head is for any successor
        queue = self.queue
        if not queue or self.closed:
            return None
        if len(queue) >= self.places:
            self.kernel.soon.append(self.pull)
        part = queue.popleft()
        self.parts += 1
        self.shelves[part.item].change(-1)
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
            self.shelves[part.item].change(-1)
        if full and len(queue) < self.places:
            self.kernel.soon.append(self.pull)

    def pull(self) -> None:
        while len(self.queue) < self.places and not self.closed:
            part = self.ask()
            if part is None:
                break
            if self.queue or not self.forward(part):
                self.put(part)
            else:
                self.parts += 1

    def resume(self) -> None:
        self.push()
        self.pull()

    def contents(self) -> list[Part]:
        return list(self.queue)

    @property
    def level(self) -> int:
        return len(self.queue)
