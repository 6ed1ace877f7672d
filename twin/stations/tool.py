"""A tool of a pool: works on lots by their recipes."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, model_validator

from twin.behaviours.breakable import Breakable
from twin.behaviours.life import CYCLES, renew_life
from twin.config.plant import ProcessConfig, StationConfig
from twin.control.downtime import Downtime
from twin.control.route import Times
from twin.engine.codes import BREAK, MAINTENANCE, OFF, PRODUCING, SETUP, STARVED
from twin.engine.events import Event, Series
from twin.engine.station import Load, Setting, Station
from twin.records import RecordKind
from twin.stations import stations

if TYPE_CHECKING:
    from twin.control.lot import RoutedLot
    from twin.control.pool import Pool
    from twin.control.route import RouteStep


class ToolConfig(ProcessConfig):
    """Works on lots that wait for its pool, by their recipes; lots go on where the recipe says.

    ``cycle`` and ``cycles`` are the times of steps that give none.
    """

    pooled: ClassVar[bool] = True
    flows: ClassVar[bool] = False
    fed: ClassVar[bool] = False
    pool: str | None = Field(default=None, description="pool whose queue it works from; default: its own id")

    @model_validator(mode="after")
    def _supported(self) -> Self:
        wrong = self.model_fields_set - StationConfig.model_fields.keys() - _OWN
        if wrong:
            names = ", ".join(sorted(wrong))
            raise ValueError(f"expected nothing of {names} at a tool (setups and downtimes belong to its pool)")
        if any(mode.then != "resume" for mode in self.failures):
            raise ValueError("expected failures after which the work resumes at a tool")
        return self


_OWN = {"pool", "cycle", "cycles", "failures", "scrap"}
Entry = tuple[float, int, "tuple[RoutedLot, ...]", "RouteStep", int]


@stations.register("tool", config=ToolConfig)
class Tool(Breakable):
    """Takes a lot or batch that its pool gives it, sets up, works, and sends each lot on its way.

    SETUP while it is set up, else PRODUCING while a lot is in it, else STARVED. When it goes down, what is in it
    waits, and goes on afterwards. A cascading tool takes the next lot before the former leaves, and may be set up
    for it meanwhile.
    """

    titles = ("Tool of a pool", "设备组设备")
    config = ToolConfig
    holds_on = Station.holds_on | BREAK | OFF
    records_parts: ClassVar[bool] = True

    __slots__ = (
        "_facts",
        "_own",
        "_series_of",
        "by_pieces",
        "counted",
        "downtimes",
        "due",
        "free_at",
        "number",
        "paused_s",
        "pool",
        "quality",
        "ready_at",
        "runs_left",
        "servicing",
        "setup",
        "vacant",
        "wake",
        "work",
    )

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        self.pool: Pool = None  # type: ignore[assignment] # given when the shop is put together
        self.work: list[Entry] = []
        self.number = 0
        self.vacant = False
        self.free_at = self.ready_at = inf
        self.paused_s = -1.0
        self.setup: str | None = None
        self.runs_left = 0
        self.due: list[Downtime] = []
        self.servicing: Downtime | None = None
        self.downtimes: tuple[Downtime, ...] = ()
        self.by_pieces: tuple[Downtime, ...] = ()
        self.wake = self.finish
        self._own: dict[str, Times] = {}
        self._facts: dict[Any, Event] = {}
        self._series_of: dict[tuple[str, int], Series] = {}
        config: Any = setting.config
        self.quality = self.stream("quality", None) if config.scrap else None
        self.slots = ()
        self.add_failures(config.failures)
        self.counted = tuple(life for life in self.lives if life.basis == CYCLES)
        renew_life(self)

    # --- building -------------------------------------------------------------------------------

    def enroll(self, pool: Pool, share: float) -> None:
        """Become a tool of a pool, at a place among its tools, over 0 to 1."""
        self.pool, self.number = pool, len(pool.tools)
        pool.tools.append(self)
        self.downtimes = tuple(Downtime(self, config, share) for config in pool.config.downtimes)
        self.by_pieces = tuple(one for one in self.downtimes if one.after is None)

    def own_time(self, item: str) -> Times | None:
        """Times of steps that give none, for an item; None when there are none."""
        config: ToolConfig = self.setting.config
        law = config.cycles.get(item, config.cycle)
        if law is None:
            return None
        if item not in self._own:
            known = item in config.cycles
            self._own[item] = Times(self.stream(f"cycle:{item}", law)) if known else self._usual(law)
        return self._own[item]

    def _usual(self, law: Any) -> Times:
        if "" not in self._own:
            self._own[""] = Times(self.stream("cycle", law))
        return self._own[""]

    def begin(self) -> None:
        if not self.closed:
            self._release()
        else:
            self.vacant = True
        self.show()

    # --- work -----------------------------------------------------------------------------------

    def start(self, lots: tuple[RoutedLot, ...], step: RouteStep, setup: Times | None) -> None:
        """Work on a lot or batch from now on."""
        kernel = self.kernel
        begin = now = kernel._now
        self.vacant = False
        if setup is not None:
            begin = self._set_up(lots, step, setup, now)
        else:
            if self.runs_left > 0:
                self.runs_left -= len(lots)
            if step.setup is not None:
                self.setup = step.setup
        pieces = lots[0].size
        if len(lots) > 1:
            pieces = sum(lot.size for lot in lots)
        factor, added, interval = step.sizes.get(pieces) or step.timing(pieces)
        law = step.time or self.own_time(lots[0].kind.item)
        assert law is not None  # noqa: S101 - building refuses steps without a time
        values = law.values
        time = law.constant if law.constant is not None else values.pop() if values else law.stream.refill()
        due = begin + self.slow * (time * factor + added)
        for lot in lots:
            if lot.owed:
                lot.begins(lot.route.steps[lot.step], begin)
        if self.journal.operations:
            for lot in lots:
                self.tell_operation(lot, "begun")
        number = next(kernel._eid)
        heappush(self.work, (due, number, lots, step, pieces))
        heappush(kernel._queue, (due, number, self.wake))
        self.free_at = due
        if interval < due - begin:
            self.free_at = begin + interval
            heappush(kernel._queue, (self.free_at, next(kernel._eid), self.accept))
        if setup is not None:
            self.show()
        elif self.code != PRODUCING:
            self.enter(PRODUCING)
        if due > self.fail_at:
            self.arm()

    def _set_up(self, lots: tuple[RoutedLot, ...], step: RouteStep, setup: Times, now: float) -> float:
        """Begin a setup; when it ends."""
        self.setup = step.setup
        self.runs_left = self.pool.min_runs.get(step.setup or "", 0) - len(lots)
        time = self.slow * setup.draw()
        if time <= 0:
            return now
        self.ready_at = now + time
        self.kernel.at(self.ready_at, self.prepared)
        return self.ready_at

    def prepared(self) -> None:
        """A setup may be over."""
        if self.ready_at == self.kernel._now and not self.closed:
            self.ready_at = inf
            self.show()
            self._watch_life()

    def accept(self) -> None:
        """A cascading tool may have room for the next lot."""
        if self.free_at == self.kernel._now and not self.closed and not self.vacant:
            self._release()

    def finish(self) -> None:
        """A lot or batch may be done, unless it was interrupted meanwhile."""
        now = self.kernel._now
        work = self.work
        if self.closed or not work or work[0][0] != now:
            return
        _, _, lots, step, pieces = heappop(work)
        self.parts += pieces
        if self.recording and self.quality is None:
            self._record(lots, step, now)
        if self.journal.operations:
            for lot in lots:
                self.tell_operation(lot, "ended")
        for lot in lots:
            if self.quality is None or not self._spoiled(lot):
                lot.done(lot.route.steps[lot.step], self, now)
        for downtime in self.by_pieces:
            downtime.worked(pieces)
        for life in self.counted:
            life.stroke()
        if not self.vacant and self.free_at <= now:
            self._release()
        elif not work:
            self._emptied()

    def _release(self) -> None:
        """There is room for a lot: go to the pool, or to maintenance that is due."""
        self.vacant = True
        if not self.due:
            self.pool.freed(self)
        elif not self.work:
            self._service()

    def _emptied(self) -> None:
        if self.due and self.servicing is None:
            self._service()
        else:
            self.show()

    # --- maintenance ----------------------------------------------------------------------------

    def maintain(self, downtime: Downtime) -> None:
        """Maintenance is due: take no more lots, and begin it when empty."""
        if downtime in self.due or self.servicing is downtime:
            return
        self.due.append(downtime)
        self.pool.withdrawn(self)
        if self.vacant and not self.work and self.servicing is None:
            self._service()

    def _service(self) -> None:
        self.servicing = downtime = self.due.pop(0)
        self.kernel.at(self.kernel._now + downtime.length.draw(), downtime.end)
        self.hold(MAINTENANCE)

    def maintained(self) -> None:
        """Maintenance is done."""
        self.servicing = None
        if self.due:
            self._service()
        else:
            self.free(MAINTENANCE)

    # --- holding --------------------------------------------------------------------------------

    def suspend(self) -> None:
        self.paused_s = self.kernel._now
        self.pool.withdrawn(self)

    def resume(self) -> None:
        late = self.kernel._now - self.paused_s
        self.free_at += late
        if self.ready_at < inf:
            self.ready_at += late
            self.kernel.at(self.ready_at, self.prepared)
        self.work = [(due + late, number, lots, step, pieces) for due, number, lots, step, pieces in self.work]
        heapify(self.work)
        self.show()
        for due, *_ in self.work:
            self.kernel.at(due, self.wake)
        self._watch_life()
        if not self.vacant and self.work and self.free_at < inf:
            self.kernel.at(self.free_at, self.accept)
        if self.vacant and not self.due:
            self.pool.freed(self)

    def _watch_life(self) -> None:
        """Wait for a failure that comes before the end of the work."""
        if any(due > self.fail_at for due, *_ in self.work):
            self.arm()

    def active(self) -> int:
        if self.ready_at < inf:
            return SETUP
        return PRODUCING if self.work else STARVED

    # --- what it says ---------------------------------------------------------------------------

    def _spoiled(self, lot: RoutedLot) -> bool:
        """Whether the operation has spoiled the lot, which then leaves the plant; says how it came out."""
        assert self.quality is not None  # noqa: S101 - only asked with scrap
        config: ToolConfig = self.setting.config
        spoiled: bool = self.quality.draw() < config.scrap
        step = lot.route.steps[lot.step]
        if self.recording:
            self.note_done(self.kernel._now, self._event(lot, step, lot.size, spoiled))
        if spoiled:
            self.scrapped += lot.size
            lot.orders.spoiled(lot)
        return spoiled

    def _record(self, lots: tuple[RoutedLot, ...], step: RouteStep, now: float) -> None:
        pieces = sum(lot.size for lot in lots)
        for lot in lots:
            self.note_done(now, self._event(lot, step, pieces, False))

    def _event(self, lot: RoutedLot, step: RouteStep, pieces: int, spoiled: bool) -> Event:
        key = (lot.kind, lot.size, step, pieces, spoiled)
        event = self._facts.get(key)
        if event is None:
            item, first_pass = lot.item, int(lot.reworks == 0)
            good, scrap = (0, lot.size) if spoiled else (lot.size, 0)
            values = (item, good, scrap, 0, step.ideal_s(pieces), first_pass)
            series = self._series_of.setdefault((item, first_pass), Series())
            event = self._facts[key] = Event(self.setting.unit, RecordKind.PART, values, series)
        return event

    def contents(self) -> list[Load]:
        return [lot for _, _, lots, _, _ in self.work for lot in lots]
