"""Warming up after a standstill."""

from __future__ import annotations

from pydantic import Field

from twin.behaviours.behaviour import Behaviour
from twin.behaviours.workplace import Slot, Workplace
from twin.config.behaviours import BehaviourConfig, behaviours
from twin.quantities import Duration


class WarmUpConfig(BehaviourConfig):
    """A unit that has stood still for so long warms up before its next operation; it is cold at the start."""

    after: Duration = Field(gt=0, description="time since its last operation after which it is cold")
    time: Duration = Field(gt=0, description="time of warming up")


@behaviours.register("warm_up", config=WarmUpConfig)
class WarmUp(Behaviour):
    """Warms up before the first operation after a standstill."""

    config = WarmUpConfig

    def __init__(self, station: Workplace, config: WarmUpConfig):
        super().__init__(station, config)
        self.cold_s = 0.0

    def enter(self, slot: Slot) -> float:
        """Time of warming up in s; none as long as it is warm."""
        now = slot.kernel.now
        return float(self.settings.time) if now >= self.cold_s and not self.station.working else 0.0

    def leave(self, slot: Slot) -> None:
        """It is warm from the end of an operation on."""
        self.cold_s = slot.kernel.now + self.settings.after
