"""Failures at a given time."""

from __future__ import annotations

from twin.effects import effects
from twin.sim.effect import Command, Effect, Scene
from twin.sim.station import Station


@effects.register("fail")
class Fail(Effect):
    """A failure mode, the ``mode`` of the perturbation or the first, fails now; its repair takes its usual time."""

    lasts = False

    def feels(self, station: Station) -> bool:
        return bool(station.modes)

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        for mode in station.modes:
            if command.detail in ("", mode.id):
                mode.fail_now()
                return
