"""Rationed power."""

from __future__ import annotations

from math import inf

from twin.config import PerturbationConfig
from twin.effects import effects
from twin.sim.effect import Command, Effect, Scene
from twin.sim.station import Station

ANNOUNCED = "announced"
NO_CAP = -1.0


@effects.register("curtail")
class Curtail(Effect):
    """A site may draw no more than ``cap``, or the share ``share`` of its highest demand; units are cut off.

    They are ENERGY_CURTAILED. Announced, the time is planned: the order is taken off the unit. What is announced
    at a time is planned for a unit from the first of its shifts on that begins no sooner (a unit without shifts:
    when the cap begins no sooner), and a delay before.
    """

    value, neutral = "share", NO_CAP

    def feels(self, station: Station) -> bool:
        return max(station.power) > 0

    def level(self, config: PerturbationConfig) -> float:
        share = 1.0 if config.share is None else config.share
        return share if config.cap is None else config.cap

    def apply(self, scene: Scene, command: Command) -> None:
        known_s = _known_s(command.detail)
        for envelope in scene.envelopes(command.target):
            cap = command.factor * (envelope.reference_kw if "share" in command.detail else 1.0)
            envelope.limit(command.cause, None if command.factor == NO_CAP else cap, known_s)


def _known_s(detail: str) -> float:
    """Simulated time from which on a cap is known: always or never where no time is given."""
    for word in detail.split():
        name, _, time = word.partition("@")
        if name == ANNOUNCED:
            return float(time) if time else -inf
    return inf
