"""Ending a stop."""

from __future__ import annotations

from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station


@effects.register("restart")
class Restart(Effect):
    """Ends the stop of the same cause."""

    lasts = False

    def hit(self, scene: Scene, station: Station, command: Command) -> None:
        key = (str(station.path), command.cause)
        if key in scene.down:
            scene.down.remove(key)
            station.restart(command.cause)
