"""Rationed power."""

from __future__ import annotations

from twin.config import PerturbationConfig
from twin.effects import effects
from twin.sim.effect import Command, Effect, Scene
from twin.sim.station import Station

ANNOUNCED, NOT_ANNOUNCED = "announced", ""
NO_CAP = -1.0


@effects.register("curtail")
class Curtail(Effect):
    """A site may draw no more than ``cap``, or the share ``share`` of its highest demand; units are cut off.

    They are ENERGY_CURTAILED. Announced, the time is planned: the order is taken off the unit.
    """

    value, neutral = "share", NO_CAP

    def feels(self, station: Station) -> bool:
        return max(station.power) > 0

    def level(self, config: PerturbationConfig) -> float:
        share = 1.0 if config.share is None else config.share
        return share if config.cap is None else config.cap

    def apply(self, scene: Scene, command: Command) -> None:
        announced = ANNOUNCED in command.detail
        for envelope in scene.envelopes(command.target):
            cap = command.factor * (envelope.reference_kw if "share" in command.detail else 1.0)
            envelope.limit(command.cause, None if command.factor == NO_CAP else cap, announced)
