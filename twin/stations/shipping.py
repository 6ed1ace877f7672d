"""Dispatch of loads to another site."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from twin.behaviours.shelf import Storing
from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.distributions import Durations
from twin.engine.events import Event
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives
from twin.quantities import Count, Distance, Duration
from twin.records import RecordKind
from twin.stations import stations
from twin.stations.receiving import Receiving, Trip
from twin.timetable import Timetable


class ShippingConfig(StationConfig):
    """Collects items into loads and sends each to a receiving unit when that has room for it.

    ``to`` names the receiving units by full path; loads go in turn to the first that has room.

    Example: `{id: dock, kind: shipping, load: 24, capacity: 96, time: 3 h, departures: ["08:00", "16:00"], docks: 2,
    loading: 20 min, to: [acme/south/hall/line/goods_in]}`
    """

    dock: ClassVar[Literal["", "out", "in"]] = "out"
    fed: ClassVar[bool] = True

    load: int = Field(ge=1, description="items of one load")
    capacity: int = Field(ge=1, description="places on the dock, at least one load")
    initial: dict[Item, Count] = Field(default={}, description="items on the dock at the start, number by item")
    time: Durations = Field(description="transport time to the receiving site")
    distance: Distance | None = Field(default=None, description="way to the receiving site")
    departures: tuple[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")], ...] = Field(
        default=(),
        description="timetable: local times of day, hh:mm, at which trucks come and take what is there, also less "
        "than a load; default: a truck is there whenever a load is",
    )
    max_wait: Duration | None = Field(
        default=None, description="longest wait of an item for its load: then a smaller one goes; default: none does"
    )
    docks: int | None = Field(
        default=None,
        ge=1,
        description="trucks loaded at the same time, and at most so many by each departure; default: any number",
    )
    loading: Durations | None = Field(default=None, description="time to load a truck; default: no time")

    def gathers(self, items: set[str]) -> Iterator[tuple[str, set[str], int]]:
        if not self.departures and self.max_wait is None:
            yield from (("load", {item}, self.load) for item in sorted(items))

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.departures and self.max_wait is not None:
            raise ValueError("expected departures by timetable or a longest wait, got both")
        return self


@stations.register("shipping", config=ShippingConfig)
class Shipping(Storing):
    """A dock: as soon as a load of one item is complete and a receiver has room, the load departs.

    With a timetable what is there departs when trucks come, each with up to a load of the item of which
    most is there, as far as there are docks; what misses them waits for the next. Any number
    of loads may be on the way. It works outside shifts too.
    """

    titles = ("Shipping", "发货区")
    config = ShippingConfig
    __slots__ = ("dock", "load", "sent", "times")

    @classmethod
    def of(cls, setting: Setting[ShippingConfig]) -> Station:
        config = setting.config
        plain = not config.departures and config.max_wait is None and config.docks is None and config.loading is None
        return cls(setting) if plain else ScheduledShipping(setting)

    def __init__(self, setting: Setting[ShippingConfig]):
        super().__init__(setting)
        config = setting.config
        self.load, self.sent = config.load, 0
        self.times = self.stream("time", config.time)
        self.dock = Counter(part.item for part in self.queue)

    def offer(self, part: Load) -> bool:
        if self.closed or len(self.queue) >= self.places:
            return False
        self.put(part)
        self.dock[part.item] += 1
        if self.dock[part.item] >= self.load:
            self.push()
        return True

    def peek(self, taker: Station) -> Load | None:  # noqa: ARG002 - parts leave in loads only
        return None

    def take(self, taker: Station) -> Load | None:  # noqa: ARG002 - parts leave in loads only
        return None

    def push(self) -> None:
        """Send off every complete load that a receiver has room for."""
        full = len(self.queue) >= self.places
        for item in self.dock:
            while self.dock[item] >= self.load and not self.closed and self._send(item):
                pass
        if full and len(self.queue) < self.places:
            self.kernel.soon.append(self.pull)

    def _send(self, item: str) -> bool:
        taker = self._reserved(self.load)
        if taker is None:
            return False
        self._depart(taker, self._loaded(item, self.load))
        return True

    def _reserved(self, number: int) -> Receiving | None:
        """The next receiver with room for a load, which is kept for it."""
        takers = self.successors
        for step in range(len(takers)):
            index = (self.turn_out + step) % len(takers)
            taker = takers[index]
            if isinstance(taker, Receiving) and taker.reserve(number):
                self.turn_out = (index + 1) % len(takers)
                return taker
        return None

    def _loaded(self, item: str, number: int) -> tuple[Load, ...]:
        """The oldest of an item, which leave the dock."""
        chosen: list[Load] = []
        rest: deque[Load] = deque()
        for part in self.queue:
            (chosen if part.item == item and len(chosen) < number else rest).append(part)
        self.queue = rest
        self.dock[item] -= number
        return tuple(chosen)

    def _depart(self, taker: Receiving, parts: tuple[Load, ...]) -> None:
        self.sent += 1
        self.parts += len(parts)
        name = f"{self.path.replace('/', '.')}.{self.sent}"
        trip = Trip(taker, parts, name, str(self.path))
        if self.recording:
            self.record(parts[0].item, -sum(part.size for part in parts))
            event = Event(self.setting.unit, RecordKind.SHIPMENT, trip.values("departed"))
            self.log.extend((self.kernel._now, event))
        taker.trips[name] = trip
        self.kernel.at(self.kernel._now + self.slow * self.times.draw(), trip.arrive)

    def pull(self) -> None:
        while len(self.queue) < self.places and not self.closed:
            part = self.ask()
            if part is None:
                break
            self.offer(part)

    def leaving(self) -> list[int]:
        """Sizes of the loads that may leave as soon as a receiver has room."""
        return [self.load for number in self.dock.values() if number >= self.load]

    def before_giving(self) -> Waits:
        """A load waits until a receiver has room for all of it, and before that for what it lacks."""
        loads = self.leaving()
        if not loads:  # full of parts of loads it waits for itself
            return (any_gives(self.predecessors) if self.level < self.places else (Act(self, None),),)
        takers = [taker for taker in self.successors if isinstance(taker, Receiving) and taker.places >= min(loads)]
        if any(taker.room >= min(loads) for taker in takers):
            return FREE
        return (any_gives(takers) or (Act(self, None),),)


class Truck:
    """A truck at a dock, being loaded for a receiver that keeps room for it."""

    __slots__ = ("dock", "parts", "taker")

    def __init__(self, dock: ScheduledShipping, taker: Receiving, parts: tuple[Load, ...]):
        self.dock, self.taker, self.parts = dock, taker, parts

    def leave(self) -> None:
        """It is loaded."""
        self.dock.gone(self)


class ScheduledShipping(Shipping):
    """Shipping with a timetable, a longest wait, docks or a time of loading; what is being loaded is still in stock."""

    __slots__ = ("arrived", "loading", "rules", "timetable", "trucks")

    def __init__(self, setting: Setting[ShippingConfig]):
        super().__init__(setting)
        config = setting.config
        self.rules = config
        self.loading = None if config.loading is None else self.stream("loading", config.loading)
        self.arrived = {item: deque([0.0] * number) for item, number in self.dock.items()}
        self.timetable = Timetable(config.departures, setting.axis)
        self.trucks: list[Truck] = []

    def begin(self) -> None:
        self._expect()
        if self.rules.max_wait is not None and self.queue:
            self.kernel.at(self.rules.max_wait, self.push)
        super().begin()

    def _expect(self) -> None:
        if self.rules.departures:
            self.kernel.at(self.timetable.after(self.kernel._now), self.departure)

    def departure(self) -> None:
        """Trucks come by the timetable."""
        self._expect()
        trucks = self.rules.docks or len(self.queue)
        while trucks and self.queue:
            item = max(sorted(self.dock), key=self.dock.__getitem__)
            if not self._begin(item, min(self.dock[item], self.load)):
                break
            trucks -= 1
        self.kernel.soon.append(self.pull)

    def offer(self, part: Load) -> bool:
        if self.closed or self.level >= self.places:
            return False
        self.put(part)
        self.dock[part.item] += 1
        self.arrived.setdefault(part.item, deque()).append(self.kernel._now)
        if self.rules.max_wait is not None:
            self.kernel.at(self.kernel._now + self.rules.max_wait, self.push)
        self.push()
        return True

    def push(self) -> None:
        begun = False
        for item in () if self.rules.departures else self.dock:
            while (number := self._due(item)) and self._begin(item, number):
                begun = True
        if begun:
            self.kernel.soon.append(self.pull)

    def _due(self, item: str) -> int:
        """How many of an item are to go now."""
        there, longest = self.dock[item], self.rules.max_wait
        if there >= self.load:
            return self.load
        late = longest is not None and there and self.arrived[item][0] + longest <= self.kernel._now
        return there if late else 0

    def _begin(self, item: str, number: int) -> bool:
        if self.closed or (self.rules.docks is not None and len(self.trucks) >= self.rules.docks):
            return False
        taker = self._reserved(number)
        if taker is None:
            return False
        truck = Truck(self, taker, self._loaded(item, number))
        for _ in range(number):
            self.arrived[item].popleft()
        self.trucks.append(truck)
        time = 0.0 if self.loading is None else self.slow * self.loading.draw()
        if time > 0:
            self.kernel.at(self.kernel._now + time, truck.leave)
        else:
            truck.leave()
        return True

    def gone(self, truck: Truck) -> None:
        """A truck departs; its dock is free."""
        self.trucks.remove(truck)
        self._depart(truck.taker, truck.parts)
        self.kernel.soon.append(self.push)
        self.kernel.soon.append(self.pull)

    def pull(self) -> None:
        while self.level < self.places and not self.closed:
            part = self.ask()
            if part is None:
                break
            self.offer(part)

    def leaving(self) -> list[int]:
        rules = self.rules
        least = 1 if rules.departures or rules.max_wait is not None else self.load
        return [min(number, self.load) for number in self.dock.values() if number >= least]

    def before_giving(self) -> Waits:
        return FREE if self.trucks else super().before_giving()

    def contents(self) -> list[Load]:
        return [*self.queue, *(part for truck in self.trucks for part in truck.parts)]

    @property
    def level(self) -> int:
        return len(self.queue) + sum(len(truck.parts) for truck in self.trucks)
