"""Stores that do not simply give their oldest part: they choose by taker, order or room."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

from twin.behaviours.shelf import Storing
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives, any_takes

Rank = tuple[float, ...]
Entries = list[tuple[Rank, int]]
"""Rank and number of parts."""


class ChoosingBuffer(Storing):
    """A buffer whose next part depends on who takes it; takes the oldest that the taker admits.

    Slower than the plain buffer, which is why that is a class of its own. Room may be limited by
    number, by volume and by item.

    Parts of one item are taken or refused alike, so a look asks for one of each item only: the first of
    its heap. These are kept in order, so a look costs as much as there are items refused, and nothing where the
    taker says which it wants. A part keeps the number of its arrival.
    """

    local = True
    __slots__ = ("arrived", "heads", "heaps", "here", "limits", "room", "used", "volumes")

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config: Any = setting.config
        self.volumes = setting.volumes
        self.room: float | None = getattr(config, "volume", None)
        self.limits: dict[str, int] = getattr(config, "places", {})
        self.used, self.arrived = 0.0, 0
        self.here: OrderedDict[int, Load] = OrderedDict()
        self.heaps: dict[str, Entries] = {}
        self.heads: Entries = []
        for part in self.queue:
            self._store(part)
        self.queue.clear()

    # --- what is given and taken ----------------------------------------------------------------

    def rank(self, part: Load, number: int) -> Rank:  # noqa: ARG002 - the oldest first
        """Place of a part among those of all items: the lowest goes first."""
        return (number,)

    def _store(self, part: Load) -> None:
        number = self.arrived
        self.arrived = number + 1
        self.here[number] = part
        heap, entry = self.heaps.setdefault(part.item, []), (self.rank(part, number), number)
        if not heap or entry < heap[0]:
            self._lead(heap, [entry])
        heappush(heap, entry)
        self.used += self.volumes.get(part.item, 0.0)

    def _lead(self, last: Entries, now: Entries) -> None:
        """Another part is the first of its item: of its entries before and from now on only the first counts."""
        if last:
            del self.heads[bisect_left(self.heads, last[0])]
        if now:
            insort(self.heads, now[0])

    def candidates(self) -> Iterable[int]:
        """Numbers of the first part of each item, those to give first in front."""
        return (number for _, number in self.heads)

    def among(self, taker: Station) -> Iterable[int]:
        """Those of them that may be of use to a unit."""
        wanted = taker.items_wanted()
        if wanted is None or len(wanted) >= len(self.heads):
            return self.candidates()
        heaps = self.heaps
        return (number for _, number in sorted(heaps[item][0] for item in wanted if item in heaps))

    def _choose(self, taker: Station) -> int | None:
        if self.closed:
            return None
        for number in self.among(taker):
            if taker.admits(self.here[number]):
                return number
        return None

    def _remove(self, number: int) -> Load:
        part = self.here.pop(number)
        heap = self.heaps[part.item]
        last = heappop(heap)
        self._lead([last], heap)
        if not heap:
            del self.heaps[part.item]
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
        if self.closed or len(self.here) >= self.places:
            return False
        if self.room is not None and self.used + self.volumes.get(part.item, 0.0) > self.room + 1e-9:
            return False
        limit = self.limits.get(part.item)
        return limit is None or len(self.heaps.get(part.item, ())) < limit

    def before_giving(self) -> Waits:
        items = dict.fromkeys(self.here[number].item for number in self.candidates())
        coming = any_gives(self.predecessors) if len(self.here) < self.places else ()
        return ((*any_takes(self.successors, items), *coming),)

    def before_taking(self, item: str) -> Waits:
        limit = self.limits.get(item, self.places)
        room = self.room is None or self.used + self.volumes.get(item, 0.0) <= self.room + 1e-9
        free = room and len(self.here) < self.places and len(self.heaps.get(item, ())) < limit
        return FREE if free else ((Act(self, None),),)

    def contents(self) -> list[Load]:
        return list(self.here.values())

    @property
    def level(self) -> int:
        return len(self.here)

    # --- neighbours -----------------------------------------------------------------------------

    def offer(self, part: Load) -> bool:
        if not self.admits(part):
            return False
        self.put(part)
        self.push()
        return True

    def put(self, part: Load) -> None:
        self._store(part)
        if self.recording:
            self.record(part.item, part.size)
        if self.hearer is not None:
            self.hearer.arrived()

    def peek(self, taker: Station) -> Load | None:
        number = self._choose(taker)
        return None if number is None else self.here[number]

    def take(self, taker: Station) -> Load | None:
        number = self._choose(taker)
        if number is None:
            return None
        part = self._remove(number)
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
            taker = takers[(self.turn_out + step) % len(takers)]
            number = self._choose(taker)
            if number is not None and taker.offer(self.here[number]):
                self._remove(number)
                self.turn_out = (self.turn_out + step + 1) % len(takers)
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

    def rank(self, part: Load, number: int) -> Rank:  # noqa: ARG002 - the newest first
        return (-number,)


class MostUrgentFirst(ChoosingBuffer):
    """Lots of the lowest priority number first, then items in the order of a list, then the oldest."""

    local = True
    __slots__ = ("ranks",)

    def __init__(self, setting: Setting[Any]):
        config: Any = setting.config
        self.ranks = {item: rank for rank, item in enumerate(config.priority)}
        super().__init__(setting)

    def rank(self, part: Load, number: int) -> Rank:
        return getattr(part, "priority", 0.0), self.ranks.get(part.item, len(self.ranks)), number


class InSequence(ChoosingBuffer):
    """Gives items in a sequence: one that repeats, or as they are called off; the others wait."""

    local = True
    __slots__ = ("calls", "position", "sequence")

    def __init__(self, setting: Setting[Any]):
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

    def _next(self) -> str | None:
        if self.sequence:
            return self.sequence[self.position % len(self.sequence)]
        return self.calls[0] if self.calls else None

    def before_giving(self) -> Waits:
        (acts,) = super().before_giving()  # full without the next of its sequence it waits for itself
        return (acts or (Act(self, None),),) if self.sequence else FREE

    def candidates(self) -> Iterable[int]:
        heap = self.heaps.get(self._next() or "")
        return [] if heap is None else [heap[0][1]]

    def among(self, taker: Station) -> Iterable[int]:  # noqa: ARG002 - the sequence says which
        return self.candidates()

    def given(self, part: Load) -> None:
        if self.sequence:
            self.position += 1
        else:
            del self.calls[0]
        super().given(part)
