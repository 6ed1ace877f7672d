"""Holding units for quality."""

from __future__ import annotations

from twin.effects import effects
from twin.engine.codes import HOLD
from twin.engine.effect import Command, Effect, Scene, switched
from twin.engine.station import Station


@effects.register("hold")
class Hold(Effect):
    """Units are on QUALITY_HOLD."""

    ended_by = "release"

    def hit(self, scene: Scene, station: Station, command: Command) -> None:
        if switched(scene, station, command, "hold", on=True):
            station.stop(command.cause, HOLD)
