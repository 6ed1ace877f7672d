"""Operations that take or give several parts: batch machine, disassembly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from twin.behaviours.processor import Processor
from twin.behaviours.workplace import NOT_DUE, Operation, Slot
from twin.engine.phase import DONE, IDLE
from twin.engine.station import Load, Station
from twin.engine.waits import Act, any_takes


class GroupSlot(Slot):
    """A place whose operation is on several parts at once, or gives several.

    They leave one by one as others take them; the place is free when all have left.
    """

    __slots__ = ("group", "outs")

    def __init__(self, station: Processor):
        super().__init__(station)
        self.group: list[Load] = []
        self.outs: list[Load] = []

    def begin(self, part: Load) -> None:
        self.load([part])

    def load(self, group: list[Load]) -> None:
        """Begin an operation on some parts; the first says what is to be done."""
        self.group = group
        super().begin(group[0])

    def _conclude(self) -> None:
        station = self.station
        assert isinstance(station, GroupProcessor)  # noqa: S101 - only these have such places
        for stage in station.stages:
            stage.leave(self)
        station.parts += len(self.group) - 1
        station.working -= 1
        self.due = NOT_DUE
        self.outs = [out for part in self.group for out in station.results(station.operation_of(part), part)]
        self.group = []
        station.blocked.append(self)
        self.phase, self.takers = DONE, station.successors
        self.give()
        self.kernel.soon.append(station.pull)
        station.show()

    def spoil(self) -> None:
        station = self.station
        for part in self.group:
            station.spoil(part, station.operation_of(part))
        self.group = []

    def give(self) -> None:
        """Offer what has not left."""
        self.outs = [out for out in self.outs if not self.station.forward(out)]
        self._settle()

    def _settle(self) -> None:
        self.out = self.outs[0] if self.outs else None
        if self.out is None:
            self.phase = IDLE
            self.station.blocked.remove(self)
            self.station.idle.append(self)

    def hand(self, part: Load) -> None:
        """One of them has been taken."""
        del self.outs[next(i for i, out in enumerate(self.outs) if out is part)]
        self._settle()

    def before_leaving(self) -> tuple[Act, ...]:
        return any_takes(self.takers, dict.fromkeys(out.item for out in self.outs))

    def inside(self) -> Iterator[Load]:
        return iter(self.outs if self.phase == DONE else self.group)


class GroupProcessor(Processor):
    """A station with such places. It ends operations on the general path."""

    slot: ClassVar[type[Slot]] = GroupSlot
    __slots__ = ()

    def may_judge(self) -> bool:
        return True

    def results(self, operation: Operation, part: Load) -> list[Load]:
        """What leaves of a part after its operation, which is logged."""
        verdict, kind, _ = self.judge(operation)
        if self.recording:
            self.note_done(self.kernel._now, verdict)
        if kind is None:
            self.lose(part)
        return [] if kind is None else [part.become(kind)]

    def _found(self, taker: Station) -> tuple[GroupSlot, Load] | None:
        if self.closed or taker not in self.successors:
            return None
        for slot in self.blocked:
            assert isinstance(slot, GroupSlot)  # noqa: S101 - all are
            for out in slot.outs:
                if taker.admits(out):
                    return slot, out
        return None

    def peek(self, taker: Station) -> Load | None:
        found = self._found(taker)
        return None if found is None else found[1]

    def take(self, taker: Station) -> Load | None:
        found = self._found(taker)
        if found is None:
            return None
        slot, part = found
        slot.hand(part)
        self.kernel.soon.append(self.pull)
        return part

    def resume(self) -> None:
        if self.needs is not None:
            self.needs.resume()
        self.show()
        for slot in self.slots:
            slot.resume()
        for slot in tuple(self.blocked):
            assert isinstance(slot, GroupSlot)  # noqa: S101 - all are
            slot.give()
        self.pull()
