"""Order release: where lots enter a shop, and where they come back finished."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from twin.config.plant import StationConfig
from twin.config.recipes import ReleaseConfig, StartedConfig
from twin.control.book import FlowAccount
from twin.control.lot import RoutedLot
from twin.engine.clock import to_ns
from twin.engine.codes import IDLE_NO_ORDER, PRODUCING
from twin.engine.events import Event
from twin.engine.kernel import WORK
from twin.engine.requested import JobRequest
from twin.engine.station import Load, Part, Setting, Station
from twin.records import RecordKind
from twin.stations import stations

if TYPE_CHECKING:
    from twin.control.shop import Shop


class OrdersConfig(StationConfig):
    """Releases lots by a plan; each follows the recipe of its item and comes back here when finished.

    What is finished goes on to ``to``, e.g. a sink.
    """

    releases: ClassVar[bool] = True

    release: tuple[ReleaseConfig, ...] = Field(default=(), description="plan of releases")
    started: tuple[StartedConfig, ...] = Field(default=(), description="lots in process at the start")

    @property
    def dated(self) -> bool:
        return True

    begins: ClassVar[bool] = True

    def opening(self) -> set[str]:
        return {one.item for one in self.release} | {one.item for one in self.started}


class Release:
    """One line of the plan of releases.

    Args:
        orders: The station.
        number: Number of the line.
        config: What the user wrote.
    """

    __slots__ = ("config", "done", "every", "name", "orders")

    def __init__(self, orders: Orders, number: int, config: ReleaseConfig):
        self.orders, self.config = orders, config
        self.name = config.id or config.item
        self.every = None if config.every is None else orders.stream(f"release:{number}", config.every)
        self.done = 0

    def act(self) -> None:
        """Release lots now, and plan the next release."""
        config, orders = self.config, self.orders
        now = orders.kernel._now
        for _ in range(config.lots):
            due_s = inf if config.due is None else now + config.due
            orders.admit(orders.lot(self.name, config, now, due_s), 0)
        self.done += 1
        if self.every is not None and self.done != config.times:
            orders.kernel.at(now + self.every.draw(), self.act, WORK)


@stations.register("orders", config=OrdersConfig)
class Orders(Station):
    """Releases lots into the pools and takes them back when their last step is done.

    PRODUCING while lots of it are in process, else IDLE_NO_ORDER. Releases follow the plan, whatever
    the state of the unit; a finished lot waits here until a successor takes it. A PART row stands for a
    lot that is finished, or that was spoiled on its way, with its pieces: the output of the shop.
    """

    titles = ("Order desk", "订单台")
    role = "desk"
    config = OrdersConfig
    records_parts = True

    __slots__ = (
        "_facts",
        "accounts",
        "dated",
        "finished",
        "in_process",
        "lost",
        "numbers",
        "origin_ns",
        "released",
        "shop",
    )

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        self.shop: Shop = None  # type: ignore[assignment] # given when the shop is put together
        self.origin_ns = 0
        self.finished: deque[Load] = deque()
        self.released = self.in_process = self.lost = 0
        self.dated: dict[RoutedLot, None] = {}
        self.numbers: dict[str, int] = {}
        self.accounts: dict[tuple[str, int, bool], FlowAccount] = {}
        self._facts: dict[tuple[Part, int, bool], Event] = {}

    def begin(self) -> None:
        config: OrdersConfig = self.setting.config
        for started in config.started:
            self._put(started)
        for number, release in enumerate(config.release):
            self.kernel.at(self.setting.axis.second(release.start), Release(self, number, release).act, WORK)
        self.show()

    def _put(self, config: StartedConfig) -> None:
        route = self.shop.route(config.item)
        name = f"{config.id or config.item}-wip{config.step}"
        for _ in range(config.lots):
            released_s = -config.age
            due_s = inf if config.due is None else released_s + config.due
            self.admit(self.lot(name, config, released_s, due_s), route.numbers[config.step])

    def lot(self, name: str, config: ReleaseConfig | StartedConfig, released_s: float, due_s: float) -> RoutedLot:
        """A new lot; those of one name are numbered one after another, whatever line of the plan they are of."""
        number = self.numbers[name] = self.numbers.get(name, 0) + 1
        kind = self.setting.parts(config.item)
        return RoutedLot(
            f"{name}-{number}", kind, self.shop.route(config.item), self, size=config.size, priority=config.priority,
            released_s=released_s, due_s=due_s,
        )  # fmt: skip

    # --- orders from outside --------------------------------------------------------------------

    def orderable(self) -> tuple[str, ...]:
        return tuple(sorted(self.setting.config.opening()))

    def release_order(self, asked: JobRequest, pieces: int) -> None:
        """In lots as large as those of the plan, whose size fits the batches of the recipe."""
        config: OrdersConfig = self.setting.config
        now = self.kernel._now
        sizes = [one.size for one in config.release if one.item == asked.item]
        largest = max([*sizes, *(one.size for one in config.started if one.item == asked.item)])
        while pieces:
            size = min(pieces, largest)
            pieces -= size
            line = ReleaseConfig(item=asked.item, size=size, priority=asked.priority)
            self.admit(self.lot(asked.id, line, now, now + asked.allowance_s), 0)

    # --- lots -----------------------------------------------------------------------------------

    def admit(self, lot: RoutedLot, number: int) -> None:
        """A lot enters at a step."""
        self.released += 1
        self.in_process += 1
        if lot.due_s != inf:
            self.dated[lot] = None
        lot.step = number
        if self.recording:
            self._tell(lot, "started" if lot.released_s < 0 else "released")
        if self.code != PRODUCING:
            self.show()
        lot.arrive()

    def complete(self, lot: RoutedLot) -> None:
        """The last step of a lot is done."""
        self.in_process -= 1
        self.dated.pop(lot, None)
        self.parts += lot.size
        key = (lot.item, int(lot.priority), lot.released_s < 0)
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = FlowAccount()
        account.add(lot, self.kernel._now)
        if self.recording:
            self._tell(lot, "completed")
            self._count(lot, spoiled=False)
        if self.finished or self.closed or not self.forward(lot):
            self.finished.append(lot)
        if not self.in_process:
            self.show()

    def spoiled(self, lot: RoutedLot) -> None:
        """A lot was spoiled."""
        self.in_process -= 1
        self.dated.pop(lot, None)
        self.lost += 1
        self.parts += lot.size
        self.scrapped += lot.size
        if self.recording:
            self._tell(lot, "cancelled")
            self._count(lot, spoiled=True)
        if not self.in_process:
            self.show()

    def due_times(self) -> list[float]:
        """Of the lots in process, and of those first released by a line of the plan that is still to begin."""
        config: OrdersConfig = self.setting.config
        now = self.kernel._now
        starts = [(self.setting.axis.second(one.start), one.due) for one in config.release]
        ahead = [start + due for start, due in starts if due is not None and start >= now]
        return [lot.due_s for lot in self.dated] + ahead

    def _tell(self, lot: RoutedLot, event: str) -> None:
        due_ns = None if lot.due_s == inf else to_ns(self.origin_ns, lot.due_s)
        values = (lot.order, event, lot.item, lot.size, due_ns, str(self.path), None)
        self.log.extend((self.kernel._now, Event(self.setting.unit, RecordKind.ORDER, values)))

    def _count(self, lot: RoutedLot, spoiled: bool) -> None:
        key = (lot.kind, lot.size, spoiled)
        event = self._facts.get(key)
        if event is None:
            good, scrap = (0, lot.size) if spoiled else (lot.size, 0)
            values = (lot.item, good, scrap, 0, 0.0, int(lot.reworks == 0))
            event = self._facts[key] = Event(self.setting.unit, RecordKind.PART, values)
        self.log.extend((self.kernel._now, event))

    # --- neighbours -----------------------------------------------------------------------------

    def peek(self, taker: Station) -> Load | None:  # noqa: ARG002 - the first is for any successor
        return self.finished[0] if self.finished and not self.closed else None

    def take(self, taker: Station) -> Load | None:  # noqa: ARG002 - the first is for any successor
        return self.finished.popleft() if self.finished and not self.closed else None

    def resume(self) -> None:
        while self.finished and self.forward(self.finished[0]):
            self.finished.popleft()

    def active(self) -> int:
        return PRODUCING if self.in_process else IDLE_NO_ORDER

    def contents(self) -> list[Any]:
        return list(self.finished)
