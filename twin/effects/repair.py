"""Slower repairs."""

from __future__ import annotations

from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station


@effects.register("repair")
class Repair(Effect):
    """Repairs that become necessary from now on take ``factor`` times as long."""

    value, neutral, gradual = "factor", 1.0, True

    def feels(self, station: Station) -> bool:
        return bool(station.modes)

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        station.influence("repair", command.cause, command.factor)
