"""Ending a hold for quality."""

from __future__ import annotations

from twin.effects import effects
from twin.engine.codes import HOLD
from twin.engine.effect import Command, Effect, Scene, switched
from twin.engine.station import Station


@effects.register("release")
class Release(Effect):
    """Ends the hold of the same cause."""

    lasts = False

    def hit(self, scene: Scene, station: Station, command: Command) -> None:
        if switched(scene, station, command, "hold", on=False):
            station.restart(command.cause, HOLD)
