"""Slower work."""

from __future__ import annotations

from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station


@effects.register("slow")
class Slow(Effect):
    """Operations begun from now on take ``factor`` times as long."""

    value, neutral, gradual = "factor", 1.0, True

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        station.slow_down(command.cause, command.factor)
