"""Failures at a given time."""

from __future__ import annotations

from collections.abc import Iterator

from twin.config.plant import PerturbationConfig
from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station
from twin.errors import Problem


@effects.register("fail")
class Fail(Effect):
    """A failure mode, the ``mode`` of the perturbation or the first, fails now; its repair takes its usual time."""

    lasts = False

    def feels(self, station: Station) -> bool:
        return bool(station.modes)

    def wrong(self, config: PerturbationConfig, scene: Scene) -> Iterator[Problem]:
        known = self.choices(scene, config.target)["mode"]
        if config.mode is not None and config.mode not in known:
            yield Problem("mode", f"one of {', '.join(sorted(known))}", repr(config.mode))

    def choices(self, scene: Scene, target: str) -> dict[str, tuple[str, ...]]:
        return {"mode": tuple(dict.fromkeys(mode.id for unit in scene.targets(target) for mode in unit.modes))}

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        for mode in station.modes:
            if command.detail in ("", mode.id):
                mode.fail_now()
                return
