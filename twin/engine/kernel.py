"""The event queue: a SimPy environment that also takes plain bound methods.

A hot entry costs what ``heapq`` costs; SimPy events and processes still work, in the same order of
time, priority and number.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import chain, count, repeat
from typing import Any, NoReturn, Protocol

from simpy.core import EmptySchedule, Environment, StopSimulation
from simpy.events import NORMAL, URGENT, Event

from twin.errors import FactoryError, Problem, StandstillError

Action = Callable[[], object]
Entry = tuple[float, int, Any]
"""Time, rank, action."""

COMMAND, CALENDAR, WORK = -1, URGENT, NORMAL
"""Order at the same instant: commands, shift boundaries, then work. The end of a run comes before all."""
URGENCY = 56
"""Bits of the number in a rank."""
_HALT = -2 - WORK << URGENCY
CHUNK = 20_000
"""Entries that are processed in turn before it is seen whether those of islands can be taken one after another."""
BETWEEN = 500
"""The same after a stretch where they could."""
WORTH = 4
"""Expected entries of a stretch, as a multiple of those pending, from which on to sort them by island pays."""
STILL = 1_000_000
"""Events at one instant, or nearly so, from which on time is taken to stand still for ever."""
HARDLY_S = 1.0
"""How far it may go on meanwhile and be taken to stand still all the same, in s: no plant does so much in it."""
_TURNS = range(STILL)
SAMPLE = 2_000
"""Events from which it is read who keeps time from going on."""


def standstill(where: str, since_s: float, now_s: float, what: str = "events") -> StandstillError:
    """What is said when time does not go on.

    Args:
        where: Place.
        since_s: Simulated time from which on so much happened.
        now_s: Simulated time.
        what: Of what there was too much.
    """
    apart = now_s - since_s > HARDLY_S * 1e-6
    got = f"more than {STILL:,} {what} at simulated second {now_s:g}"
    if apart:
        got = f"more than {STILL:,} {what} from simulated second {since_s:g} to {now_s:g}"
    hint = "something repeats itself without taking time: give it a cycle, a time or an interval above 0 s"
    return StandstillError([Problem(where, "time that goes on", got, hint)])


class Division(Protocol):
    """How pending entries fall apart into those that cannot feel each other; see :mod:`twin.plant.islands`."""

    count: int

    def split(self, queue: Iterable[Entry]) -> tuple[list[list[Entry]], list[Entry], float]:
        """Entries of each island, the others, and the time of the first of the others."""


class Kernel(Environment):
    """Queue of (time, rank, action) and the actions of this instant, ``soon``.

    The rank orders entries of the same time: by priority, then by number. That of work is its number alone, so
    those that push work often do it themselves.

    ``soon`` holds what has to happen at the same simulated time after the present entry, in order of
    its coming: so a chain of neighbours of any length settles without deep calls.
    """

    _queue: list[Entry]  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(0.0)
        self.soon: deque[Action] = deque()
        self.islands: Division | None = None
        self.torn = False
        self._standing, self._still_until = 0, HARDLY_S

    def at(self, time: float, action: Action, priority: int = NORMAL) -> None:
        """Call a bound method at a time, not before now."""
        heappush(self._queue, (time, (priority - WORK << URGENCY) + next(self._eid), action))

    def schedule(self, event: Event, priority: int = NORMAL, delay: float = 0) -> None:
        """Schedule a SimPy event."""
        self.at(self._now + delay, partial(self._occur, event), priority)

    def _occur(self, event: Event) -> None:
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        try:
            for callback in callbacks:
                callback(event)
        except StopSimulation:
            event.callbacks = callbacks[callbacks.index(callback) + 1 :]
            self.schedule(event, COMMAND)
            raise
        if not event._ok and not hasattr(event, "_defused"):
            raise event._value

    def step(self) -> None:
        """Process the next entry and what follows from it at the same instant."""
        if not self._queue:
            raise EmptySchedule
        self._now, _, action = heappop(self._queue)
        self.do(action)

    def do(self, action: Action) -> None:
        """Do something now, between two entries, and what follows from it at the same instant."""
        action()
        while self.soon:
            self.soon.popleft()()

    def run_before(self, stop: float, pause: Action) -> None:
        """Process everything strictly before a time; then it is that time.

        With ``islands`` it may process a stretch of one, then of the other; no unit can tell.

        Args:
            stop: Simulated time.
            pause: Called now and then between two instants, and at the end.

        Raises:
            FactoryError: An error left some islands ahead of others.
            StandstillError: Events follow each other without end at one instant.
        """
        if self.torn:
            raise FactoryError(str(Problem("plant", "a whole plant", "one torn by an error", "restore a snapshot")))
        halt = (stop, _HALT, self._halt)
        heappush(self._queue, halt)
        entries = CHUNK if self.islands is None or self._worth(stop) < 1 else BETWEEN
        try:
            while True:
                self._run_chunk(entries)
                if self._queue[0][0] > self._now:
                    pause()
                    apart = self.islands is not None and self._run_islands(self.islands, stop, pause)
                    entries = BETWEEN if apart else CHUNK
        except StopSimulation:
            pause()
        except BaseException:
            if halt in self._queue:
                self._queue.remove(halt)
                heapify(self._queue)
            raise

    def _run_chunk(self, entries: int) -> None:
        queue, soon, pop, begun = self._queue, self.soon, heappop, self._now
        for _ in repeat(None, entries):
            self._now, _, action = pop(queue)
            action()
            if soon:
                for _ in _TURNS:
                    soon.popleft()()
                    if not soon:
                        break
                else:
                    self._stand_still()
        if self._now > self._still_until or self._now < begun:
            self._standing, self._still_until = 0, self._now + HARDLY_S
        elif (standing := self._standing + entries) < STILL:
            self._standing = standing
        else:
            self._stand_still()

    def _stand_still(self) -> NoReturn:
        """Time does not go on: say where, by what comes next."""
        self.torn = True
        places: Counter[str] = Counter()
        for _ in range(SAMPLE):
            if self.soon:
                action = self.soon.popleft()
            else:
                self._now, _, action = heappop(self._queue)
            places[_place(action)] += 1
            action()
        where = ", ".join(sorted(place for place, times in places.items() if times >= SAMPLE // 20))
        raise standstill(where or "plant", self._now - max(0.0, self._now - self._still_until + HARDLY_S), self._now)

    def _run_islands(self, division: Division, stop: float, pause: Action) -> bool:
        """Run each island to the time of the first entry that concerns more than one; whether that paid.

        Called between two instants.
        """
        if division.count < 2 or self._worth(stop) < 1:
            return False
        islands, others, until = division.split(self._queue)
        if self._worth(until) < 1:
            return False
        start = self._now
        self.torn = True
        for island in islands:
            heapify(island)
            self._run_island(island, start, until, pause)
        self._queue = [*chain.from_iterable(islands), *others]
        heapify(self._queue)
        self.torn = False
        return True

    def _run_island(self, queue: list[Entry], start: float, until: float, pause: Action) -> None:
        self._queue, self._now = queue, start
        heappush(queue, (until, _HALT, self._halt))
        with suppress(StopSimulation):
            while True:
                self._run_chunk(CHUNK)
                if queue[0][0] > self._now:
                    pause()
        pause()

    def _worth(self, until: float) -> float:
        """How much is expected to happen until a time; 1: just enough to sort the entries by island for it."""
        expected = self.processed * (until / self._now - 1) if self._now else 0.0
        return expected / (WORTH * len(self._queue))

    def _halt(self) -> None:
        raise StopSimulation(None)

    @property
    def pending(self) -> Iterator[Action]:
        """What is to come, in no order."""
        return (action for _, _, action in self._queue)

    @property
    def processed(self) -> int:
        """Number of entries processed so far."""
        issued = next(self._eid)
        self._eid = count(issued)
        return issued - len(self._queue)

    def __getstate__(self) -> dict[str, Any]:
        issued = next(self._eid)
        self._eid = count(issued)
        return {"now": self._now, "queue": self._queue, "issued": issued}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Kernel.__init__(self)
        self._now, self._queue, self._eid = state["now"], state["queue"], count(state["issued"])


def _place(action: Action) -> str:
    """The unit that an entry is for, as far as it tells."""
    owner: Any = getattr(action, "__self__", None)
    owner = getattr(owner, "station", owner)
    return str(getattr(owner, "path", "plant"))
