"""An inspection: passes, scraps or sends back."""

from __future__ import annotations

from pydantic import Field

from twin.config import ProcessConfig
from twin.sim.journal import Event
from twin.sim.process import Job, Processor
from twin.sim.station import Part, Setting, Station
from twin.stations import stations
from twin.units import Ratio


class InspectionConfig(ProcessConfig):
    """Looks at each item for a time; the share ``rework`` goes back, the share ``scrap`` is lost."""

    capacity: int = Field(default=1, ge=1, description="items looked at in parallel")
    rework: Ratio = Field(default=0.0, description="share sent to rework at each inspection")
    rework_to: str | None = Field(
        default=None,
        description="unit that reworks, id in the line or path; None: on the spot, by another inspection time",
    )
    rework_max: int = Field(default=3, ge=1, description="reworks after which an item is scrapped")


@stations.register("inspection", config=InspectionConfig)
class Inspection(Processor):
    """Looks at each item, then passes it on, scraps it, or sends it to rework.

    An item to rework waits in its place until the reworking unit takes it, as good ones do for their
    successors. A loop without a buffer in it can lock; give the way back a buffer.
    """

    config = InspectionConfig
    __slots__ = ("again", "rework_takers")

    def __init__(self, setting: Setting):
        self.rework_takers: tuple[Station, ...] = ()
        super().__init__(setting)

    def may_judge(self) -> bool:
        config = self.setting.config
        assert isinstance(config, InspectionConfig)  # noqa: S101 - the builder has checked it
        self.again = (config.rework, config.rework_max)
        return super().may_judge() or bool(config.rework)

    def judge(self, job: Job) -> tuple[Event, Part | None, tuple[Station, ...] | None]:
        rework, most = self.again
        scrap = self.scrap_share()
        rework += scrap
        chance = 1.0 if self.quality is None else self.quality.draw()
        if chance >= rework:
            return job.good, job.out, self.successors
        reworks = job.part.reworks + 1
        if chance < scrap or reworks > most:
            self.scrapped += 1
            return job.scrap, None, ()
        self.reworked += 1
        return job.rework, self.setting.parts(job.out.item, reworks), self.rework_takers or None
