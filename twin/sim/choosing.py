"""Stores that do not simply give their oldest part: they choose by taker, order or room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twin.sim.station import Load, Setting, Station
from twin.stations.buffer import Buffer


class ChoosingBuffer(Buffer):
    """A buffer whose next part depends on who takes it; takes the oldest that the taker admits.

    Slower than the plain buffer, which is why that is a class of its own. Room may be limited by
    number, by volume and by item.
    """

    local = True
    __slots__ = ("limits", "room", "used", "volumes")

    def __init__(self, setting: Setting):
        super().__init__(setting)
        config: Any = setting.config
        self.volumes = setting.volumes
        self.room: float | None = getattr(config, "volume", None)
        self.limits: dict[str, int] = getattr(config, "places", {})
        self.used = sum(self.volumes.get(part.item, 0.0) for part in self.queue)

    # --- what is given and taken ----------------------------------------------------------------

    def candidates(self) -> Iterable[int]:
        """Positions in the queue, those to give first in front."""
        return range(len(self.queue))

    def _choose(self, taker: Station) -> int | None:
        if self.closed:
            return None
        for index in self.candidates():
            if taker.admits(self.queue[index]):
                return index
        return None

    def _remove(self, index: int) -> Load:
        part = self.queue[index]
        del self.queue[index]
        self.used -= self.volumes.get(part.item, 0.0)
        self.parts += 1
        if self.recording:
            self.record(part.item, -part.size)
        self.given(part)
        return part

    def given(self, part: Load) -> None:
        """A part has left."""
        if self.loops:
            self.leave_loops(part)

    def admits(self, part: Load) -> bool:
        if self.closed or len(self.queue) >= self.places:
            return False
        if self.room is not None and self.used + self.volumes.get(part.item, 0.0) > self.room + 1e-9:
            return False
        limit = self.limits.get(part.item)
        return limit is None or sum(held.item == part.item for held in self.queue) < limit

    # --- neighbours -----------------------------------------------------------------------------

    def offer(self, part: Load) -> bool:
        if not self.admits(part):
            return False
        self.put(part)
        self.push()
        return True

    def put(self, part: Load) -> None:
        super().put(part)
        self.used += self.volumes.get(part.item, 0.0)

    def peek(self, taker: Station) -> Load | None:
        index = self._choose(taker)
        return None if index is None else self.queue[index]

    def take(self, taker: Station) -> Load | None:
        index = self._choose(taker)
        if index is None:
            return None
        part = self._remove(index)
        self.kernel.soon.append(self.pull)
        self.kernel.soon.append(self.push)
        return part

    def push(self) -> None:
        given = False
        while self._push_one():
            given = True
        if given:
            self.kernel.soon.append(self.pull)

    def _push_one(self) -> bool:
        takers = self.successors
        for step in range(len(takers)):
            number = (self.turn_out + step) % len(takers)
            index = self._choose(takers[number])
            if index is not None and takers[number].offer(self.queue[index]):
                self._remove(index)
                self.turn_out = (number + 1) % len(takers)
                return True
        return False

    def pull(self) -> None:
        while (part := self.ask_admitted()) is not None:
            self.put(part)
            self.push()


class LastFirst(ChoosingBuffer):
    """Last in, first out."""

    local = True
    __slots__ = ()

    def candidates(self) -> Iterable[int]:
        return range(len(self.queue) - 1, -1, -1)


class MostUrgentFirst(ChoosingBuffer):
    """Lots of the lowest priority number first, then items in the order of a list, then the oldest."""

    local = True
    __slots__ = ("ranks",)

    def __init__(self, setting: Setting):
        super().__init__(setting)
        config: Any = setting.config
        self.ranks = {item: rank for rank, item in enumerate(config.priority)}

    def _rank(self, index: int) -> tuple[float, int]:
        part = self.queue[index]
        return getattr(part, "priority", 0.0), self.ranks.get(part.item, len(self.ranks))

    def candidates(self) -> Iterable[int]:
        return sorted(range(len(self.queue)), key=self._rank)


class InSequence(ChoosingBuffer):
    """Gives items in a sequence: one that repeats, or as they are called off; the others wait."""

    local = True
    __slots__ = ("calls", "position", "sequence")

    def __init__(self, setting: Setting):
        super().__init__(setting)
        config: Any = setting.config
        self.sequence: tuple[str, ...] = config.sequence
        self.position = 0
        self.calls: list[str] = []

    def call(self, item: str) -> None:
        """An item is called off: it goes out after those called before."""
        self.calls.append(item)
        self.kernel.soon.append(self.push)
        self.kernel.soon.append(self.tell)

    def tell(self) -> None:
        """A call may be for what a successor waits for."""
        for taker in self.successors:
            taker.pull()

    def _wanted(self) -> str | None:
        if self.sequence:
            return self.sequence[self.position % len(self.sequence)]
        return self.calls[0] if self.calls else None

    def candidates(self) -> Iterable[int]:
        wanted = self._wanted()
        return [next(i for i, part in enumerate(self.queue) if part.item == wanted)] if self._has(wanted) else []

    def _has(self, item: str | None) -> bool:
        return any(part.item == item for part in self.queue)

    def given(self, part: Load) -> None:
        if self.sequence:
            self.position += 1
        else:
            del self.calls[0]
        super().given(part)
