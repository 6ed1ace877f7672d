"""A transport inside a site: conveyor, delay line, monorail."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from pydantic import Field

from twin.config.plant import StationConfig
from twin.distributions import Durations
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives, any_takes
from twin.stations import stations

NO_LIMIT = 1_000_000
"""Items on a transport that stand for any number."""


class TransportConfig(StationConfig):
    """Carries items for a time, any number at once up to its capacity, in the order of arrival."""

    fed: ClassVar[bool] = True

    time: Durations = Field(description="time from entry to exit")
    capacity: int = Field(default=NO_LIMIT, ge=1, description="items on it at once")

    @property
    def instant(self) -> bool:
        return not self.time.mean_s

    @property
    def boundless(self) -> bool:
        return self.instant or self.capacity >= NO_LIMIT


@stations.register("transport", config=TransportConfig)
class Transport(Station):
    """Carries parts; nobody overtakes, and at the exit the first waits for room ahead.

    It runs outside shifts too. While it is stopped nothing enters or leaves.
    """

    titles = ("Transport", "输送")
    role = "carry"
    config = TransportConfig
    stores: ClassVar[bool] = True
    local = True
    __slots__ = ("expected", "last", "places", "queue", "times")

    def __init__(self, setting: Setting[TransportConfig]):
        super().__init__(setting)
        config = setting.config
        self.places = config.capacity
        self.times = self.stream("time", config.time)
        self.queue: deque[tuple[float, Load]] = deque()
        self.last = self.expected = -1.0

    def offer(self, part: Load) -> bool:
        if self.closed or len(self.queue) >= self.places:
            return False
        self.last = max(self.kernel._now + self.slow * self.times.draw(), self.last)
        self.queue.append((self.last, part))
        if self.last <= self.kernel._now:  # takes no time, so it has to be let out even if that was expected and done
            self.expected = -1.0
        self._expect()
        return True

    def _expect(self) -> None:
        due = self.queue[0][0]
        if due >= self.kernel._now and due != self.expected:
            self.expected = due
            self.kernel.at(due, self.leave)

    def leave(self) -> None:
        """Let out those that have arrived, as far as there is room ahead."""
        queue = self.queue
        while queue and not self.closed and queue[0][0] <= self.kernel._now and self.forward(queue[0][1]):
            self._pop()
        if queue and queue[0][0] > self.kernel._now:
            self._expect()

    def _pop(self) -> Load:
        if len(self.queue) == self.places:
            self.kernel.soon.append(self.pull)
        self.parts += 1
        return self.queue.popleft()[1]

    def peek(self, taker: Station) -> Load | None:  # noqa: ARG002 - the head is for any successor
        arrived = self.queue and self.queue[0][0] <= self.kernel._now and not self.closed
        return self.queue[0][1] if arrived else None

    def take(self, taker: Station) -> Load | None:
        if self.peek(taker) is None:
            return None
        self.kernel.soon.append(self.leave)
        return self._pop()

    def pull(self) -> None:
        while len(self.queue) < self.places and not self.closed:
            part = self.ask()
            if part is None:
                break
            self.offer(part)

    def resume(self) -> None:
        self.leave()
        self.pull()

    def before_giving(self) -> Waits:
        if not self.queue:
            return (any_gives(self.predecessors),)
        arrival, part = self.queue[0]
        return (any_takes(self.successors, (part.item,)),) if arrival <= self.kernel._now else FREE

    def before_taking(self, item: str) -> Waits:  # noqa: ARG002 - one place is as good as another
        return FREE if len(self.queue) < self.places else ((Act(self, None),),)

    def contents(self) -> list[Load]:
        return [part for _, part in self.queue]

    @property
    def level(self) -> int:
        return len(self.queue)
