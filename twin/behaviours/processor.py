"""Stations that work on parts for some time: the common machine of machine, assembly, inspection and source."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from twin.behaviours.equipping import equip
from twin.behaviours.needs import Needs
from twin.behaviours.quality import HoldRule, ScrapDrift
from twin.behaviours.setup import Setups
from twin.behaviours.workplace import Operation, Slot, Stage, Workplace
from twin.config.plant import ProcessConfig
from twin.distributions import Distribution
from twin.engine.codes import BLOCKED, BREAK, OFF, PRODUCING, SETUP, STARVED, VARIED
from twin.engine.events import Event, Series
from twin.engine.phase import IDLE
from twin.engine.station import Load, Part, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives
from twin.equipment import EquipmentPath
from twin.streams import Stream

NO_QUEUE: deque[Load] = deque(maxlen=0)
"""Stands for a queue that there is no short way to."""


class Processor(Workplace):
    """A station with slots. Takes a part when a slot is idle; blocked after service.

    A part that no successor takes stays in its slot until a successor with room asks for it.
    """

    holds_on: ClassVar[int] = Station.holds_on | BREAK | OFF
    records_parts: ClassVar[bool] = True
    slot: ClassVar[type[Slot]] = Slot

    __slots__ = ()

    beyond: Processor | None
    behind: Processor | None
    needs: Needs | None
    rule: HoldRule | None

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        self.drive, self.driven = None, False
        config: Any = setting.config
        self.operations: dict[Part, Operation] = {}
        self._part_series: dict[tuple[str, int], Series] = {}
        self.no_operation = Operation(Part(""), Part(""), self.stream("none", None), 0.0, self)
        self.working = self.preparing = 0
        self.queue_in = self.queue_out = NO_QUEUE
        self.places_in = self.places_out = 0
        self.idlers: Sequence[Any] = ()
        self.waiters: Sequence[Any] = ()
        self.beyond = self.behind = None
        self.simple = self.single = False
        self.blocked: list[Slot] = []
        self.slots = tuple(self.slot(self) for _ in range(getattr(config, "capacity", 1)))
        self.idle = list(reversed(self.slots))
        self.stages: tuple[Stage, ...] = ()
        self.exits: tuple[Stage, ...] = ()
        self.add_setups(getattr(config, "setup", None))
        self.quality: Stream | None = None
        self.general = self.may_judge()
        if self.general:
            self.quality = self.stream("quality", None)
        self.watched = self.general or (self.recording and self.records_parts)
        self.needs = None
        self.drift: ScrapDrift | None = None
        self.rule = None
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
        """Add what the operations of this kind need before they begin: to ``stages``, or to ``exits`` for after."""

    def go_general(self) -> None:
        """End operations on the general path from now on: for lots, and stages that want to know the end."""
        self.general = self.watched = True

    def law(self, item: str) -> Distribution | None:
        """Times of the operation on an item; None when there is none."""
        config: ProcessConfig = self.setting.config
        return config.cycles.get(item, config.cycle)

    def operation_of(self, part: Load) -> Operation:
        """What is done with a part."""
        if type(part) is not Part:
            self.go_general()
            self.tell_operation(part, "begun")
        kind = part.kind
        operation = self.operations.get(kind)
        return self._new_operation(kind) if operation is None else operation

    def part_series(self, item: str, first_pass: int) -> Series:
        """The series of the operations on an item."""
        return self._part_series.setdefault((item, first_pass), Series())

    def _new_operation(self, part: Part) -> Operation:
        law = self.law(part.item)
        assert law is not None  # noqa: S101 - building refuses items without a cycle
        config = self.setting.config
        ideal_s = config.ideal_s(law) if isinstance(config, ProcessConfig) else None
        operation = Operation(part, self.made_of(part), self._stream_of(part, law), ideal_s or 0.0, self)
        self.operations[part] = operation
        return operation

    def _stream_of(self, part: Part, law: Distribution) -> Stream:
        config: Any = self.setting.config
        own = part.item in getattr(config, "cycles", {})
        for operation in self.operations.values():
            if operation.part.item == part.item or (not own and operation.stream.purpose == "cycle"):
                return operation.stream
        return self.stream(f"cycle:{part.item}" if own else "cycle", law)

    def made_of(self, part: Part) -> Part:
        """The part that leaves when ``part`` was worked on."""
        makes = getattr(self.setting.config, "makes", None)
        return part if makes is None else self.setting.parts(makes, part.reworks)

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:  # noqa: ARG002 - only places of what it keeps
        for unit in () if self.needs is None else self.needs.connect(stations):
            if isinstance(unit, Processor) and unit.needs is None:
                unit.needs = Needs(unit, (), 0.0)

    def on_linked(self) -> None:
        if not all(getattr(stage, "at_changes", False) for stage in (*self.stages, *self.exits)):
            self.go_general()
        self.look_around()
        own, staged = type(self), bool(self.stages or self.exits)
        self.simple = own.active is Processor.active and own.show is Processor.show and not staged and self.slot is Slot
        self.single = self.simple and len(self.slots) == 1
        for slot in self.slots if staged else ():
            slot.wake = slot.end

    def look_around(self) -> None:
        """Find the plain queues on both sides.

        ``idlers`` is empty as long as nobody behind the queue out takes a part at once, ``waiters`` as long
        as nobody waits to put one into the queue in. ``beyond`` and ``behind`` are the units there, when they take
        and give as this class does.
        """
        after, before = self.next, self.feed
        self.places_in = self.places_out = 0
        found = None if after is None else after.plain_queue()
        if after is not None and found is not None:
            self.queue_out, self.places_out = found
            self.beyond = _usual(after.next, "offer")
            self.idlers = (True,) if self.beyond is None else self.beyond.idle
        found = None if before is None else before.plain_queue()
        if before is not None and found is not None and before.next is self:
            self.queue_in, self.places_in = found
            giver = before.feed
            self.behind = _usual(giver, "take")
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

    def hand_on(self) -> None:
        """The plain queue behind, which was full, has room: as its ``pull`` and then that of this unit."""
        blocked, queue = self.blocked, self.queue_out
        usual = queue and len(queue) == self.places_out - 1 and self.single and blocked and not self.closed
        if not usual or self.kernel.soon or blocked[0].takers is not self.successors:
            after: Any = self.next
            after.pull()
            return
        slot = blocked.pop()
        out: Any = slot.out
        slot.out = None
        queue.append(out)
        part = self.fetch()
        if part is not None:
            slot.begin(part)
        else:
            slot.phase = IDLE
            self.idle.append(slot)
            self.show()

    def fetch(self) -> Load | None:
        """The next part from upstream, if there is one."""
        giver: Any = self.feed
        if not self.places_in:
            part: Load | None = giver.take(self) if giver is not None else self.ask()
            return part
        queue = self.queue_in
        if not queue:
            return None
        if self.waiters and len(queue) >= self.places_in:
            self.kernel.soon.append(giver.pull if self.behind is None else self.behind.hand_on)
        giver.parts += 1
        return queue.popleft()

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
        if self.blocked or (self.exits and any(slot.over and slot.waits for slot in self.slots)):
            return BLOCKED
        return PRODUCING if self.drive is not None and self.drive.waiting else STARVED

    def resolve(self) -> int:
        return super().resolve() if self.drive is None else self.active()

    def _set_held(self, held: int) -> None:
        if self.drive is None:
            super()._set_held(held)
        else:
            self.held = held
            self.show()

    def show(self) -> None:
        if self.held or self.needs is not None:
            super().show()
        elif (code := self.active()) != self.code:
            self.enter(code)

    def varies(self, code: int) -> bool:
        return code in VARIED or (code == STARVED and self.needs is not None) or (code == BLOCKED and bool(self.exits))

    def _cause(self, code: int) -> str | None:
        lack, needs = None, self.needs
        if needs is not None and (code == STARVED or (code == BLOCKED and not self.blocked)):
            lack = needs.lacking(code == BLOCKED)
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

    def spoil(self, part: Load, operation: Operation) -> None:
        """A part is scrapped in the middle of its operation."""
        self.parts += 1
        self.scrapped += 1
        self.lose(part)
        if self.recording:
            self.note_done(self.kernel._now, operation.scrap)

    def may_judge(self) -> bool:
        """Whether parts may be anything but good."""
        config: Any = self.setting.config
        return bool(getattr(config, "scrap", 0.0) or getattr(config, "scrap_drift", None))

    def scrap_share(self) -> float:
        """Share of operations that spoil the part now."""
        config: Any = self.setting.config
        share: float = config.scrap if self.drift is None else self.drift.share()
        return min(1.0, share * self.factor("scrap")) if self.influences else share

    def judge(self, operation: Operation) -> tuple[Event, Part | None, tuple[Station, ...] | None]:
        """Outcome of an operation.

        Returns:
            The event, the part that leaves (None: scrapped), and who may take it (None: once more here).
        """
        if self.quality is not None and self.quality.draw() < self.scrap_share():
            self.scrapped += 1
            return operation.scrap, None, ()
        return operation.good, operation.out, self.successors

    def before_giving(self) -> Waits:
        if len(self.blocked) + len(self.idle) < len(self.slots):
            return FREE
        leaving = tuple(act for slot in self.blocked for act in slot.before_leaving())
        if not self.idle:
            return (leaving,)
        coming = self.before_beginning()
        return tuple((*leaving, *group) for group in coming)

    def before_beginning(self) -> Waits:
        """What others must do before it can begin an operation in an idle slot."""
        return (any_gives(self.predecessors),)

    def before_taking(self, item: str) -> Waits:  # noqa: ARG002 - any slot works on any
        return FREE if len(self.blocked) < len(self.slots) else ((Act(self, None),),)

    def contents(self) -> list[Load]:
        return [part for slot in self.slots for part in slot.inside()]


def _usual(station: Station | None, method: str) -> Processor | None:
    """A station that offers or takes as :class:`Processor` does."""
    if isinstance(station, Processor) and getattr(type(station), method) is getattr(Processor, method):
        return station
    return None
