"""The event queue: a SimPy environment that also takes plain bound methods.

A hot entry costs what ``heapq`` costs; SimPy events and processes still work, in the same order of
time, priority and number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count, repeat
from typing import Any

from simpy.core import EmptySchedule, Environment, StopSimulation
from simpy.events import NORMAL, URGENT, Event

Action = Callable[[], object]

COMMAND, CALENDAR, WORK = -1, URGENT, NORMAL
"""Order at the same instant: commands, shift boundaries, then work. The end of a run comes before all."""
_HALT = -2
CHUNK = 20_000


class Kernel(Environment):
    """Queue of (time, priority, number, action) and the actions of this instant, ``soon``.

    ``soon`` holds what has to happen at the same simulated time after the present entry, in order of
    its coming: so a chain of neighbours of any length settles without deep calls.
    """

    _queue: list[tuple[float, int, int, Any]]  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(0.0)
        self.soon: deque[Action] = deque()

    def at(self, time: float, action: Action, priority: int = NORMAL) -> None:
        """Call a bound method at a time, not before now."""
        heappush(self._queue, (time, priority, next(self._eid), action))

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
        self._now, _, _, action = heappop(self._queue)
        action()
        soon = self.soon
        while soon:
            soon.popleft()()

    def run_before(self, stop: float, pause: Action) -> None:
        """Process everything strictly before a time; then it is that time.

        Args:
            stop: Simulated time.
            pause: Called now and then between two instants, and at the end.
        """
        halt = (stop, _HALT, -1, self._halt)
        heappush(self._queue, halt)
        try:
            while True:
                self._run_chunk()
                if self._queue[0][0] > self._now:
                    pause()
        except StopSimulation:
            pause()
        except BaseException:
            self._queue.remove(halt)
            heapify(self._queue)
            raise

    def _run_chunk(self) -> None:
        queue, soon, pop = self._queue, self.soon, heappop
        for _ in repeat(None, CHUNK):
            self._now, _, _, action = pop(queue)
            action()
            while soon:
                soon.popleft()()

    def _halt(self) -> None:
        raise StopSimulation(None)

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
