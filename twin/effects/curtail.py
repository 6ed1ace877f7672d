"""Rationed power and gas."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from twin.config.disturbances import AMOUNTS, CARRIERS, Carrier, wrong_amount
from twin.config.plant import PerturbationConfig
from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station
from twin.errors import Problem

ANNOUNCED = "announced"
NO_CAP = -1.0


@effects.register("curtail")
class Curtail(Effect):
    """A site may draw no more than ``cap``, of gas than ``flow``, or the ``share`` of its highest demand.

    Units are cut off. The target may be a common envelope, whose sites share what there is.

    The units are ENERGY_CURTAILED. Announced, the time is planned: the order is taken off the unit. What is announced
    at a time is planned for a unit from the first of its shifts on that begins no sooner (a unit without shifts:
    when the cap begins no sooner), and a delay before.
    """

    value, instead, neutral = "share", ("cap", "flow"), NO_CAP

    def feels(self, station: Station) -> bool:
        return max(station.power) > 0 or (station.gas is not None and max(station.gas.flow) > 0)

    def level(self, config: PerturbationConfig) -> float:
        return next(float(amount) for name in AMOUNTS if (amount := getattr(config, name)) is not None)

    def detail(self, config: PerturbationConfig) -> str:
        words: list[str] = [config.carrier] if config.carrier != "power" else []
        words += ["share"] if config.share is not None else []
        words += [ANNOUNCED] if config.announced else []
        words += [f"{ANNOUNCED}@{config.announced_at!r}"] if config.announced_at is not None else []
        return " ".join(words)

    def offered(self, scene: Scene, target: str) -> bool:
        return bool(self.choices(scene, target)["carrier"])

    def choices(self, scene: Scene, target: str) -> dict[str, tuple[str, ...]]:
        envelopes = scene.envelopes(target)
        return {"carrier": tuple(name for name in CARRIERS if any(each.reference(name) > 0 for each in envelopes))}

    def wrong(self, config: PerturbationConfig, scene: Scene) -> Iterator[Problem]:
        envelopes = scene.envelopes(config.target)
        if not envelopes:
            yield Problem("target", "a site, an enterprise or a common envelope", repr(config.target))
        elif not any(envelope.reference(config.carrier) > 0 for envelope in envelopes):
            yield Problem("target", f"a place with units that use {config.carrier}", repr(config.target))
        wrong = wrong_amount(config)
        if wrong is not None and wrong[1] != "neither":
            yield Problem("share", *wrong)
        if config.announced and config.announced_at is not None:
            yield Problem("announced_at", "announced or announced_at", "both", "leave one out")

    def apply(self, scene: Scene, command: Command) -> None:
        words = command.detail.split()
        carrier: Carrier = "gas" if "gas" in words else "power"
        known_s = _known_s(words)
        for envelope in scene.envelopes(command.target):
            cap = command.factor * (envelope.reference(carrier) if "share" in words else 1.0)
            envelope.limit(carrier, command.cause, None if command.factor == NO_CAP else cap, known_s)


def _known_s(words: list[str]) -> float:
    """Simulated time from which on a cap is known: always or never where no time is given."""
    for word in words:
        name, _, time = word.partition("@")
        if name == ANNOUNCED:
            return float(time) if time else -inf
    return inf
