"""Dispatch of loads to another site."""

from __future__ import annotations

from collections import Counter, deque

from pydantic import Field

from twin.config import StationConfig
from twin.distributions import Durations
from twin.records import RecordKind
from twin.sim.journal import Event
from twin.sim.station import Load, Setting, Station
from twin.stations import stations
from twin.stations.buffer import Buffer
from twin.stations.receiving import Receiving, Trip
from twin.units import Count, Distance


class ShippingConfig(StationConfig):
    """Collects items into loads and sends each to a receiving unit when that has room for it.

    ``to`` names the receiving units by full path; loads go in turn to the first that has room.
    """

    load: int = Field(ge=1, description="items of one load")
    capacity: int = Field(ge=1, description="places on the dock, at least one load")
    initial: dict[str, Count] = Field(default={}, description="items on the dock at the start, number by item")
    time: Durations = Field(description="transport time to the receiving site")
    distance: Distance | None = Field(default=None, description="way to the receiving site")


@stations.register("shipping", config=ShippingConfig)
class Shipping(Buffer):
    """A dock: as soon as a load of one item is complete and a receiver has room, the load departs.

    Any number of loads may be on the way. It works outside shifts too.
    """

    config = ShippingConfig
    __slots__ = ("dock", "load", "sent", "times")

    def __init__(self, setting: Setting):
        super().__init__(setting)
        config = setting.config
        assert isinstance(config, ShippingConfig)  # noqa: S101 - the builder has checked it
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
        takers = self.successors
        for step in range(len(takers)):
            index = (self.turn_out + step) % len(takers)
            taker = takers[index]
            if isinstance(taker, Receiving) and taker.reserve(self.load):
                self.turn_out = (index + 1) % len(takers)
                self._depart(taker, self._loaded(item))
                return True
        return False

    def _loaded(self, item: str) -> tuple[Load, ...]:
        chosen: list[Load] = []
        rest: deque[Load] = deque()
        for part in self.queue:
            (chosen if part.item == item and len(chosen) < self.load else rest).append(part)
        self.queue = rest
        self.dock[item] -= self.load
        if self.recording:
            self.record(item, -self.load)
        self.parts += self.load
        return tuple(chosen)

    def _depart(self, taker: Receiving, parts: tuple[Load, ...]) -> None:
        self.sent += 1
        name = f"{self.path.replace('/', '.')}.{self.sent}"
        trip = Trip(taker, parts, name, str(self.path))
        if self.recording:
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
