"""Stopping units."""

from __future__ import annotations

from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station


@effects.register("stop")
class Stop(Effect):
    """Nothing works: units are FAILED, closed lanes and docks let nothing leave."""

    ended_by = "restart"

    def hit(self, scene: Scene, station: Station, command: Command) -> None:
        key = (str(station.path), command.cause)
        if key not in scene.down:
            scene.down.add(key)
            station.stop(command.cause)
