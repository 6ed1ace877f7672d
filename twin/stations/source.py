"""Where material enters a plant."""

from __future__ import annotations

from collections import Counter, deque
from itertools import islice
from math import inf
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Self, cast

from pydantic import Field, model_validator

from twin.behaviours.arrivals import DailyRates, RateStream
from twin.behaviours.processor import Processor
from twin.config.named import Item
from twin.config.plant import Config, Identifier, StationConfig
from twin.control.book import FlowAccount
from twin.control.job import JobOrder
from twin.day_pattern import seconds
from twin.distributions import Distribution, Exponential, Intervals
from twin.engine.clock import to_ns
from twin.engine.codes import BLOCKED, IDLE_NO_ORDER, PRODUCING
from twin.engine.events import Event
from twin.engine.kernel import STILL, standstill
from twin.engine.requested import JobRequest
from twin.engine.station import Load, Part, Setting, Station
from twin.engine.waits import FREE, Waits, any_takes
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.instants import Instant
from twin.quantities import Rate
from twin.records import RecordKind
from twin.stations import stations
from twin.streams import Stream
from twin.zone import Axis


class RateConfig(Config):
    """A rate of arrivals from a time of day on."""

    start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="local time, hh:mm")
    rate: Rate = Field(description="arrivals per time")


LARGEST_RELEASE = 1_000_000
"""Most items of one line of an order list, which stand ready at once."""


class ListedConfig(Config):
    """One line of an order list, or one arrival of a trace."""

    item: Item = Field(description="item released")
    quantity: int = Field(default=1, ge=1, le=LARGEST_RELEASE, description="number of items")
    release: Instant = Field(default=0.0, description="when it is released")
    due: Instant | None = Field(default=None, description="when it is due")
    priority: int = Field(default=0, description="lower goes first, where something is chosen by priority")
    id: Identifier | None = Field(
        default=None, description="id of the order; with it, a due date or a priority its items have an identity"
    )


LARGEST_ROUND = 100_000
"""Most items of one round of a mix, which is kept as a list."""


class SourceConfig(StationConfig):
    """Releases items: one at a time in a repeated mix, at rates by time of day, or by a list of orders.

    Example: `{id: in, kind: source, mix: {box: 1}, rates: [{start: "06:00", rate: 40/h}, {start: "22:00", rate: 8/h}]}`

    Example: `{id: plan, kind: source, orders: [{item: case, quantity: 60, release: 2 h, due: 2026-03-02 15:00}]}`
    """

    begins: ClassVar[bool] = True

    mix: dict[Item, int] = Field(
        default={},
        description="items released, with the number of each in one round; rounds repeat in the order written",
    )
    interval: Intervals | None = Field(
        default=None, description="time between releases; None: as fast as the next station takes them"
    )
    rates: tuple[RateConfig, ...] = Field(
        default=(),
        description="releases per time by time of day, each from its start to the next; gaps are exponential, or as "
        "those of `interval`, whose mean is stretched to the rate",
    )
    limit: int | None = Field(default=None, ge=1, description="number of items released in all; None: no limit")
    orders: tuple[ListedConfig, ...] = Field(default=(), description="instead of a mix: what is released when")
    orders_file: str | None = Field(
        default=None,
        description="CSV file beside the scenario with the columns of `orders`: item, release or time, and if wanted "
        "quantity, due, priority, id; times as durations with unit, or as local time 2026-03-02T08:30",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        listed = bool(self.orders) or self.orders_file is not None
        if listed and (self.mix or self.rates or self.interval is not None or self.limit is not None):
            raise ValueError("expected a list of orders, or 'mix' with 'interval', 'rates' or 'limit'")
        if sum(self.mix.values()) > LARGEST_ROUND:
            raise ValueError(f"expected at most {LARGEST_ROUND} items in one round of 'mix', got more")
        if not listed and not self.mix:
            raise ValueError("expected 'mix', 'orders' or 'orders_file'")
        starts = [each.start for each in self.rates]
        if starts != sorted(set(starts)):
            raise ValueError("expected rates with increasing starts")
        if self.rates and not any(each.rate for each in self.rates):
            raise ValueError("expected a rate above 0 at some time")
        return self

    @property
    def dated(self) -> bool:
        return super().dated or bool(self.orders) or self.orders_file is not None

    @property
    def endless(self) -> bool:
        unlimited = self.interval is None and self.limit is None and not self.rates
        return unlimited and not self.orders and self.orders_file is None

    def brings(self) -> dict[str, float]:
        if self.orders:
            listed: Counter[str] = Counter()
            for order in self.orders:
                listed[order.item] += order.quantity
            return {item: float(number) for item, number in listed.items()}
        if self.limit is None:
            return super().brings()
        rounds, rest = divmod(self.limit, sum(self.mix.values()) or 1)
        begun = Counter(islice((item for item, number in self.mix.items() for _ in range(number)), rest))
        return {item: float(number * rounds + begun[item]) for item, number in self.mix.items()}

    def opening(self) -> set[str]:
        return {*self.mix, *(order.item for order in self.orders)}

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:  # noqa: ARG002 - of itself
        if self.orders_file is None or self.orders:
            return []
        hint = "load the scenario with its loader"
        return [Problem(f"{path} orders_file", "orders that were read", repr(self.orders_file), hint)]


@stations.register("source", config=SourceConfig)
class Source(Processor):
    """Releases the next item of its mix after each interval, or whenever a neighbour has room.

    With an interval or rates it is PRODUCING while the gap runs and BLOCKED, its clock stopped, while nobody
    takes the item. Without one it always has an item ready. At its limit it is IDLE_NO_ORDER.
    """

    titles = ("Source", "投料")
    role = "feed"
    config = SourceConfig
    records_parts = False
    local = True
    __slots__ = ("begun", "interval", "limit", "rates", "round")

    @classmethod
    def of(cls, setting: Setting[SourceConfig]) -> Station:
        config = setting.config
        return ListedSource(setting) if config.orders else cls(setting)

    def __init__(self, setting: Setting[SourceConfig]):
        config = setting.config
        self.interval = config.interval
        self.rates: DailyRates | None = None
        if config.rates:
            self.interval = config.interval or Exponential(mean="1 s")
            starts, rates = [seconds(each.start) for each in config.rates], [each.rate for each in config.rates]
            if starts[0] > 0:
                starts, rates = [0.0, *starts], [rates[-1], *rates]
            self.rates = DailyRates(starts, rates, setting.axis)
        self.limit = config.limit
        self.round = tuple(setting.parts(item) for item, number in config.mix.items() for _ in range(number))
        self.begun = 0
        super().__init__(setting)
        if self.interval is None:
            self.waiting = True

    def before_beginning(self) -> Waits:
        return FREE

    def before_giving(self) -> Waits:
        if self.interval is not None or self.begun == self.limit or not self.round:
            return super().before_giving()
        return (any_takes(self.successors, (self.round[self.begun % len(self.round)].item,)),)

    @property
    def holds(self) -> bool:
        ready = self.interval is None and self.begun != self.limit and bool(self.round)
        return ready or super().holds

    def law(self, item: str) -> Distribution | None:  # noqa: ARG002 - the interval is the same for all items
        return self.interval

    def _stream_of(self, part: Part, law: Distribution) -> Stream:
        stream = super()._stream_of(part, law)
        if self.rates is None or isinstance(stream, RateStream):
            return stream
        gaps: Any = RateStream(stream, law.mean_s, self.rates, self.kernel)
        return cast(Stream, gaps)

    def _next(self) -> Load | None:
        if self.begun == self.limit:
            return None
        round_, begun = self.round, self.begun
        self.begun = begun + 1
        return round_[begun % len(round_)]

    def begin(self) -> None:
        if self.interval is None:
            self.resume()
        else:
            super().begin()

    def ask(self) -> Load | None:
        return None if self.interval is None else self._next()

    def take(self, taker: Station) -> Load | None:
        if self.interval is not None:
            return super().take(taker)
        if self.closed:
            return None
        if self.begun == self.limit:
            self.show()
            return None
        self.parts += 1
        return self._next()

    def peek(self, taker: Station) -> Load | None:
        if self.interval is not None:
            return super().peek(taker)
        return None if self.closed or self.begun == self.limit else self.round[self.begun % len(self.round)]

    def resume(self) -> None:
        if self.interval is not None:
            super().resume()
            return
        for _ in range(STILL):
            if (part := self.peek(self)) is None or not self.forward(part):
                break
            self._next()
            self.parts += 1
        else:
            now, self.kernel.torn = self.kernel.now, True
            raise standstill(str(self.path), now, now, "parts released")
        self.show()

    def active(self) -> int:
        if self.begun == self.limit and not self.working and not self.blocked:
            return IDLE_NO_ORDER
        return BLOCKED if self.interval is None else super().active()


class Listed(NamedTuple):
    """One line of a list with its times in simulated s; infinite: never due."""

    release_s: float
    due_s: float
    order: ListedConfig

    @classmethod
    def on(cls, axis: Axis, order: ListedConfig) -> Listed:
        """A line as what the user wrote says, on the axis of its site."""
        return cls(axis.second(order.release), inf if order.due is None else axis.second(order.due), order)


class ListedSource(Source):
    """Releases what a list says, at its times; what nobody takes waits here.

    BLOCKED while items wait, PRODUCING until the next release, IDLE_NO_ORDER after the last. Releases
    go on outside shifts, but nothing leaves. Lines with an id, a due date or a priority are job orders: released
    here, completed when the last piece leaves the plant or is built into something; lines of one id that are open
    at the same time are one order.
    """

    local = True
    __slots__ = ("accounts", "plan", "position", "ready", "underway")

    def __init__(self, setting: Setting[SourceConfig]):
        super().__init__(setting)
        config = setting.config
        listed = (Listed.on(setting.axis, order) for order in config.orders)
        self.plan = sorted(listed, key=attrgetter("release_s"))
        self.position = 0
        self.ready: deque[Load] = deque()
        self.underway: dict[str, JobOrder] = {}
        self.accounts: dict[tuple[str, int, bool], FlowAccount] = {}

    def begin(self) -> None:
        self._expect()
        self.show()

    def _expect(self) -> None:
        if self.position < len(self.plan):
            self.kernel.at(max(self.plan[self.position].release_s, self.kernel._now), self.release)

    def release(self) -> None:
        """The time of the next line of the list has come."""
        listed = self.plan[self.position]
        self.ready.extend(self._items(listed.order, listed.due_s))
        self.position += 1
        self.begun += listed.order.quantity
        self._expect()
        self.resume()

    def orderable(self) -> tuple[str, ...]:
        return tuple(sorted(self.setting.config.opening()))

    def release_order(self, asked: JobRequest, pieces: int) -> None:
        line = ListedConfig(item=asked.item, quantity=pieces, priority=asked.priority, id=asked.id)
        self.ready.extend(self._items(line, self.kernel._now + asked.allowance_s))
        self.begun += pieces
        self.resume()

    def _items(self, order: ListedConfig, due_s: float) -> list[Load]:
        kind = self.setting.parts(order.item)
        if order.id is None and order.due is None and order.priority == 0:
            return [kind] * order.quantity
        name = order.id or f"{self.path.name}-{self.position + 1}"
        job = self.underway.get(name)
        if job is None:
            job = JobOrder(self, name, order.item, float(order.priority), self.kernel._now, due_s)
            self.underway[name] = job
        self._tell(job, "released", order.quantity)
        return job.lots(kind, order.quantity)

    def completed(self, job: JobOrder, where: Station) -> None:
        """The last piece of an order has left."""
        self._close(job)
        self._tell(job, "completed", job.size, str(where.path))

    def lost(self, job: JobOrder, pieces: int) -> None:
        """Pieces of an order were scrapped; an order of which others have left is completed with the last."""
        self._tell(job, "cancelled", pieces)
        if not job.open and job.size:
            self.completed(job, self)
        elif not job.open:
            del self.underway[job.id]

    def _close(self, job: JobOrder) -> None:
        del self.underway[job.id]
        key = (job.item, int(job.priority), False)
        self.accounts.setdefault(key, FlowAccount()).add(job, self.kernel._now)

    def _tell(self, job: JobOrder, event: str, pieces: int, where: str | None = None) -> None:
        if self.recording:
            due_ns = None if job.due_s == inf else to_ns(self.setting.axis.origin_ns, job.due_s)
            values = (job.id, event, job.item, pieces, due_ns, str(self.path), where)
            self.log.extend((self.kernel._now, Event(self.setting.unit, RecordKind.ORDER, values)))

    def before_giving(self) -> Waits:
        return (any_takes(self.successors, (self.ready[0].item,)),) if self.ready else FREE

    def peek(self, taker: Station) -> Load | None:  # noqa: ARG002 - the head is for any successor
        return self.ready[0] if self.ready and not self.closed else None

    def take(self, taker: Station) -> Load | None:
        part = self.peek(taker)
        if part is not None:
            self.ready.popleft()
            self.parts += 1
            self.kernel.soon.append(self.show)
        return part

    def resume(self) -> None:
        while self.ready and not self.closed and self.forward(self.ready[0]):
            self.ready.popleft()
            self.parts += 1
        self.show()

    def active(self) -> int:
        if self.ready:
            return BLOCKED
        return PRODUCING if self.position < len(self.plan) else IDLE_NO_ORDER

    def contents(self) -> list[Load]:
        return list(self.ready)

    def due_times(self) -> list[float]:
        """Of all orders of the list, finished or not, and of those from outside that are open."""
        planned = [listed.due_s for listed in self.plan if listed.due_s != inf]
        open_s = {job.due_s for job in self.underway.values() if job.due_s != inf}
        return planned + sorted(open_s.difference(planned))
