"""Less supply from outside."""

from __future__ import annotations

from collections.abc import Iterator

from twin.config.plant import PerturbationConfig
from twin.effects import effects
from twin.engine.codes import NO_SUPPLY
from twin.engine.effect import FASTEST, Command, Effect, Scene, switched, too_fast
from twin.engine.station import Station
from twin.errors import Problem


@effects.register("supply")
class Supply(Effect):
    """Sources and suppliers give ``factor`` times as much as usual; 0, the default, is nothing at all.

    A source that gives nothing is STARVED with the perturbation as its cause. Less than usual needs an interval.
    """

    value, default, neutral, gradual = "factor", 0.0, 1.0, True

    def feels(self, station: Station) -> bool:
        return station.setting.config.flows and not station.predecessors

    def wrong(self, config: PerturbationConfig, scene: Scene) -> Iterator[Problem]:  # noqa: ARG002 - the factor
        if config.factor is not None and config.factor > FASTEST:
            yield too_fast(config.factor)

    def hit(self, scene: Scene, station: Station, command: Command) -> None:
        if switched(scene, station, command, "supply", on=command.factor <= 0):
            if command.factor <= 0:
                station.stop(command.cause, NO_SUPPLY)
            else:
                station.restart(command.cause, NO_SUPPLY)
        slower = 1.0 / command.factor if command.factor > 0 else 1.0
        if slower != 1.0 or command.cause in station.slowed:
            station.slow_down(command.cause, slower)
