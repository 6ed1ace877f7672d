"""Slower work."""

from __future__ import annotations

from collections.abc import Iterator

from twin.config.plant import PerturbationConfig
from twin.effects import effects
from twin.engine.effect import FASTEST, Command, Effect, Scene
from twin.engine.station import Station
from twin.errors import Problem


@effects.register("slow")
class Slow(Effect):
    """Operations begun from now on take ``factor`` times as long."""

    value, neutral, gradual = "factor", 1.0, True

    def wrong(self, config: PerturbationConfig, scene: Scene) -> Iterator[Problem]:  # noqa: ARG002 - the factor
        if config.factor is not None and config.factor < 1 / FASTEST:
            hint = "work that takes no time never lets time advance; effect: stop lets it rest"
            yield Problem("factor", f"at least {1 / FASTEST:g}", f"{config.factor:g}", hint)

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        station.slow_down(command.cause, command.factor)
