"""Arrival of loads from another site, and the stock that is kept of them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from twin.behaviours.shelf import Storing
from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.engine.events import Event
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Waits
from twin.quantities import Count
from twin.records import RecordKind
from twin.stations import stations


class ReceivingConfig(StationConfig):
    """Stores arrived items and passes them on when there is room ahead.

    Its capacity counts items on hand and on the way, so a full store stops its suppliers.
    """

    dock: ClassVar[Literal["", "out", "in"]] = "in"
    fed: ClassVar[bool] = True

    capacity: int = Field(ge=1, description="places, including items on the way")
    initial: dict[Item, Count] = Field(default={}, description="items on hand at the start, number by item")


class Trip:
    """A load on its way.

    Args:
        taker: Where it goes.
        parts: What it carries, all of one item.
        name: Id of the shipment.
        origin: Path of the dock that it left.
    """

    def __init__(self, taker: Receiving, parts: tuple[Load, ...], name: str, origin: str):
        self.taker, self.parts, self.name, self.origin = taker, parts, name, origin

    def values(self, event: str) -> tuple[Any, ...]:
        """Values of a SHIPMENT row."""
        return (
            self.name,
            event,
            self.parts[0].item,
            sum(part.size for part in self.parts),
            self.origin,
            str(self.taker.path),
        )

    def arrive(self) -> None:
        """The load is there."""
        self.taker.unload(self)


@stations.register("receiving", config=ReceivingConfig)
class Receiving(Storing):
    """Unloads what arrives, first in first out; room for a load is reserved when it departs."""

    titles = ("Receiving", "收货区")
    config = ReceivingConfig
    __slots__ = ("coming", "trips")

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        self.coming = 0
        self.trips: dict[str, Trip] = {}

    @property
    def room(self) -> int:
        """Places for which nothing is there and nothing on the way."""
        return self.places - len(self.queue) - self.coming

    def reserve(self, number: int) -> bool:
        """Keep room for a load; whether there was."""
        if self.closed or number > self.room:
            return False
        self.coming += number
        return True

    def unload(self, trip: Trip) -> None:
        """A load arrives."""
        del self.trips[trip.name]
        self.coming -= len(trip.parts)
        if self.recording:
            event = Event(self.setting.unit, RecordKind.SHIPMENT, trip.values("arrived"))
            self.log.extend((self.kernel._now, event))
        for part in trip.parts:
            self.put(part)
        self.push()
        self.kernel.soon.append(self.pull)

    def before_giving(self) -> Waits:
        return super().before_giving() if self.queue or not self.coming else FREE

    def offer(self, part: Load) -> bool:  # noqa: ARG002 - parts come in loads only
        return False

    def take(self, taker: Station) -> Load | None:
        part = super().take(taker)
        if part is not None and self.coming + len(self.queue) + 1 >= self.places - self._largest():
            self.kernel.soon.append(self.pull)
        return part

    def _largest(self) -> int:
        return max((getattr(dock, "load", 0) for dock in self.predecessors), default=0)

    def pull(self) -> None:
        docks = self.predecessors
        for step in range(len(docks)):
            dock = docks[(self.turn_in + step) % len(docks)]
            if isinstance(dock, Storing):
                dock.push()
        self.turn_in = (self.turn_in + 1) % max(len(docks), 1)

    def contents(self) -> list[Load]:
        return [*self.queue, *(part for trip in self.trips.values() for part in trip.parts)]

    @property
    def level(self) -> int:
        return len(self.queue)
