"""Where material enters a plant."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from twin.config import StationConfig
from twin.distributions import Distribution, Durations
from twin.sim.process import Processor
from twin.sim.station import BLOCKED, IDLE_NO_ORDER, Load, Setting, Station
from twin.stations import stations


class SourceConfig(StationConfig):
    """Releases items, one at a time or in a repeated mix."""

    begins: ClassVar[bool] = True

    mix: dict[str, int] = Field(
        min_length=1,
        description="items released, with the number of each in one round; rounds repeat in the order written",
    )
    interval: Durations | None = Field(
        default=None, description="time between releases; None: as fast as the next station takes them"
    )
    limit: int | None = Field(default=None, ge=1, description="number of items released in all; None: no limit")


@stations.register("source", config=SourceConfig)
class Source(Processor):
    """Releases the next item of its mix after each interval, or whenever a neighbour has room.

    With an interval it is PRODUCING while the interval runs and BLOCKED, its clock stopped, while nobody
    takes the item. Without one it always has an item ready. At its limit it is IDLE_NO_ORDER.
    """

    config = SourceConfig
    records_parts = False
    __slots__ = ("begun", "interval", "limit", "round")

    def __init__(self, setting: Setting):
        config = setting.config
        assert isinstance(config, SourceConfig)  # noqa: S101 - the builder has checked it
        self.interval = config.interval
        self.limit = config.limit
        self.round = tuple(setting.parts(item) for item, number in config.mix.items() for _ in range(number))
        self.begun = 0
        super().__init__(setting)
        if self.interval is None:
            self.waiting = True

    def law(self, item: str) -> Distribution | None:  # noqa: ARG002 - the interval is the same for all items
        return self.interval

    def _next(self) -> Load | None:
        if self.begun == self.limit:
            return None
        part = self.round[self.begun % len(self.round)]
        self.begun += 1
        return part

    def begin(self) -> None:
        if self.interval is None:
            self.resume()
        else:
            super().begin()

    def ask(self) -> Load | None:
        return None if self.interval is None else self._next()

    def take(self, taker: Station) -> Load | None:
        if self.interval is not None:
            return super().take(taker)
        if self.closed:
            return None
        part = self._next()
        if part is None:
            self.show()
        else:
            self.parts += 1
        return part

    def peek(self, taker: Station) -> Load | None:
        if self.interval is not None:
            return super().peek(taker)
        return None if self.closed or self.begun == self.limit else self.round[self.begun % len(self.round)]

    def resume(self) -> None:
        if self.interval is not None:
            super().resume()
            return
        while (part := self.peek(self)) is not None and self.forward(part):
            self._next()
            self.parts += 1
        self.show()

    def active(self) -> int:
        if self.begun == self.limit and not self.working and not self.blocked:
            return IDLE_NO_ORDER
        return BLOCKED if self.interval is None else super().active()
