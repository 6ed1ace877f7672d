"""Stock of one item at one place of a supply network."""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import Any, ClassVar

from pydantic import Field

from twin.behaviours.shelf import Shelf
from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.distributions import Durations
from twin.engine.codes import PRODUCING, STARVED
from twin.engine.station import Load, Part, Setting, Station
from twin.quantities import Count, Duration
from twin.stations import stations
from twin.supply.backup import BackupConfig, BackupLink
from twin.supply.network import LATE, Buyer, Carrier, Order, SupplySource, Vendor
from twin.supply.policies import Policies, Policy, Stock, policy_of


class StockingPointConfig(StationConfig):
    """Keeps an item, ships it to whoever orders it, and orders more by its policy.

    Orders go to the suppliers, stocking points and lanes that lead to it, to the first listed that is
    not down. With ``components`` it makes the item of others. Where nothing leads to it the item is made
    there of nothing, in ``time``. It may also stand between lines: it takes what a line makes when it has
    room, and lines take from it.
    """

    network: ClassVar[bool] = True

    item: Item = Field(description="item it keeps")
    on_hand: Count = Field(default=0, description="pieces in stock at the start")
    policy: Policies | None = Field(default=None, description="order policy; None: it orders nothing")
    components: dict[Item, int] = Field(default={}, description="pieces of other items that one piece is made of")
    time: Durations | None = Field(default=None, description="time from having the material to having it in stock")
    service_time: Duration = Field(
        default=0.0, description="promised to who orders: ships when so much time has passed, not before"
    )
    partial: bool = Field(default=True, description="ships what there is of an order; else only whole orders")
    expedite: bool = Field(
        default=False, description="what is missing comes by other means at once and is given back from later supply"
    )
    capacity: int | None = Field(default=None, ge=1, description="places, for what lines bring; None: no limit")
    backups: tuple[BackupConfig, ...] = Field(default=(), description="backup links of its sources")

    @property
    def dated(self) -> bool:
        return super().dated or self.policy is not None

    @property
    def supplies(self) -> tuple[str, ...]:
        """Items that can be ordered from it."""
        return (self.item,)

    @property
    def makes(self) -> str:
        """The item that leaves it."""
        return self.item

    @property
    def required(self) -> dict[str, int]:
        """Pieces of each item that have to come for one piece."""
        return self.components or {self.item: 1}


class Batch:
    """Pieces that are being made or put in store.

    Args:
        point: The stocking point.
        pieces: How many.
    """

    __slots__ = ("pieces", "point")

    def __init__(self, point: StockingPoint, pieces: int):
        self.point, self.pieces = point, pieces

    def done(self) -> None:
        """They are in stock."""
        self.point.store(self.pieces)


class Ripening:
    """An order that is to be shipped after the service time.

    Args:
        point: The stocking point.
        order: The order.
    """

    __slots__ = ("order", "point")

    def __init__(self, point: StockingPoint, order: Order):
        self.point, self.order = point, order

    def done(self) -> None:
        """The service time is over."""
        self.point.ripe(self.order)


@stations.register("stocking_point", config=StockingPointConfig)
class StockingPoint(Buyer, Vendor):
    """Ships orders first come, first served; STARVED while something is owed that should have left, else PRODUCING.

    While it is down nothing leaves, and nothing is ordered.

    Attributes:
        on_hand: Pieces in stock.
        owed: Pieces ordered and not shipped.
        backlog: Of these, pieces that should have left.
        expedited: Pieces so far that came by other means.
    """

    titles = ("Stocking point", "储备点")
    role = "store"
    config = StockingPointConfig
    stores: ClassVar[bool] = True
    __slots__ = (
        "backlog",
        "coming",
        "debt",
        "expedited",
        "kits",
        "links",
        "makers",
        "on_hand",
        "owed",
        "policy",
        "reviewing",
        "shelf",
        "times",
        "users",
        "waiting_orders",
        "wanted",
    )

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config = self.settings
        self.on_hand, self.wanted, self.owed, self.backlog = config.on_hand, 0, 0, 0
        self.debt = self.expedited = 0
        self.policy: Policy | None = None if config.policy is None else policy_of(config.policy)
        self.times = None if config.time is None else self.stream("time", config.time)
        self.waiting_orders: deque[Order] = deque()
        self.coming: dict[str, Order] = {}
        self.kits = dict.fromkeys(config.components, 0)
        self.links: tuple[BackupLink, ...] = ()
        self.users: tuple[Station, ...] = ()
        self.makers: tuple[Station, ...] = ()
        self.reviewing = False
        self.shelf = Shelf(self, config.item, config.on_hand)

    @property
    def settings(self) -> StockingPointConfig:
        """Its configuration."""
        config: StockingPointConfig = self.setting.config
        return config

    # --- building -------------------------------------------------------------------------------

    def link(self, successors: tuple[Station, ...], predecessors: tuple[Station, ...]) -> None:
        super().link(successors, predecessors)
        self.users = tuple(one for one in successors if not isinstance(one, Buyer | Carrier))
        self.makers = tuple(one for one in predecessors if not isinstance(one, Vendor | Carrier))
        self.next = None
        self.feed = self.makers[0] if len(self.makers) == 1 else None

    def stock_items(self, items: set[str]) -> None:  # noqa: ARG002 - it keeps one item
        """Log the first level."""
        if self.recording:
            self.shelf.change(0)

    def begin(self) -> None:
        self.find_sources()
        self.links = tuple(link for each in self.settings.backups if (link := self._link(each)) is not None)
        self._change()
        if self.policy is not None and not self.policy.steady:
            self._await_review()
        self.push()
        self.show()

    def _link(self, config: BackupConfig) -> BackupLink | None:
        here = self.path.line
        first, second = (n if "/" in n else f"{here}/{n}" for n in (config.primary, config.backup))
        backup = next((source for source in self.sources if source.named(second)), None)
        primary = tuple(source for source in self.sources if source.named(first))
        return None if backup is None or not primary else BackupLink(self, config, primary, backup)

    def to_ship(self) -> list[Order]:
        return list(self.waiting_orders)

    # --- ordering -------------------------------------------------------------------------------

    @property
    def stock(self) -> Stock:
        """What the policy is asked about."""
        return Stock(self.on_hand - self.debt, self.wanted, self.owed)

    def _change(self) -> None:
        """The stock has changed: the policy may want something, now or at the next review."""
        if self.policy is None:
            return
        if self.policy.settings.review_s is None:
            self._decide()
        elif self.policy.steady:
            self._await_review()

    def _await_review(self) -> None:
        if self.policy is not None and not self.reviewing:
            period, now = self.policy.settings.review_s, self.kernel._now
            self.reviewing = True
            self.kernel.at(ceil(now / period) * period, self._review, LATE)

    def _review(self) -> None:
        self.reviewing = False
        self._decide()
        if self.policy is not None and not self.policy.steady:
            period = self.policy.settings.review_s
            self.reviewing = True
            self.kernel.at((round(self.kernel._now / period) + 1) * period, self._review, LATE)

    def _decide(self) -> None:
        if self.policy is not None and not self.closed:
            pieces = self.policy.wanted(self.stock)
            if pieces > 0:
                self._replenish(pieces)

    def _replenish(self, pieces: int) -> None:
        if not self.sources:
            self.wanted += pieces
            self._make(pieces)
            return
        if not self.settings.components:
            self._call_off(self.settings.item, pieces)
            return
        self.wanted += pieces
        for item, number in self.settings.components.items():
            self._call_off(item, pieces * number)

    def _call_off(self, item: str, pieces: int) -> None:
        """Order an item, some of it from a backup that is warm."""
        sources = [source for source in self.sources_of(item) if not self._stands_by(source)]
        first = next((source for source in sources if not source.down), sources[0])
        for link in self.links:
            share = link.share(pieces) if first in link.primary else 0
            if share:
                self._order(item, share, link.backup)
                pieces -= share
        if pieces:
            self._order(item, pieces, first)

    def _stands_by(self, source: SupplySource) -> bool:
        return any(link.backup is source for link in self.links)

    def _order(self, item: str, pieces: int, source: SupplySource) -> None:
        pieces = source.vendor.multiple(pieces)
        order = self.place(item, pieces, source)
        self.coming[order.id] = order
        if not self.settings.components:
            self.wanted += pieces

    def reroute(self, link: BackupLink) -> None:
        """A backup takes orders from now on: also its share of what the primary has not shipped."""
        for order in list(self.coming.values()):
            share = link.share(order.open) if link.stands_in_for(order) else 0
            fewer = order.source.vendor.cancel(order, share) if share else 0
            if fewer:
                self._forget(order)
                if not self.settings.components:
                    self.wanted -= fewer
                self._order(order.item, fewer, link.backup)

    def source_changed(self) -> None:
        for link in self.links:
            link.update()

    def order_backup(self, ordered: bool) -> None:
        for link in self.links:
            link.ordered = ordered
            link.update()

    # --- supply comes ---------------------------------------------------------------------------

    def deliver(self, order: Order, pieces: int) -> None:
        self._forget(order)
        components = self.settings.components
        if not components:
            self._make(pieces)
            return
        self.kits[order.item] += pieces
        complete = min(self.kits[item] // number for item, number in components.items())
        if complete:
            for item, number in components.items():
                self.kits[item] -= complete * number
            self._make(complete)

    def refused(self, order: Order, pieces: int) -> None:
        self._forget(order)
        if self.settings.components:
            self._call_off(order.item, pieces)
        else:
            self.wanted -= pieces
            self._change()

    def _forget(self, order: Order) -> None:
        if not order.open and not order.coming:
            self.coming.pop(order.id, None)

    def _make(self, pieces: int) -> None:
        if self.times is None:
            self.store(pieces)
        else:
            self.kernel.at(self.kernel._now + self.slow * self.times.draw(), Batch(self, pieces).done)

    def store(self, pieces: int) -> None:
        """Some pieces are there."""
        self.wanted -= pieces
        self._add(pieces)

    def _add(self, pieces: int) -> None:
        returned = min(self.debt, pieces)
        self.debt -= returned
        self._move(pieces - returned)
        self._serve()
        self.push()
        self._change()
        self.show()

    def _move(self, pieces: int) -> None:
        if pieces:
            self.on_hand += pieces
            if self.recording:
                self.shelf.change(pieces)

    # --- orders come ----------------------------------------------------------------------------

    def sells(self, item: str) -> bool:
        return item == self.settings.item

    def receive(self, order: Order) -> None:
        self.promise(order, self.settings.service_time)
        self.owed += order.open
        self._demanded(order.open)
        if self.settings.service_time:
            self.kernel.at(self.kernel._now + self.settings.service_time, Ripening(self, order).done)
        else:
            self.ripe(order)
        self._change()

    def _demanded(self, pieces: int) -> None:
        if self.policy is not None:
            self.policy.demanded(pieces)

    def ripe(self, order: Order) -> None:
        """An order is to be shipped now."""
        self.backlog += order.open
        self.waiting_orders.append(order)
        self._serve()
        if not order.waits and order.open and not self.closed:
            self.waiting_orders.remove(order)
            self._count_out(order.open)
            self.refuse(order, order.open)
        self.show()

    def _serve(self) -> None:
        """Ship as much as there is, first come, first served."""
        queue = self.waiting_orders
        while queue and not self.closed:
            order = queue[0]
            if self.settings.expedite and order.open > self.on_hand:
                self._expedite(order.open - self.on_hand)
            pieces = min(order.open, self.on_hand)
            if not pieces or (pieces < order.open and not self.settings.partial):
                return
            self._count_out(pieces)
            self._move(-pieces)
            self.ship(order, pieces)
            if order.open:
                return
            queue.popleft()
            self._made_room()

    def _expedite(self, pieces: int) -> None:
        self.expedited += pieces
        self.debt += pieces
        self._move(pieces)

    def _count_out(self, pieces: int) -> None:
        self.owed -= pieces
        self.backlog -= pieces

    def cancel(self, order: Order, pieces: int) -> int:
        fewer = min(pieces, order.open)
        if not fewer:
            return 0
        order.open -= fewer
        self.owed -= fewer
        if order in self.waiting_orders:
            self.backlog -= fewer
            if not order.open:
                self.waiting_orders.remove(order)
        self.tell(order, "cancelled", fewer)
        self.show()
        return fewer

    # --- lines before and after it --------------------------------------------------------------

    def offer(self, part: Load) -> bool:
        capacity = self.settings.capacity
        if self.closed or part.item != self.settings.item or (capacity is not None and self.on_hand >= capacity):
            return False
        self._add(1)
        return True

    def peek(self, taker: Station) -> Part | None:
        there = taker in self.users and self.on_hand and not self.backlog and not self.closed
        return self._part() if there else None

    def take(self, taker: Station) -> Part | None:
        part = self.peek(taker)
        if part is not None:
            self._used()
            self.kernel.soon.append(self._change)
        return part

    def _part(self) -> Part:
        return self.setting.parts(self.settings.item)

    def _used(self) -> None:
        self._move(-1)
        self.parts += 1
        self._demanded(1)
        self._made_room()

    def _made_room(self) -> None:
        if self.makers and self.settings.capacity is not None:
            self.kernel.soon.append(self.pull)

    def push(self) -> None:
        """Give the lines after it what they take."""
        while self.users and self.peek(self.users[0]) is not None and self.offer_in_turn(self._part(), self.users):
            self._used()

    def pull(self) -> None:
        while self.makers and not self.closed:
            capacity = self.settings.capacity
            part = self.ask() if capacity is None or self.on_hand < capacity else None
            if part is None:
                break
            self._add(1)

    # --- state ----------------------------------------------------------------------------------

    def resume(self) -> None:
        self._serve()
        self.push()
        self.pull()
        self._change()
        super().resume()

    def active(self) -> int:
        return STARVED if self.backlog else PRODUCING

    def contents(self) -> list[Load]:
        return [self._part()] * self.on_hand

    @property
    def level(self) -> int:
        return self.on_hand
