"""What the stations of a supply network have in common: orders go up, consignments come down.

Whoever needs something places an order with a vendor; the vendor ships it, over a lane or from hand
to hand, in one or several consignments, or cancels what it will never ship. Orders and what happens
to them are told as ORDER records: ``placed`` at the path of the buyer, everything else at the path of
the vendor.
"""

from __future__ import annotations

from typing import Any

from twin.engine.clock import to_ns
from twin.engine.events import Event
from twin.engine.kernel import WORK
from twin.engine.station import Setting, Station
from twin.records import RecordKind

LATE = WORK + 1
"""Order at the same instant: what looks at the stock, or sends a vehicle off, comes after all work."""


class Order:
    """An order of one item.

    Args:
        id: Its name, unique in the plant.
        item: Item wanted.
        quantity: Pieces wanted.
        buyer: Who wants them.
        source: Where they are to come from.
        due_s: Simulated time at which they are wanted; None: the vendor promises one.
        waits: The buyer waits for what is not in stock; else that is cancelled.
    """

    __slots__ = ("buyer", "coming", "due_s", "id", "item", "open", "quantity", "source", "waits")

    def __init__(
        self, id: str, item: str, quantity: int, buyer: Buyer, source: SupplySource, *,
        due_s: float | None = None, waits: bool = True,
    ):  # fmt: skip
        self.id, self.item, self.quantity = id, item, quantity
        self.buyer, self.source, self.due_s, self.waits = buyer, source, due_s, waits
        self.open = quantity
        self.coming = 0

    def arrive(self) -> None:
        """The vendor gets the order."""
        self.source.vendor.receive(self)

    @property
    def lane(self) -> Carrier | None:
        """The way that it is sent."""
        return self.source.lane


class Consignment:
    """Some pieces of an order on their way.

    Args:
        order: The order.
        pieces: How many.
    """

    __slots__ = ("name", "order", "pieces")

    def __init__(self, order: Order, pieces: int):
        self.order, self.pieces, self.name = order, pieces, ""

    def arrive(self) -> None:
        """It is there."""
        lane = self.order.lane
        if lane is not None:
            lane.arrived(self)
        self.order.source.vendor.delivered(self.order, self.pieces)


class SupplySource:
    """A vendor, and the lane that leads from it to a buyer, if there is one.

    Args:
        vendor: Who supplies.
        lane: The way; None: from hand to hand.
    """

    __slots__ = ("lane", "vendor")

    def __init__(self, vendor: Vendor, lane: Carrier | None):
        self.vendor, self.lane = vendor, lane

    @property
    def down(self) -> bool:
        """Whether the vendor or the lane has failed or was closed."""
        return self.vendor.down or (self.lane is not None and self.lane.down)

    def expected(self, from_s: float) -> float:
        """When something that is ready at a time is expected to arrive, in simulated s."""
        return from_s if self.lane is None else self.lane.expected(from_s)

    def named(self, path: str) -> bool:
        """Whether a path is that of the vendor or of the lane."""
        return path == self.vendor.path or (self.lane is not None and path == self.lane.path)


class Member(Station):
    """A station of a supply network."""

    __slots__ = ("epoch_ns", "numbered")

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        self.epoch_ns = setting.axis.origin_ns
        self.numbered = 0

    def begin(self) -> None:
        self.show()

    @property
    def down(self) -> bool:
        """Whether it has failed, was stopped or is held otherwise."""
        return self.closed

    def tell(self, order: Order, event: str, pieces: int) -> None:
        """Log a step of an order."""
        if self.recording:
            due = None if order.due_s is None else to_ns(self.epoch_ns, order.due_s)
            ends = (str(order.source.vendor.path), str(order.buyer.path))
            values = (order.id, event, order.item, pieces, due, *ends)
            self.say(RecordKind.ORDER, values)

    def say(self, kind: RecordKind, values: tuple[Any, ...]) -> None:
        """Log something of this unit."""
        self.log.extend((self.kernel._now, Event(self.setting.unit, kind, values)))

    def new_name(self) -> str:
        """A name that nothing else in the plant has."""
        self.numbered += 1
        return f"{self.path.replace('/', '.')}.{self.numbered}"

    def suspend(self) -> None:
        self.tell_buyers()

    def resume(self) -> None:
        self.tell_buyers()

    def tell_buyers(self) -> None:
        """What is below has to know that this station went down or came back."""
        for station in self.successors:
            if isinstance(station, Member):
                station.source_changed()

    def source_changed(self) -> None:
        """A vendor or a lane above went down or came back."""


class Carrier(Member):
    """A member that carries consignments."""

    __slots__ = ()

    def send(self, consignment: Consignment) -> None:
        """Take a consignment to its buyer."""
        self.kernel.soon.append(consignment.arrive)

    def arrived(self, consignment: Consignment) -> None:
        """A consignment is there."""

    def expected(self, from_s: float) -> float:
        """When something that is ready at a time is expected to arrive, in simulated s."""
        return from_s

    def source_changed(self) -> None:
        self.tell_buyers()


class Vendor(Member):
    """A member that others order from."""

    __slots__ = ()

    def receive(self, order: Order) -> None:
        """Take an order."""

    def to_ship(self) -> list[Order]:
        """Orders of which something is still to be shipped."""
        return []

    def due_times(self) -> list[float]:
        """Of the orders that are still to be shipped."""
        return [order.due_s for order in self.to_ship() if order.due_s is not None]

    def cancel(self, order: Order, pieces: int) -> int:  # noqa: ARG002 - the base ships at once
        """The buyer no longer wants some of what has not been shipped; how many that were."""
        return 0

    def sells(self, item: str) -> bool:  # noqa: ARG002 - the base has nothing
        """Whether it supplies an item."""
        return False

    def multiple(self, pieces: int) -> int:
        """What has to be ordered to get so many pieces."""
        return pieces

    def promise(self, order: Order, time_s: float) -> None:
        """Note that an order came; without a wish the vendor promises when it will be there."""
        if order.due_s is None:
            order.due_s = order.source.expected(self.kernel._now + time_s)
        self.tell(order, "received", order.open)

    def ship(self, order: Order, pieces: int) -> None:
        """Send some of an order off."""
        order.open -= pieces
        order.coming += pieces
        self.parts += pieces
        self.tell(order, "shipped", pieces)
        consignment = Consignment(order, pieces)
        if order.lane is None:
            self.kernel.soon.append(consignment.arrive)
        else:
            order.lane.send(consignment)

    def delivered(self, order: Order, pieces: int) -> None:
        """Some of an order has arrived."""
        order.coming -= pieces
        self.tell(order, "delivered", pieces)
        order.buyer.deliver(order, pieces)

    def refuse(self, order: Order, pieces: int) -> None:
        """Some of an order will never be shipped."""
        order.open -= pieces
        self.tell(order, "cancelled", pieces)
        order.buyer.refused(order, pieces)


class Buyer(Member):
    """A member that orders from others."""

    __slots__ = ("sources",)

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        self.sources: tuple[SupplySource, ...] = ()

    def find_sources(self) -> None:
        """Learn whom it can order from, in the order of the document."""
        found: list[SupplySource] = []
        for station in self.predecessors:
            if isinstance(station, Carrier):
                found += [SupplySource(v, station) for v in station.predecessors if isinstance(v, Vendor)]
            elif isinstance(station, Vendor):
                found.append(SupplySource(station, None))
        self.sources = tuple(found)

    def sources_of(self, item: str) -> list[SupplySource]:
        """Where an item can be had."""
        return [source for source in self.sources if source.vendor.sells(item)]

    def place(
        self, item: str, pieces: int, source: SupplySource, due_s: float | None = None, *, waits: bool = True
    ) -> Order:
        """Order some pieces; the vendor gets the order at this instant, after what is going on."""
        order = Order(self.new_name(), item, pieces, self, source, due_s=due_s, waits=waits)
        self.tell(order, "placed", pieces)
        self.kernel.soon.append(order.arrive)
        return order

    def deliver(self, order: Order, pieces: int) -> None:
        """Some of an order is here."""

    def refused(self, order: Order, pieces: int) -> None:
        """Some of an order will never come."""
