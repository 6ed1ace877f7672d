"""A warehouse whose cranes put items away and bring them out on request."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from pydantic import Field

from twin.behaviours.conveying import Mover
from twin.behaviours.shelf import Shelf
from twin.config.named import Item
from twin.config.plant import MOST_PLACES, FailureConfig, StationConfig
from twin.distributions import Durations
from twin.engine.codes import BLOCKED, PRODUCING, STARVED
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives, any_takes
from twin.quantities import Count
from twin.stations import stations
from twin.streams import Stream


class StorageConfig(StationConfig):
    """Puts items away and brings one out when a successor asks for it.

    Example: `{id: rack, kind: storage, capacity: 200, put: 40 s, retrieve: 50 s, cranes: 2}`
    """

    frees_cards: ClassVar[bool] = True

    capacity: int = Field(ge=1, description="places, with those at its entry, on its cranes and at its exit")
    places: dict[Item, Count] = Field(default={}, description="at most so many of an item; default: no such limit")
    initial: dict[Item, Count] = Field(default={}, description="items in it at the start, number by item")
    put: Durations = Field(description="time to put one item away")
    retrieve: Durations = Field(description="time to bring one out")
    cranes: int = Field(
        default=1, ge=1, le=MOST_PLACES, description="cranes or shuttles, each moves one item at a time"
    )
    entry: int = Field(default=1, ge=1, description="places at the entry, where items wait to be put away")
    ahead: int = Field(default=1, ge=1, description="items brought out ahead for each successor that asks")
    failures: tuple[FailureConfig, ...] = Field(default=(), description="failure modes; one stops all cranes")

    @property
    def instant(self) -> bool:
        return not (self.put.mean_s or self.retrieve.mean_s or self.failures)


class Crane:
    """Moves one item at a time, into the racks or, for somebody, out of them."""

    __slots__ = ("load", "storage", "taker", "timer")

    def __init__(self, storage: Storage):
        self.storage = storage
        self.load: Load | None = None
        self.taker: Station | None = None
        self.timer = storage.timer(self.done)

    def move(self, load: Load, taker: Station | None, times: Stream) -> None:
        """Begin a move: out for a taker, into the racks without one."""
        self.load, self.taker = load, taker
        self.timer.start(self.storage.slow * times.draw())

    def done(self) -> None:
        """The move is over."""
        load, taker, self.load, self.taker = self.load, self.taker, None, None
        assert load is not None  # noqa: S101 - the timer runs during moves only
        self.storage.moved(load, taker)


@stations.register("storage", config=StorageConfig)
class Storage(Mover):
    """Racks with cranes. A successor with room asks; the oldest item that it has use for is brought out for it.

    Requests go before items at the entry. An item that its successor no longer takes waits at the
    exit for any. PRODUCING while a crane moves, BLOCKED while items wait at the exit and none moves,
    else STARVED. It rests outside shifts.
    """

    titles = ("Storage", "立体库")
    config = StorageConfig
    role = "handle"
    local = True
    __slots__ = ("cranes", "door", "exit", "requests", "rules", "shelves", "stock", "times")

    def __init__(self, setting: Setting[StorageConfig]):
        super().__init__(setting)
        config = setting.config
        self.rules = config
        self.times = self.stream("put", config.put), self.stream("retrieve", config.retrieve)
        self.cranes = tuple(Crane(self) for _ in range(config.cranes))
        self.stock: list[Load] = [setting.parts(item) for item, n in config.initial.items() for _ in range(n)]
        self.door: deque[Load] = deque()
        self.exit: list[tuple[Load, Station]] = []
        self.requests: list[Station] = []
        self.shelves: dict[str, Shelf] = {}

    def stock_items(self, items: set[str]) -> None:
        """Log the first level of every item that can come here."""
        if self.recording:
            self.shelves = {item: Shelf(self, item, self._held(item)) for item in sorted(items)}
            for shelf in self.shelves.values():
                shelf.change(0)

    def _held(self, item: str) -> int:
        return sum(part.item == item for part in self.contents())

    def _record(self, part: Load, by: int) -> None:
        if self.recording:
            self.shelves[part.item].change(by * part.size)

    # --- in -------------------------------------------------------------------------------------

    def admits(self, part: Load) -> bool:
        if self.closed or len(self.door) >= self.rules.entry or self.level >= self.rules.capacity:
            return False
        limit = self.rules.places.get(part.item)
        return limit is None or self._held(part.item) < limit

    def offer(self, part: Load) -> bool:
        if not self.admits(part):
            return False
        self.door.append(part)
        self._record(part, 1)
        self._dispatch()
        self.show()
        return True

    def pull(self) -> None:
        while (part := self.ask_admitted()) is not None:
            self.offer(part)
        self.show()

    # --- moves ----------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Give idle cranes something to do."""
        for crane in self.cranes:
            if self.closed or crane.load is not None:
                continue
            request = self._request()
            if request is not None:
                crane.move(*request, self.times[1])
            elif self.door:
                crane.move(self.door.popleft(), None, self.times[0])
                self.kernel.soon.append(self.pull)

    def _request(self) -> tuple[Load, Station] | None:
        """The first request that can be served, with the item for it; both are then on their way."""
        for number, taker in enumerate(self.requests):
            for index, part in enumerate(self.stock):
                if taker.admits(part):
                    del self.requests[number], self.stock[index]
                    return part, taker
        return None

    def moved(self, part: Load, taker: Station | None) -> None:
        """A crane has put an item away, or brought it out for a taker."""
        self.stroke()
        if taker is None:
            self.stock.append(part)
        elif taker.offer(part):
            self._left(part)
            self.kernel.soon.append(taker.pull)
        else:
            self.exit.append((part, taker))
        self._dispatch()
        self.show()

    # --- out ------------------------------------------------------------------------------------

    def _left(self, part: Load) -> None:
        self.parts += 1
        self._record(part, -1)
        if self.loops:
            self.leave_loops(part)
        self.kernel.soon.append(self.pull)

    def peek(self, taker: Station) -> Load | None:
        if self.closed:
            return None
        for part, _ in self.exit:
            if taker.admits(part):
                return part
        if self._coming(taker) < self.rules.ahead:
            self.requests.append(taker)
        if taker in self.requests:  # also one from before, when it had no room for what there was
            self.kernel.soon.append(self.serve)
        return None

    def serve(self) -> None:
        """Requests have come."""
        self._dispatch()
        self.show()

    def _coming(self, taker: Station) -> int:
        moving = sum(crane.taker is taker for crane in self.cranes)
        return self.requests.count(taker) + moving

    def take(self, taker: Station) -> Load | None:
        part = self.peek(taker)
        if part is not None:
            del self.exit[next(i for i, (held, _) in enumerate(self.exit) if held is part)]
            self._left(part)
        return part

    def resume(self) -> None:
        super().resume()
        for part, taker in tuple(self.exit):
            if taker.offer(part):
                self.exit.remove((part, taker))
                self._left(part)
        self._dispatch()
        self.pull()
        for taker in self.successors:
            self.kernel.soon.append(taker.pull)

    def active(self) -> int:
        if any(crane.load is not None for crane in self.cranes):
            return PRODUCING
        return BLOCKED if self.exit else STARVED

    def before_giving(self) -> Waits:
        if self.door or any(crane.load is not None for crane in self.cranes):
            return FREE
        ready = tuple(Act(taker, part.item) for part, taker in self.exit)
        stored = any_takes(self.successors, dict.fromkeys(part.item for part in self.stock))
        coming = any_gives(self.predecessors) if self.level < self.rules.capacity else ()
        return ((*ready, *stored, *coming),)

    def before_taking(self, item: str) -> Waits:
        limit = self.rules.places.get(item, self.rules.capacity)
        free = self.level < self.rules.capacity and self._held(item) < limit
        return FREE if free else ((Act(self, None),),)

    def contents(self) -> list[Load]:
        moving = [crane.load for crane in self.cranes if crane.load is not None]
        return [*self.door, *self.stock, *moving, *(part for part, _ in self.exit)]

    @property
    def level(self) -> int:
        return len(self.door) + len(self.stock) + len(self.exit) + sum(c.load is not None for c in self.cranes)
