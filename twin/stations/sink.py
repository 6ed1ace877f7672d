"""Where material leaves a plant."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.distributions import Intervals
from twin.engine.codes import BREAK, OFF, PRODUCING, STARVED
from twin.engine.events import Event, Series
from twin.engine.kernel import WORK
from twin.engine.station import Load, Lot, Part, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives
from twin.records import RecordKind
from twin.stations import stations


class SinkConfig(StationConfig):
    """Takes finished items, at once or at the pace of demand; counts what leaves.

    Example: `{id: customers, kind: sink, interval: {exponential: {mean: 50 s}}, sequence: [red, red, blue]}`
    """

    fed: ClassVar[bool] = True
    frees_cards: ClassVar[bool] = True
    ends: ClassVar[bool] = True

    interval: Intervals | None = Field(default=None, description="time between withdrawals; None: takes at once")
    sequence: tuple[Item, ...] = Field(
        default=(), description="items wanted, in this order over and over; default: whatever comes"
    )
    final: bool = Field(default=True, description="what leaves is a shipped final product")

    @property
    def instant(self) -> bool:
        return self.interval is None

    def accepts(self, items: set[str]) -> set[str]:
        return items & {*self.sequence} if self.sequence else items


@stations.register("sink", config=SinkConfig)
class Sink(Station):
    """Takes items at once, or one after each interval of demand while on shift; then counts them.

    A lot is taken as one and counts with its pieces.

    PRODUCING while an interval of demand runs, else STARVED. The ideal time in its PART rows is the
    mean interval, 0 without one.

    ``counts`` says that to count a part is all that there is to do with it.
    """

    titles = ("Sink", "下线")
    role = "feed"
    config = SinkConfig
    records_parts = True
    holds_on = Station.holds_on | BREAK | OFF
    local = True
    __slots__ = ("counts", "demand", "events", "of_lots", "ready", "sequence", "turn")

    def __init__(self, setting: Setting[SinkConfig]):
        super().__init__(setting)
        config = setting.config
        self.demand = None if config.interval is None else self.stream("demand", config.interval)
        self.ready, self.sequence = True, config.sequence
        self.turn = 0
        self.counts = False
        self.events: dict[Part, Event] = {}
        self.of_lots: dict[tuple[Part, int], Event] = {}

    def admits(self, part: Load) -> bool:
        return self.ready and (not self.sequence or part.item == self.sequence[self.turn % len(self.sequence)])

    def items_wanted(self) -> tuple[str] | None:
        return (self.sequence[self.turn % len(self.sequence)],) if self.sequence else None

    def on_linked(self) -> None:
        self.counts = not (self.sequence or self.loops or self.recording or self.demand is not None)

    def offer(self, part: Load) -> bool:
        if self.counts and type(part) is Part and not self.closed:
            self.parts += 1
            return True
        if self.closed or not self.admits(part):
            return False
        self._leave(part)
        if self.demand is not None:
            self.ready = False
            self.kernel.at(self.kernel._now + self.slow * self.demand.draw(), self._wanted, WORK)
            self.show()
        return True

    def _leave(self, part: Load) -> None:
        size = 1
        if isinstance(part, Lot):
            size = part.size
            if part.owner is not None:
                part.owner.left(part, self)
        self.parts += size
        if self.sequence:
            self.turn += 1
        if self.loops:
            self.leave_loops(part)
        if self.recording:
            event = self.events.get(part.kind) if size == 1 else self.of_lots.get((part.kind, size))
            self.note_done(self.kernel._now, self._event(part.kind, size) if event is None else event)

    def _event(self, part: Part, size: int) -> Event:
        config: SinkConfig = self.setting.config
        law = config.interval
        unit, first_pass = self.setting.unit, int(part.reworks == 0)
        values = (part.item, size, 0, 0, 0.0 if law is None else law.mean_s, first_pass)
        if size > 1:
            event = self.of_lots[part, size] = Event(unit, RecordKind.PART, values)
        else:
            event = self.events[part] = Event(unit, RecordKind.PART, values, Series())
        return event

    def _wanted(self) -> None:
        self.ready = True
        self.pull()
        self.show()

    def pull(self) -> None:
        while self.ready and not self.closed:
            part = self.ask_admitted() if self.sequence else self.ask()
            if part is None:
                break
            self.offer(part)

    def before_giving(self) -> Waits:
        """It gives nothing: what comes before it has taken another, which frees cards and moves its sequence on."""
        return (any_gives(self.predecessors),)

    def before_taking(self, item: str) -> Waits:
        wanted = not self.sequence or item == self.sequence[self.turn % len(self.sequence)]
        return FREE if wanted else ((Act(self, None),),)

    def active(self) -> int:
        return STARVED if self.ready else PRODUCING
