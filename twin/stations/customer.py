"""Demand from outside a supply network."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.distributions import Intervals
from twin.engine.codes import BREAK, DOWN, OFF, PRODUCING
from twin.engine.events import Event, Series
from twin.engine.station import Setting, Station
from twin.quantities import Duration
from twin.records import RecordKind
from twin.stations import stations
from twin.supply.amounts import Amounts, ConstantAmount
from twin.supply.network import Buyer, Order


class CustomerConfig(StationConfig):
    """Orders an item again and again; takes what comes.

    Demand per period: a constant ``interval`` and a random ``quantity``. Single customers at random:
    an exponential ``interval`` and a constant ``quantity``.
    """

    fed: ClassVar[bool] = True
    ends: ClassVar[bool] = True
    network: ClassVar[bool] = True

    item: Item = Field(description="item it orders")
    interval: Intervals = Field(description="time between orders")
    quantity: Amounts = Field(
        default=ConstantAmount.model_construct(value=1), description="pieces of an order; an order of 0 is not placed"
    )
    lead_time: Duration | None = Field(
        default=None, description="wanted so long after the order; default: when the vendor promises it"
    )
    waits: bool = Field(default=True, description="waits for what is not in stock (backlog); else that sale is lost")
    final: bool = Field(default=True, description="what it gets is a shipped final product")

    @property
    def dated(self) -> bool:
        return True


@stations.register("customer", config=CustomerConfig)
class Customer(Buyer):
    """Places orders while on shift with the first vendor that is up; PRODUCING while its interval runs."""

    titles = ("Customer", "客户")
    role = "trade"
    config = CustomerConfig
    records_parts = True
    holds_on = Station.holds_on | DOWN | BREAK | OFF
    __slots__ = ("due", "left", "lost", "quantities", "series", "times", "wanted")

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config = self.settings
        self.times = self.stream("demand", config.interval)
        self.quantities = self.stream("quantity", config.quantity)
        self.series = Series()
        self.wanted = self.lost = 0
        self.due, self.left = -1.0, 0.0

    @property
    def settings(self) -> CustomerConfig:
        """Its configuration."""
        config: CustomerConfig = self.setting.config
        return config

    def begin(self) -> None:
        self.find_sources()
        self.left = self.slow * self.times.draw()
        if not self.closed:
            self._wait()
        self.show()

    def _wait(self) -> None:
        self.due = self.kernel._now + self.left
        self.kernel.at(self.due, self._order)

    def _order(self) -> None:
        now = self.kernel._now
        if now != self.due:
            return
        config = self.settings
        pieces = round(self.quantities.draw())
        if pieces:
            self.wanted += pieces
            sources = self.sources_of(config.item)
            source = next((source for source in sources if not source.down), sources[0])
            due_s = None if config.lead_time is None else now + config.lead_time
            self.place(config.item, pieces, source, due_s, waits=config.waits)
        self.left = self.slow * self.times.draw()
        self._wait()

    def deliver(self, order: Order, pieces: int) -> None:
        self.parts += pieces
        if self.recording:
            values = (order.item, pieces, 0, 0, 0.0, 1)
            self.note_done(self.kernel._now, Event(self.setting.unit, RecordKind.PART, values, self.series))

    def refused(self, order: Order, pieces: int) -> None:  # noqa: ARG002 - it counts what it lost
        self.lost += pieces

    def suspend(self) -> None:
        if self.due >= 0:
            self.left, self.due = self.due - self.kernel._now, -1.0

    def resume(self) -> None:
        self._wait()

    def active(self) -> int:
        return PRODUCING
