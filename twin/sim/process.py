"""Stations that work on parts for some time: the common machine of machine, assembly, inspection and source."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappush
from typing import Any, ClassVar, Protocol

from twin.config import ProcessConfig
from twin.distributions import Distribution
from twin.parts.equipping import equip
from twin.parts.needs import Needs
from twin.parts.quality import HoldRule, ScrapDrift
from twin.parts.setup import Setups
from twin.records import RecordKind
from twin.sim.breakable import Breakable
from twin.sim.journal import Event, Series
from twin.sim.kernel import WORK
from twin.sim.phase import DONE, IDLE, PREPARING, WAITING, WORKING
from twin.sim.station import (
    BLOCKED,
    BREAK,
    OFF,
    PRODUCING,
    SETUP,
    STARVED,
    VARIED,
    WAIT,
    Load,
    Part,
    Setting,
    Station,
)
from twin.streams import Stream

NOT_DUE = -1.0
NO_QUEUE: deque[Load] = deque(maxlen=0)
"""Stands for a queue that there is no short way to."""


class Job:
    """What a unit does with one kind of part.

    Args:
        part: The part that comes.
        out: The part that leaves when it is good.
        stream: Times of the operation.
        ideal_s: Planned run time per item (PRI); 0 where there is none.
        station: The unit.
    """

    __slots__ = ("good", "ideal_s", "out", "part", "rework", "scrap", "stream", "values")

    def __init__(self, part: Part, out: Part, stream: Stream, ideal_s: float, station: Processor):
        self.part, self.out, self.stream, self.values = part, out, stream, stream.values
        self.ideal_s = ideal_s
        self.good = self._event(station, (1, 0, 0))
        self.scrap = self._event(station, (0, 1, 0))
        self.rework = self._event(station, (0, 0, 1))

    def __getstate__(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__ if name != "values")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        names = (name for name in self.__slots__ if name != "values")
        for name, value in zip(names, state, strict=True):
            setattr(self, name, value)
        self.values = self.stream.values

    def _event(self, station: Processor, quantities: tuple[int, int, int]) -> Event:
        first_pass = int(self.part.reworks == 0)
        values = (self.out.item, *quantities, self.ideal_s, first_pass)
        return Event(station.setting.unit, RecordKind.PART, values, station.part_series(self.out.item, first_pass))


class Stage(Protocol):
    """Something that a place goes through before each operation: a setup, fetching an operator.

    A unit with stages ends its operations on the general path, so they cost units without them nothing.
    """

    def enter(self, slot: Slot) -> float:
        """A part is in the place: seconds until it can go on, 0 for at once.

        ``WAIT`` for as long as it takes: then the stage calls ``slot.admit`` when it can go on.
        """

    def leave(self, slot: Slot) -> None:
        """The operation is over."""


class Slot:
    """A place where one part is worked on; one pending entry of the kernel while it is busy.

    Args:
        station: The unit.
    """

    __slots__ = ("due", "job", "kernel", "left", "out", "part", "phase", "stage", "station", "takers", "wake")

    def __init__(self, station: Processor):
        self.station, self.kernel = station, station.kernel
        self.phase, self.due, self.left = IDLE, NOT_DUE, 0.0
        self.job: Job = station.no_job
        self.part: Load = self.job.part
        self.stage = 0
        self.out: Load | None = None
        self.takers: tuple[Station, ...] = ()
        self.wake = self.finish

    def begin(self, part: Load) -> None:
        """Work on a part from now on; the slot was idle."""
        station = self.station
        job = self.job
        self.part = part
        if part is not job.part:
            job = self.job = station.job_of(part)
        if station.stages:
            self._prepare()
            return
        self.phase = WORKING
        station.working += 1
        if station.code != PRODUCING:
            station.enter(PRODUCING)
        values, kernel = job.values, self.kernel
        self.due = due = kernel._now + station.slow * (values.pop() if values else job.stream.refill())
        heappush(kernel._queue, (due, WORK, next(kernel._eid), self.wake))
        if due > station.fail_at:
            station.arm()

    def wait(self, time: float) -> None:
        """Go on after some time, unless it is interrupted."""
        kernel = self.kernel
        self.due = due = kernel._now + time
        heappush(kernel._queue, (due, WORK, next(kernel._eid), self.wake))
        if due > self.station.fail_at:
            self.station.arm()

    def _prepare(self) -> None:
        self.phase, self.stage = PREPARING, 0
        self.station.preparing += 1
        self._go_on()

    def _go_on(self) -> None:
        """Through the stages that are left, as far as they let it."""
        station = self.station
        while self.stage < len(station.stages):
            time = station.stages[self.stage].enter(self)
            self.stage += 1
            if time == WAIT:
                self.phase, self.due = WAITING, NOT_DUE
                station.preparing -= 1
                station.show()
                return
            if time > 0:
                station.show()
                self.wait(time)
                return
        self._work()

    def admit(self) -> None:
        """The stage that let it wait can go on."""
        self.phase = PREPARING
        self.station.preparing += 1
        if self.station.closed:
            self.left = 0.0
        else:
            self._go_on()

    def _work(self) -> None:
        station, job = self.station, self.job
        station.preparing -= 1
        station.working += 1
        self.phase = WORKING
        if station.code != PRODUCING:
            station.show()
        self.wait(station.slow * (job.values.pop() if job.values else job.stream.refill()))

    def finish(self) -> None:
        """The time of the operation is over, unless it was interrupted meanwhile."""
        kernel = self.kernel
        if kernel._now != self.due:
            return
        if self.phase != WORKING:
            self._go_on()
            return
        station = self.station
        job = self.job
        station.parts += 1
        if station.watched:
            if station.general:
                self._conclude()
                return
            station.log.extend((kernel._now, job.good))
        # what offer and take of plain queues would do is done here, see Processor.linked
        taker: Any = station.next
        if station.places_out:
            level = len(station.queue_out)
            if level >= station.places_out:
                self._keep(job.out, station.successors)
                return
            if (level or not station.idlers) and not taker.closed:
                station.queue_out.append(job.out)
            elif not taker.offer(job.out):
                self._keep(job.out, station.successors)
                return
        elif not (taker.offer(job.out) if taker is not None else station.forward(job.out)):
            self._keep(job.out, station.successors)
            return
        giver: Any = station.feed
        if station.places_in:
            queue = station.queue_in
            if queue and not giver.closed:
                if len(queue) >= station.places_in and station.waiters:
                    kernel.soon.append(giver.pull)
                giver.parts += 1
                part: Load | None = queue.popleft()
            else:
                part = None
        else:
            part = giver.take(station) if giver is not None else station.ask()
        if part is not job.part:
            self._turn_to(part)
            return
        # the next part is like the last: the way of nearly all operations
        values = job.values
        self.due = due = kernel._now + station.slow * (values.pop() if values else job.stream.refill())
        heappush(kernel._queue, (due, WORK, next(kernel._eid), self.wake))
        if due > station.fail_at:
            station.arm()

    def _turn_to(self, part: Load | None) -> None:
        station = self.station
        self.due = NOT_DUE
        self.phase = IDLE
        station.working -= 1
        if part is not None:
            self.begin(part)
            return
        station.idle.append(self)
        if not station.working:
            station.show()

    def _conclude(self) -> None:
        station, job = self.station, self.job
        for stage in station.stages:
            stage.leave(self)
        if station.journal.operations:
            station.tell_operation(self.part, "ended")
        verdict, kind, takers = station.judge(job)
        if station.rule is not None:
            station.rule.note(verdict is job.scrap)
        out = None if kind is None else self.part.become(kind)
        if station.recording:
            station.log.extend((self.kernel._now, verdict))
        if out is None:
            if station.losses:
                station.lose(self.part)
            self._turn_to(station.ask())
        elif takers is None:
            self._again(out)
        elif station.offer_in_turn(out, takers):
            self._turn_to(station.ask())
        else:
            self._keep(out, takers)

    def _again(self, part: Load) -> None:
        self.station.working -= 1
        self.begin(part)

    def _keep(self, out: Load, takers: tuple[Station, ...]) -> None:
        station = self.station
        self.due, self.phase, self.out, self.takers = NOT_DUE, DONE, out, takers
        station.working -= 1
        station.blocked.append(self)
        if not station.working:
            station.show()

    def spoil(self) -> None:
        """The part is scrapped in the middle of its operation."""
        self.station.spoil(self.part, self.job)

    def release(self) -> Load:
        """Give the finished part away."""
        part, self.out = self.out, None
        assert part is not None  # noqa: S101 - only called on blocked slots
        self.phase = IDLE
        self.station.blocked.remove(self)
        self.station.idle.append(self)
        return part

    @property
    def waits(self) -> bool:
        """Whether a stage lets it wait, or its work was laid down."""
        return self.phase == WAITING

    def suspend(self) -> None:
        """Stop the clock of the operation."""
        if self.due >= 0:
            self.left = self.due - self.kernel._now
            self.due = NOT_DUE

    def resume(self) -> None:
        """Go on with the rest of the operation."""
        if self.phase in (PREPARING, WORKING) and self.due < 0:
            self.wait(self.left)

    def inside(self) -> Iterator[Load]:
        """The part in the slot, if any."""
        if self.phase == DONE and self.out is not None:
            yield self.out
        elif self.phase != IDLE:
            yield self.part


class Processor(Breakable):
    """A station with slots. Takes a part when a slot is idle; blocked after service.

    A part that no successor takes stays in its slot until a successor with room asks for it.
    """

    holds_on: ClassVar[int] = Station.holds_on | BREAK | OFF
    records_parts: ClassVar[bool] = True
    slot: ClassVar[type[Slot]] = Slot

    __slots__ = (
        "_part_series",
        "blocked",
        "drift",
        "idle",
        "jobs",
        "needs",
        "no_job",
        "preparing",
        "quality",
        "rule",
        "stages",
        "working",
    )

    def __init__(self, setting: Setting):
        super().__init__(setting)
        config: Any = setting.config
        self.jobs: dict[Part, Job] = {}
        self._part_series: dict[tuple[str, int], Series] = {}
        self.no_job = Job(Part(""), Part(""), self.stream("none", None), 0.0, self)
        self.working = self.preparing = 0
        self.queue_in = self.queue_out = NO_QUEUE
        self.places_in = self.places_out = 0
        self.idlers: Sequence[Any] = ()
        self.waiters: Sequence[Any] = ()
        self.blocked: list[Slot] = []
        self.slots = tuple(self.slot(self) for _ in range(getattr(config, "capacity", 1)))
        self.idle = list(reversed(self.slots))
        self.stages: tuple[Stage, ...] = ()
        self.add_setups(getattr(config, "setup", None))
        self.quality: Stream | None = None
        self.general = self.may_judge()
        if self.general:
            self.quality = self.stream("quality", None)
        self.watched = self.general or (self.recording and self.records_parts)
        self.needs: Needs | None = None
        self.drift: ScrapDrift | None = None
        self.rule: HoldRule | None = None
        self.add_stages()
        self.waiting = self.blocked
        self.add_failures(getattr(config, "failures", ()))
        equip(self, config)

    # --- building -------------------------------------------------------------------------------

    def add_setups(self, config: Any) -> None:
        """Add the setups of a configuration."""
        if config is not None:
            self.stages = (*self.stages, Setups(self, config, len(self.slots)))

    def add_stages(self) -> None:
        """Add what the operations of this kind need before they begin; see :meth:`go_general`."""

    def go_general(self) -> None:
        """End operations on the general path from now on: for lots, and stages that want to know the end."""
        self.general = self.watched = True

    def law(self, item: str) -> Distribution | None:
        """Times of the operation on an item; None when there is none."""
        config = self.setting.config
        assert isinstance(config, ProcessConfig)  # noqa: S101 - only kinds with such a configuration ask
        return config.cycles.get(item, config.cycle)

    def job_of(self, part: Load) -> Job:
        """What is done with a part."""
        if type(part) is not Part:
            self.go_general()
            self.tell_operation(part, "begun")
        kind = part.kind
        job = self.jobs.get(kind)
        return self._new_job(kind) if job is None else job

    def part_series(self, item: str, first_pass: int) -> Series:
        """The series of the operations on an item."""
        return self._part_series.setdefault((item, first_pass), Series())

    def _new_job(self, part: Part) -> Job:
        law = self.law(part.item)
        assert law is not None  # noqa: S101 - building refuses items without a cycle
        config = self.setting.config
        ideal_s = config.ideal_s(law) if isinstance(config, ProcessConfig) else None
        job = Job(part, self.made_of(part), self._stream_of(part, law), ideal_s or 0.0, self)
        self.jobs[part] = job
        return job

    def _stream_of(self, part: Part, law: Distribution) -> Stream:
        config: Any = self.setting.config
        own = part.item in getattr(config, "cycles", {})
        for job in self.jobs.values():
            if job.part.item == part.item or (not own and job.stream.purpose == "cycle"):
                return job.stream
        return self.stream(f"cycle:{part.item}" if own else "cycle", law)

    def made_of(self, part: Part) -> Part:
        """The part that leaves when ``part`` was worked on."""
        makes = getattr(self.setting.config, "makes", None)
        return part if makes is None else self.setting.parts(makes, part.reworks)

    def linked(self) -> None:
        """Find the plain queues on both sides.

        ``idlers`` is empty as long as nobody behind the queue out takes a part at once, ``waiters`` as long
        as nobody waits to put one into the queue in.
        """
        after, before = self.next, self.feed
        found = None if after is None else after.plain_queue()
        if after is not None and found is not None:
            self.queue_out, self.places_out = found
            self.idlers = _idle_places(after.next)
        found = None if before is None else before.plain_queue()
        if before is not None and found is not None and before.next is self:
            self.queue_in, self.places_in = found
            giver = before.feed
            self.waiters = (True,) if giver is None or giver.waiting is True else giver.waiting

    # --- neighbours -----------------------------------------------------------------------------

    def offer(self, part: Load) -> bool:
        if not self.idle or self.closed:
            return False
        self.idle.pop().begin(part)
        return True

    def peek(self, taker: Station) -> Load | None:
        slot = self._blocked_for(taker)
        return None if slot is None else slot.out

    def take(self, taker: Station) -> Load | None:
        if not self.blocked:
            return None
        slot = self._blocked_for(taker)
        if slot is None:
            return None
        self.kernel.soon.append(self.pull)
        return slot.release()

    def _blocked_for(self, taker: Station) -> Slot | None:
        if self.closed:
            return None
        for slot in self.blocked:
            if taker in slot.takers:
                return slot
        return None

    def pull(self) -> None:
        idle, giver = self.idle, self.feed
        while idle and not self.closed:
            part = giver.take(self) if giver is not None else self.ask()
            if part is None:
                break
            idle.pop().begin(part)
        if self.code != PRODUCING or not self.working:
            self.show()

    # --- state ----------------------------------------------------------------------------------

    def active(self) -> int:
        if self.working:
            return PRODUCING
        if self.preparing:
            return SETUP
        return BLOCKED if self.blocked else STARVED

    def show(self) -> None:
        if self.held or self.needs is not None:
            super().show()
        elif (code := self.active()) != self.code:
            self.enter(code)

    def varies(self, code: int) -> bool:
        return code in VARIED or (code == STARVED and self.needs is not None)

    def _cause(self, code: int) -> str | None:
        lack = self.needs.lacking() if self.needs is not None and code == STARVED else None
        return super()._cause(code) if lack is None else lack

    def suspend(self) -> None:
        if self.needs is not None:
            self.needs.suspend()
        for slot in self.slots:
            slot.suspend()

    def resume(self) -> None:
        if self.needs is not None:
            self.needs.resume()
        self.show()
        for slot in self.slots:
            slot.resume()
        for slot in tuple(self.blocked):
            if slot.out is not None and self.offer_in_turn(slot.out, slot.takers):
                slot.release()
        self.pull()

    # --- quality --------------------------------------------------------------------------------

    def spoil(self, part: Load, job: Job) -> None:
        """A part is scrapped in the middle of its operation."""
        self.parts += 1
        self.scrapped += 1
        if self.losses:
            self.lose(part)
        if self.recording:
            self.log.extend((self.kernel._now, job.scrap))

    def may_judge(self) -> bool:
        """Whether parts may be anything but good."""
        config: Any = self.setting.config
        return bool(getattr(config, "scrap", 0.0) or getattr(config, "scrap_drift", None))

    def scrap_share(self) -> float:
        """Share of operations that spoil the part now."""
        config: Any = self.setting.config
        share: float = config.scrap if self.drift is None else self.drift.share()
        return min(1.0, share * self.factor("scrap")) if self.influences else share

    def judge(self, job: Job) -> tuple[Event, Part | None, tuple[Station, ...] | None]:
        """Outcome of an operation.

        Returns:
            The event, the part that leaves (None: scrapped), and who may take it (None: once more here).
        """
        if self.quality is not None and self.quality.draw() < self.scrap_share():
            self.scrapped += 1
            return job.scrap, None, ()
        return job.good, job.out, self.successors

    def contents(self) -> list[Load]:
        return [part for slot in self.slots for part in slot.inside()]


def _idle_places(station: Station | None) -> Sequence[Any]:
    """Empty as long as a station certainly takes nothing."""
    if isinstance(station, Processor) and type(station).offer is Processor.offer:
        return station.idle
    return (True,)
