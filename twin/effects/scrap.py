"""More scrap."""

from __future__ import annotations

from twin.behaviours.processor import Processor
from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station


@effects.register("scrap")
class Scrap(Effect):
    """The share of scrap is ``factor`` times as high, at most 1; of units that scrap at all."""

    value, neutral, gradual = "factor", 1.0, True

    def feels(self, station: Station) -> bool:
        return isinstance(station, Processor) and station.quality is not None

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        station.influence("scrap", command.cause, command.factor)
