"""More or less demand."""

from __future__ import annotations

from collections.abc import Iterator

from twin.config.plant import PerturbationConfig
from twin.effects import effects
from twin.engine.effect import FASTEST, Command, Effect, Scene, too_fast
from twin.engine.station import Station
from twin.errors import Problem


@effects.register("demand")
class Demand(Effect):
    """Customers, and sinks and sources with an interval, want or bring ``factor`` times as much per time."""

    value, neutral, gradual = "factor", 1.0, True

    def feels(self, station: Station) -> bool:
        return getattr(station.setting.config, "interval", None) is not None

    def wrong(self, config: PerturbationConfig, scene: Scene) -> Iterator[Problem]:  # noqa: ARG002 - the factor
        if config.factor == 0:
            yield Problem("factor", "more than 0", "0")
        elif config.factor is not None and config.factor > FASTEST:
            yield too_fast(config.factor)

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        station.slow_down(command.cause, 1.0 / command.factor)
