"""Holding units for quality."""

from __future__ import annotations

from twin.effects import effects
from twin.sim.codes import HOLD
from twin.sim.effect import Command, Effect, Scene, switched
from twin.sim.station import Station


@effects.register("hold")
class Hold(Effect):
    """Units are on QUALITY_HOLD."""

    ended_by = "release"

    def hit(self, scene: Scene, station: Station, command: Command) -> None:
        if switched(scene, station, command, "hold", on=True):
            station.stop(command.cause, HOLD)
