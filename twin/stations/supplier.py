"""An external supplier of a supply network."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.distributions import Durations
from twin.engine.codes import IDLE_NO_ORDER, PRODUCING
from twin.engine.station import Setting, Station
from twin.quantities import Rate, Ratio
from twin.stations import stations
from twin.supply.network import Order, Vendor


class SupplierConfig(StationConfig):
    """Fills the orders of stocking points and customers after a lead time; has all the material it needs."""

    begins: ClassVar[bool] = True
    network: ClassVar[bool] = True

    supplies: tuple[Item, ...] = Field(min_length=1, description="items that can be ordered from it")
    lead_time: Durations = Field(description="time from the order, or from the end of its making, to the shipment")
    capacity: Rate | None = Field(
        default=None, gt=0, description="pieces that it makes per time, one order after the other; None: no limit"
    )
    crossing: bool = Field(default=True, description="a later order may be shipped before an earlier one")
    reliability: Annotated[Ratio, Field(gt=0)] = Field(
        default=1.0, description="share of orders shipped in full; of the others a random part is cancelled"
    )
    min_lot: int = Field(default=1, ge=1, description="fewest pieces of an order")
    multiple: int = Field(default=1, ge=1, description="orders are rounded up to a multiple of it")


class Making:
    """An order that a supplier is at work on; its clock stops while the supplier is down.

    Args:
        supplier: The supplier.
        order: The order.
        due: Simulated time of the shipment.
    """

    __slots__ = ("due", "left", "order", "supplier")

    def __init__(self, supplier: Supplier, order: Order, due: float):
        self.supplier, self.order, self.due, self.left = supplier, order, due, 0.0

    def wait(self) -> None:
        """Wait for the time of the shipment."""
        self.supplier.kernel.at(self.due, self.finish)

    def finish(self) -> None:
        """The lead time is over, unless it was interrupted meanwhile."""
        supplier = self.supplier
        if supplier.kernel._now == self.due and supplier.making.get(self.order.id) is self:
            supplier.finish(self)


@stations.register("supplier", config=SupplierConfig)
class Supplier(Vendor):
    """Ships every order after its lead time; PRODUCING while there are orders, else IDLE_NO_ORDER.

    With a capacity orders wait for their turn before the lead time begins. While it is down nothing
    goes on: orders wait, and lead times that run are longer by that time.
    """

    titles = ("Supplier", "供应商")
    role = "trade"
    config = SupplierConfig
    __slots__ = ("free_at", "last", "making", "offered", "quality", "rate", "stopped", "times")

    def __init__(self, setting: Setting[SupplierConfig]):
        super().__init__(setting)
        config = setting.config
        self.offered = frozenset(config.supplies)
        self.times = self.stream("lead", config.lead_time)
        self.quality = None if config.reliability == 1 else self.stream("reliability", None)
        self.rate = config.capacity
        self.making: dict[str, Making] = {}
        self.free_at = self.last = self.stopped = 0.0

    @property
    def settings(self) -> SupplierConfig:
        """Its configuration."""
        config: SupplierConfig = self.setting.config
        return config

    def sells(self, item: str) -> bool:
        return item in self.offered

    def multiple(self, pieces: int) -> int:
        lot = self.settings.multiple
        return -(-max(pieces, self.settings.min_lot) // lot) * lot

    def receive(self, order: Order) -> None:
        clock = self.stopped if self.closed else self.kernel._now
        self.free_at = max(clock, self.free_at) + order.open / self.rate if self.rate else clock
        self.promise(order, self.free_at - clock + self.settings.lead_time.mean_s)
        due = self.free_at + self.slow * self.times.draw()
        if not self.settings.crossing:
            due = self.last = max(due, self.last)
        making = self.making[order.id] = Making(self, order, due)
        if self.closed:
            making.left, making.due = due - clock, -1.0
        else:
            making.wait()
        self.show()

    def to_ship(self) -> list[Order]:
        return [making.order for making in self.making.values()]

    def finish(self, making: Making) -> None:
        """Ship an order, or the part of it that there is."""
        order = making.order
        del self.making[order.id]
        there = order.open
        if self.quality is not None and self.quality.draw() >= self.settings.reliability:
            there = int(order.open * self.quality.draw())
        missing = order.open - there
        if there:
            self.ship(order, there)
        if missing:
            self.refuse(order, missing)
        self.show()

    def cancel(self, order: Order, pieces: int) -> int:
        fewer = min(pieces, order.open)
        if order.id not in self.making or not fewer:
            return 0
        order.open -= fewer
        self.tell(order, "cancelled", fewer)
        if not order.open:
            del self.making[order.id]
            self.show()
        return fewer

    def suspend(self) -> None:
        now = self.kernel._now
        self.stopped = now
        for making in self.making.values():
            making.left, making.due = making.due - now, -1.0
        super().suspend()

    def resume(self) -> None:
        now = self.kernel._now
        for making in self.making.values():
            making.due = now + making.left
            making.wait()
        self.free_at += now - self.stopped
        self.last += now - self.stopped
        super().resume()

    def active(self) -> int:
        return PRODUCING if self.making else IDLE_NO_ORDER

    def link(self, successors: tuple[Station, ...], predecessors: tuple[Station, ...]) -> None:
        super().link(successors, predecessors)
        self.next = self.feed = None
