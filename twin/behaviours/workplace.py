"""A place of a unit where one part at a time is worked on, and what is done with each kind of part."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappush
from typing import Any, ClassVar, Protocol

from twin.behaviours.breakable import Breakable
from twin.engine.codes import BLOCKED, PRODUCING, STARVED
from twin.engine.events import Event, Series
from twin.engine.phase import DONE, IDLE, PREPARING, WAITING, WORKING
from twin.engine.station import WAIT, Load, Part, Station
from twin.engine.waits import Act, any_takes
from twin.records import RecordKind
from twin.streams import Stream

NOT_DUE = -1.0
LAID_DOWN = -1
"""Stage of a place whose operation was laid down."""


class Operation:
    """What a unit does with one kind of part.

    Args:
        part: The part that comes.
        out: The part that leaves when it is good.
        stream: Times of the operation.
        ideal_s: Planned run time per item (PRI); 0 where there is none.
        station: The unit.
    """

    __slots__ = ("good", "ideal_s", "out", "part", "rework", "scrap", "stream", "values")

    def __init__(self, part: Part, out: Part, stream: Stream, ideal_s: float, station: Workplace):
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

    def _event(self, station: Workplace, quantities: tuple[int, int, int]) -> Event:
        first_pass = int(self.part.reworks == 0)
        values = (self.out.item, *quantities, self.ideal_s, first_pass)
        return Event(station.setting.unit, RecordKind.PART, values, station.part_series(self.out.item, first_pass))


class Stage(Protocol):
    """Something that a place goes through before each operation, or after it: a setup, fetching an operator.

    A unit with stages ends its operations on the general path, so they cost units without them nothing. A stage that
    has nothing to do as long as the item stays the same says so with ``at_changes = True``: it then costs nothing
    between changes either, and does not hear of the end of operations.
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

    __slots__ = (
        "due",
        "kernel",
        "left",
        "operation",
        "out",
        "over",
        "part",
        "phase",
        "stage",
        "station",
        "takers",
        "wake",
    )

    def __init__(self, station: Workplace):
        self.station, self.kernel = station, station.kernel
        self.phase, self.due, self.left = IDLE, NOT_DUE, 0.0
        self.operation: Operation = station.no_operation
        self.part: Load = self.operation.part
        self.stage, self.over = 0, False
        self.out: Load | None = None
        self.takers: tuple[Station, ...] = ()
        self.wake = self.finish

    def begin(self, part: Load) -> None:
        """Work on a part from now on; the slot was idle."""
        station = self.station
        operation = self.operation
        self.part = part
        if part is not operation.part:
            operation = self.operation = station.operation_of(part)
        if station.stages:
            self._prepare()
            return
        self.phase = WORKING
        station.working += 1
        kernel, values = self.kernel, operation.values
        now = kernel._now
        if station.code != PRODUCING:
            station.produce(now)
        self.due = due = now + station.slow * (values.pop() if values else operation.stream.refill())
        heappush(kernel._queue, (due, next(kernel._eid), self.wake))
        if due > station.fail_at:
            station.arm()

    def wait(self, time: float) -> None:
        """Go on after some time, unless it is interrupted."""
        kernel = self.kernel
        self.due = due = kernel._now + time
        heappush(kernel._queue, (due, next(kernel._eid), self.wake))
        if due > self.station.fail_at:
            self.station.arm()

    def _prepare(self) -> None:
        self.phase, self.stage, self.over = PREPARING, 0, False
        self.station.preparing += 1
        self._go_on()

    def _go_on(self) -> None:
        """Through the stages that are left, as far as they let it."""
        station = self.station
        stages = station.exits if self.over else station.stages
        while self.stage < len(stages):
            time = stages[self.stage].enter(self)
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
        if self.over:
            self._leave()
        else:
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
        station, operation = self.station, self.operation
        station.preparing -= 1
        station.working += 1
        self.phase = WORKING
        if station.code != PRODUCING:
            station.show()
        self.wait(station.slow * (operation.values.pop() if operation.values else operation.stream.refill()))

    def end(self) -> None:
        """As :meth:`finish`, at a unit with stages: one of them may be over instead."""
        if self.kernel._now != self.due:
            return
        station = self.station
        if self.phase == WORKING:
            if not station.exits:
                self.finish()
                return
            self.phase, self.stage, self.over = PREPARING, 0, True
            station.working -= 1
            station.preparing += 1
        self._go_on()

    def _leave(self) -> None:
        station = self.station
        station.preparing -= 1
        station.working += 1
        station.parts += 1
        self.phase = WORKING
        self._conclude()

    def finish(self) -> None:
        """The time of the operation is over, unless it was interrupted meanwhile."""
        kernel = self.kernel
        now = kernel._now
        if now != self.due:
            return
        station, operation = self.station, self.operation
        station.parts += 1
        if station.watched:
            if station.general:
                self._conclude()
                return
            station.note_done(now, operation.good)
        # what offer and take of plain queues would do is done here, see Processor.look_around
        places = station.places_out
        if places:
            queue = station.queue_out
            if queue or not station.idlers:
                if len(queue) >= places:
                    self._keep(operation.out, station.successors)
                    return
                queue.append(operation.out)
            elif station.beyond is not None and not station.beyond.closed:
                taker: Any = station.next
                taker.parts += 1
                station.beyond.idle.pop().begin(operation.out)
            elif not station.forward(operation.out):
                self._keep(operation.out, station.successors)
                return
        elif not (station.forward(operation.out) if station.next is None else station.next.offer(operation.out)):
            self._keep(operation.out, station.successors)
            return
        places = station.places_in
        if places:
            queue = station.queue_in
            if not queue:
                self._turn_to(None)
                return
            giver: Any = station.feed
            if station.waiters and len(queue) >= places:
                kernel.soon.append(giver.pull if station.behind is None else station.behind.hand_on)
            giver.parts += 1
            part: Load | None = queue.popleft()
        else:
            part = station.fetch()
        if part is not operation.part:
            self._turn_to(part)
            return
        # the next part is like the last: the way of nearly all operations
        values = operation.values
        self.due = due = now + station.slow * (values.pop() if values else operation.stream.refill())
        heappush(kernel._queue, (due, next(kernel._eid), self.wake))
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
            if station.simple and not station.held:
                station.rest(BLOCKED if station.blocked else STARVED, self.kernel._now)
            else:
                station.show()

    def _conclude(self) -> None:
        station, operation = self.station, self.operation
        for stage in station.stages:
            stage.leave(self)
        if station.journal.operations:
            station.tell_operation(self.part, "ended")
        verdict, kind, takers = station.judge(operation)
        if station.rule is not None:
            station.rule.note(verdict is operation.scrap)
        out = None if kind is None else self.part.become(kind)
        if station.recording:
            station.note_done(self.kernel._now, verdict)
        if out is None:
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
            if station.simple and not station.held:
                station.rest(BLOCKED, self.kernel._now)
            else:
                station.show()

    def spoil(self) -> None:
        """The part is scrapped in the middle of its operation."""
        self.station.spoil(self.part, self.operation)

    def lay_down(self) -> bool:
        """Stop the work until :meth:`take_up`; False when it was waiting before."""
        if self.phase not in (PREPARING, WORKING):
            return False
        station = self.station
        self.suspend()
        if self.phase == WORKING:
            station.working -= 1
            self.stage = LAID_DOWN
        else:
            station.preparing -= 1
        self.phase = WAITING
        station.show()
        return True

    def take_up(self) -> None:
        """Go on with work that was laid down."""
        station = self.station
        if self.stage == LAID_DOWN:
            self.phase, self.stage = WORKING, len(station.stages)
            station.working += 1
        else:
            self.phase = PREPARING
            station.preparing += 1
        station.show()
        if not station.closed:
            self.wait(self.left)

    def pass_on(self, good: bool) -> None:
        """The work on the part, which a stage let wait, is over elsewhere: it leaves or is lost, without a row."""
        station, part = self.station, self.part
        station.working += 1
        station.parts += 1
        self.phase = WORKING
        if not good:
            station.scrapped += 1
            station.lose(part)
            self._turn_to(station.ask())
        elif station.forward(out := part.become(self.operation.out)):
            self._turn_to(station.ask())
        else:
            self._keep(out, station.successors)

    def undo(self, scrap: bool) -> None:
        """Of work that was stopped, begin the operation anew, or spoil its part."""
        station = self.station
        laid_down = self.phase == WAITING and self.stage == LAID_DOWN
        if self.phase != WORKING and not laid_down:
            return
        if not scrap:
            self.left = station.slow * self.operation.stream.draw()
            return
        if station.needs is not None:
            station.needs.of(self).drop()
        station.working -= not laid_down
        self.spoil()
        self.phase = IDLE
        station.idle.append(self)
        if not station.closed:
            station.kernel.soon.append(station.pull)

    def release(self) -> Load:
        """Give the finished part away."""
        part, self.out = self.out, None
        assert part is not None  # noqa: S101 - only called on blocked slots
        self.phase = IDLE
        self.station.blocked.remove(self)
        self.station.idle.append(self)
        return part

    def before_leaving(self) -> tuple[Act, ...]:
        """Acts of which one lets a part out of it, which is done."""
        return () if self.out is None else any_takes(self.takers, (self.out.item,))

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


class Served(Protocol):
    """People and tools that are in a place."""

    def drop(self) -> None:
        """The part is gone: nothing has to be asked for again."""


class Serves(Protocol):
    """What the operations of a unit need, by place; see :class:`twin.behaviours.needs.Needs`."""

    def of(self, slot: Slot) -> Served:
        """The resources of a place."""


class Grows(Protocol):
    """Scrap that grows; see :class:`twin.behaviours.quality.ScrapDrift`."""

    def share(self) -> float:
        """Share of scrap now."""


class Drives(Protocol):
    """A machine outside that drives a unit; see :class:`twin.behaviours.drive.Drive`."""

    waiting: deque[Slot]
    """Places whose part it works on."""

    @property
    def ahead(self) -> int:
        """By how many parts it is ahead of the unit."""

    def count(self, good: int, scrap: int) -> None:
        """The machine has made so many parts."""

    def end(self) -> None:
        """It no longer drives the unit."""


class Judges(Protocol):
    """Hears how operations came out; see :class:`twin.behaviours.quality.HoldRule`."""

    def note(self, scrapped: bool) -> None:
        """One more part was judged."""


class Workplace(Breakable):
    """A unit as its places see it; :class:`twin.behaviours.processor.Processor` is what all of them are."""

    __slots__ = (
        "_part_series",
        "blocked",
        "drift",
        "drive",
        "driven",
        "exits",
        "idle",
        "needs",
        "no_operation",
        "operations",
        "preparing",
        "quality",
        "rule",
        "stages",
        "working",
    )

    beyond: Workplace | None
    """The unit behind the plain queue out, when it takes as all do."""
    behind: Workplace | None
    """The unit before the plain queue in, when it gives as all do."""
    drivable: ClassVar[bool] = False
    """Whether a machine outside may drive it, see :mod:`twin.behaviours.drive`."""
    blocked: list[Slot]
    drift: Grows | None
    drive: Drives | None
    """The machine outside that drives it now."""
    exits: tuple[Stage, ...]
    general: bool
    """Whether operations end on the general path."""
    idle: list[Slot]
    idlers: Sequence[Any]
    needs: Serves | None
    no_operation: Operation
    places_in: int
    places_out: int
    preparing: int
    queue_in: deque[Load]
    queue_out: deque[Load]
    rule: Judges | None
    simple: bool
    """Whether nothing but its places decides on its state."""
    single: bool
    """Whether it is simple and has one place."""
    slots: tuple[Slot, ...]
    stages: tuple[Stage, ...]
    waiters: Sequence[Any]
    watched: bool
    """Whether anybody hears of the end of an operation."""
    working: int

    @abstractmethod
    def operation_of(self, part: Load) -> Operation:
        """What is done with a part."""

    @abstractmethod
    def part_series(self, item: str, first_pass: int) -> Series:
        """The series of the operations on an item."""

    @abstractmethod
    def go_general(self) -> None:
        """End operations on the general path from now on."""

    @abstractmethod
    def fetch(self) -> Load | None:
        """The next part from upstream, if there is one."""

    @abstractmethod
    def hand_on(self) -> None:
        """The plain queue behind, which was full, has room."""

    @abstractmethod
    def judge(self, operation: Operation) -> tuple[Event, Part | None, tuple[Station, ...] | None]:
        """The event of an operation, the part that leaves (None: scrapped), and who may take it (None: again here)."""

    @abstractmethod
    def spoil(self, part: Load, operation: Operation) -> None:
        """A part is scrapped in the middle of its operation."""
