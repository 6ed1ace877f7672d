"""An inspection: passes, scraps or sends back."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from twin.behaviours.carried import leave
from twin.behaviours.processor import Processor
from twin.behaviours.workplace import Operation, Slot
from twin.config.named import UnitName
from twin.config.plant import MOST_PLACES, ProcessConfig
from twin.engine.events import Event
from twin.engine.station import Load, Part, Setting, Station
from twin.quantities import Ratio
from twin.stations import stations

MOST_REWORKS = 1_000
"""Reworks of one item that are as good as no end of them; more would only keep one part for each number."""


class InspectionConfig(ProcessConfig):
    """Looks at items for a time; of these the share ``rework`` goes back, the share ``scrap`` is lost.

    Example: `{id: gauge, kind: inspection, cycle: 30 s, every: 10, scrap: 0.01, rework: 0.05, rework_to: bench}`
    """

    capacity: int = Field(default=1, ge=1, le=MOST_PLACES, description="items looked at in parallel")
    rework: Ratio = Field(default=0.0, description="share sent to rework at each inspection")
    rework_to: UnitName | None = Field(
        default=None,
        description="unit that reworks, id in the line or path; None: on the spot, by another inspection time",
    )
    every: int = Field(default=1, ge=1, description="of how many items one is looked at: each n-th; the others pass")
    sample: Ratio | None = Field(
        default=None, description="share of items looked at, drawn at random, instead of every n-th"
    )
    rework_max: int = Field(
        default=3, ge=1, le=MOST_REWORKS, description="reworks after which an item is scrapped, at most 1000"
    )

    @property
    def returns(self) -> bool:
        return self.rework == 1 and self.rework_max == MOST_REWORKS and self.every == 1 and self.sample in (None, 1)

    @property
    def samples(self) -> bool:
        """Whether it lets items pass of which it says nothing."""
        return self.every > 1 or self.sample not in (None, 1)

    @property
    def sampled(self) -> float:
        """Share of the items that it looks at."""
        return 1 / self.every if self.sample is None else self.sample


@stations.register("inspection", config=InspectionConfig)
class Inspection(Processor):
    """Looks at each item, or at a sample, then passes it on, scraps it, or sends it to rework.

    What is not in the sample passes in no time and leaves no record; it too waits in a place until it
    is taken. Items that come back from rework are sampled like all others. At the end of a line they count by
    its sinks, or where it has none there, by the units before it, less what the inspection has taken out.

    An item to rework waits in its place until the reworking unit takes it, as good ones do for their
    successors. A loop without a buffer in it can lock; give the way back a buffer.
    """

    titles = ("Inspection", "检测工位")
    config = InspectionConfig
    local = True
    __slots__ = ("again", "rework_takers")

    def __init__(self, setting: Setting[Any]):
        self.rework_takers: tuple[Station, ...] = ()
        super().__init__(setting)

    @classmethod
    def of(cls, setting: Setting[InspectionConfig]) -> Station:
        config = setting.config
        return cls(setting) if config.every == 1 and config.sample is None else SamplingInspection(setting)

    def may_judge(self) -> bool:
        config: InspectionConfig = self.setting.config
        self.again = (config.rework, config.rework_max)
        return super().may_judge() or bool(config.rework)

    def judge(self, operation: Operation) -> tuple[Event, Part | None, tuple[Station, ...] | None]:
        rework, most = self.again
        scrap = self.scrap_share()
        rework += scrap
        chance = 1.0 if self.quality is None else self.quality.draw()
        if chance >= rework:
            return operation.good, operation.out, self.successors
        reworks = operation.part.reworks + 1
        if chance < scrap or reworks > most:
            self.scrapped += 1
            return operation.scrap, None, ()
        self.reworked += 1
        return operation.rework, self.setting.parts(operation.out.item, reworks), self.rework_takers or None


class SamplingSlot(Slot):
    """A place in which an item that is not in the sample passes without an operation."""

    __slots__ = ()

    def begin(self, part: Load) -> None:
        station = self.station
        assert isinstance(station, SamplingInspection)  # noqa: S101 - only these have such places
        if station.samples():
            super().begin(part)
            return
        if station.needs is not None:
            part = leave(part, station)
        self.part = part
        if station.forward(part):
            station.idle.append(self)
            self.kernel.soon.append(station.pull)
        else:
            station.working += 1
            self._keep(part, station.successors)

    def _again(self, part: Load) -> None:
        self.station.working -= 1
        super().begin(part)


class SamplingInspection(Inspection):
    """An inspection of some items only."""

    slot = SamplingSlot
    local = True
    __slots__ = ("chances", "every", "seen", "share")

    def __init__(self, setting: Setting[InspectionConfig]):
        super().__init__(setting)
        config = setting.config
        self.every, self.share, self.seen = config.every, config.sample, 0
        self.chances = None if self.share is None else self.stream("sample", None)
        self.go_general()

    def samples(self) -> bool:
        """Whether the next item is looked at."""
        if self.chances is not None and self.share is not None:
            return self.chances.draw() < self.share
        self.seen += 1
        return self.seen % self.every == 0
