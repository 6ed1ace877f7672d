"""A conveyor that is modelled by length, speed and pitch; accumulating or not."""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from twin.behaviours.conveying import Mover
from twin.config.plant import FailureConfig, StationConfig
from twin.engine.codes import BLOCKED, PRODUCING, STARVED
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives, any_takes
from twin.quantities import Length, Speed
from twin.stations import stations


class ConveyorConfig(StationConfig):
    """Carries items at a speed, in the order of arrival, each on a pitch of its own.

    Example: `{id: belt, kind: conveyor, length: 12 m, speed: 0.5 m/s, pitch: 80 cm}`
    """

    fed: ClassVar[bool] = True

    length: Annotated[Length, Field(gt=0)] = Field(description="way from entry to exit")
    speed: Annotated[Speed, Field(gt=0)] = Field(description="speed of the belt or chain")
    pitch: Annotated[Length, Field(gt=0)] = Field(description="room that one item takes, with the gap to the next")
    accumulating: bool = Field(
        default=True,
        description="true: items behind one that waits at the exit close up; false: all of it stops with that one",
    )
    failures: tuple[FailureConfig, ...] = Field(default=(), description="failure modes, e.g. jams")

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.pitch > self.length:
            raise ValueError(f"expected a pitch of at most the length ({self.length:g} m), got {self.pitch:g} m")
        return self


@stations.register("conveyor", config=ConveyorConfig)
class Conveyor(Mover):
    """A belt: an item enters when the one before it has gone a pitch, and reaches the exit after length / speed.

    It holds as many items as pitches begin on its length. At the exit an item waits for room ahead:
    an accumulating conveyor goes on until the items stand a pitch apart, and when one leaves, the next
    needs pitch / speed to the exit; one that does not accumulate stops as a whole. PRODUCING while
    items move towards the exit, BLOCKED while one waits there, STARVED while it is empty. It stops
    outside shifts and when it fails.

    Times on the belt are ``now - lost``: simulated time less the time that it has stood. Two entries of
    the event queue are pending, for entry and exit, whatever is on it.

    Source: own derivation. With items in order and free motion never faster than the belt, the last
    item stands a pitch behind the entry at the latest of: a pitch of time after its entry; and, where
    the conveyor was full, the time after a departure in which the rest of that pitch is gone.
    """

    titles = ("Conveyor", "输送带")
    role = "carry"
    config = ConveyorConfig
    local = True
    __slots__ = (
        "accumulates",
        "at_exit",
        "door",
        "entry_free",
        "halted",
        "head",
        "last_left",
        "lost",
        "pitch_s",
        "places",
        "queue",
        "rest_s",
        "transit_s",
    )

    def __init__(self, setting: Setting[ConveyorConfig]):
        super().__init__(setting)
        config = setting.config
        self.accumulates = config.accumulating
        self.transit_s, self.pitch_s = config.length / config.speed, config.pitch / config.speed
        self.places = ceil(round(config.length / config.pitch, 9))
        rest_s = self.places * self.pitch_s - self.transit_s
        self.rest_s = rest_s if self.accumulates and rest_s > 1e-9 * self.pitch_s else 0.0
        self.queue: deque[tuple[float, Load]] = deque()
        self.lost, self.halted, self.last_left = 0.0, -1.0, -self.transit_s
        self.entry_free, self.at_exit = True, False
        self.head, self.door = self.timer(self.arrive), self.timer(self.clear)

    # --- entry ----------------------------------------------------------------------------------

    def offer(self, part: Load) -> bool:
        if self.closed or not self.entry_free or self.halted >= 0 or len(self.queue) >= self.places:
            return False
        belt = self.kernel._now - self.lost
        self.queue.append((belt + self.slow * self.transit_s, part))
        self.entry_free = False
        self.door.start(self.slow * self.pitch_s)
        if len(self.queue) == 1:
            self._expect()
        self.show()
        return True

    def clear(self) -> None:
        """The last item is a pitch away from the entry."""
        self.entry_free = True
        self.pull()

    def pull(self) -> None:
        while not self.closed and self.entry_free and self.halted < 0 and len(self.queue) < self.places:
            part = self.ask()
            if part is None:
                break
            self.offer(part)

    # --- exit -----------------------------------------------------------------------------------

    def _expect(self) -> None:
        """Wait for the first item, which closes up behind the one that has left."""
        ready = self.queue[0][0]
        if self.accumulates:
            ready = max(ready, self.last_left + self.pitch_s)
        self.head.until(ready + self.lost)

    def arrive(self) -> None:
        """The first item is at the exit."""
        self.at_exit = True
        if self.forward(self.queue[0][1]):
            self._gone()
        elif not self.accumulates:
            self._halt()
        self.show()

    def _gone(self) -> Load:
        """The item at the exit leaves."""
        self._run()
        full = len(self.queue) >= self.places
        part = self.queue.popleft()[1]
        self.parts += 1
        self.stroke()
        self.at_exit = False
        self.last_left = self.kernel._now - self.lost
        if self.queue:
            self._expect()
        if full and self.entry_free and self.rest_s:
            self.entry_free = False
            self.door.start(self.rest_s)
        elif full and self.rest_s:
            self.door.until(max(self.door.due, self.kernel._now + self.rest_s))
        elif self.entry_free:
            self.kernel.soon.append(self.pull)
        return part

    def peek(self, taker: Station) -> Load | None:  # noqa: ARG002 - the head is for any successor
        return self.queue[0][1] if self.at_exit and not self.closed else None

    def take(self, taker: Station) -> Load | None:
        if self.peek(taker) is None:
            return None
        part = self._gone()
        self.kernel.soon.append(self.show)
        return part

    # --- standing and running -------------------------------------------------------------------

    def _halt(self) -> None:
        if self.halted < 0:
            self.halted = self.kernel._now
            super().suspend()

    def _run(self) -> None:
        if self.halted >= 0:
            self.lost += self.kernel._now - self.halted
            self.halted = -1.0
            super().resume()

    def suspend(self) -> None:
        self._halt()

    def resume(self) -> None:
        if self.at_exit and self.forward(self.queue[0][1]):
            self._gone()
        if self.accumulates or not self.at_exit:
            self._run()
        self.pull()

    def active(self) -> int:
        if self.at_exit:
            return BLOCKED
        return PRODUCING if self.queue else STARVED

    def before_giving(self) -> Waits:
        if not self.queue:
            return (any_gives(self.predecessors),)
        return (any_takes(self.successors, (self.queue[0][1].item,)),) if self.at_exit else FREE

    def before_taking(self, item: str) -> Waits:  # noqa: ARG002 - one pitch is as good as another
        full = len(self.queue) >= self.places or self.halted >= 0
        return ((Act(self, None),),) if self.at_exit and full else FREE

    def contents(self) -> list[Load]:
        return [part for _, part in self.queue]

    @property
    def level(self) -> int:
        return len(self.queue)
