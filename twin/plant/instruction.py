"""Instructions from outside to a running plant: what somebody wants, as commands that take effect at one instant."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from twin.basis import Config, Identifier
from twin.config.disturbances import Carrier, PerturbationConfig
from twin.distributions import Constant
from twin.effects import effects
from twin.engine.effect import Scene
from twin.errors import ModelError, Problem
from twin.plant.command import Command, Mailbox
from twin.plant.perturbation import commands_of, wrong
from twin.quantities import Duration, Power, Ratio, VolumeFlow

ASIDE = ("cause", "end", "duration")
"""Fields that a perturbation has by other names."""
OPERATOR = "operator"
"""Cause of what is wanted without a name."""


Offer = dict[str, dict[str, tuple[str, ...]]]
"""What can be wanted of a place: names of effects, each with what may stand in fields that name something."""


def offer(scene: Scene, target: str) -> Offer:
    """What can be wanted of a path; nothing where there are no units."""
    able = {name: effects[name]() for name in effects.kinds()}
    return {name: effect.choices(scene, target) for name, effect in able.items() if effect.offered(scene, target)}


class Instruction(Config):
    """An effect on units, from now on.

    Example: `{target: jialing/beibei/shop/cnc/cnc1, effect: slow, factor: 1.5, duration: 10 min}`
    """

    target: str = Field(description="path of a unit, line, site or enterprise; for curtail also of a common envelope")
    effect: str = Field(description="what it does, as of a perturbation: stop, restart, hold, release, fail, slow, ...")
    cause: Identifier = Field(default=OPERATOR, description="name of the cause; what ends it has the same")
    duration: Duration | None = Field(default=None, gt=0, description="how long it lasts; None: until it is ended")
    end: bool = Field(default=False, description="end what the same effect of the same cause began")
    factor: float | None = Field(default=None, ge=0, description="how much, for slow, scrap, repair, supply, demand")
    carrier: Carrier = Field(default="power", description="for curtail: what there is less of")
    share: Ratio | None = Field(default=None, description="for curtail: share of the highest demand that is left")
    cap: Power | None = Field(default=None, description="for curtail: power that is left, instead of share")
    flow: VolumeFlow | None = Field(default=None, description="for curtail: gas that is left, instead of share")
    mode: Identifier | None = Field(default=None, description="for fail: failure mode; default: the first")
    quantity: int | None = Field(default=None, ge=1, description="for order: number of pieces; default: 1")
    item: str | None = Field(default=None, description="for order: item; may be left out where there is only one")
    due: Duration | None = Field(default=None, gt=0, description="for order: time from its release until it is due")
    priority: int = Field(default=0, description="for order: lower goes first, for rules that ask")
    order: Identifier | None = Field(default=None, description="for order: its name; default: the cause and the second")

    def commands(self, mailbox: Mailbox, at_s: float) -> tuple[Command, ...]:
        """What it makes a plant do from a simulated time on.

        Raises:
            ModelError: The plant cannot do it; with every finding.
        """
        given = self._perturbation()
        spoken = f"perturbation {self.cause}"
        problems = [replace(one, where=one.where.replace(spoken, "command", 1)) for one in wrong(given, mailbox)]
        problems += self._unending()
        if problems:
            raise ModelError(problems)
        begin, *end = commands_of(given, at_s, self.duration or 0.0)
        if self.end:
            return tuple(end)
        return (begin, *end) if self.duration is not None else (begin,)

    def _perturbation(self) -> PerturbationConfig:
        """The same as of a document; of what is to be ended the size does not matter."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name not in ASIDE}
        effect = effects[self.effect]() if self.effect in effects else None
        if self.end and effect is not None and effect.value:
            fields |= dict.fromkeys(effect.instead) | {effect.value: 1.0}
        moment = Constant.model_construct(value=0.0)
        return PerturbationConfig.model_construct(id=self.cause, start=0.0, duration=moment, **fields)

    def _unending(self) -> list[Problem]:
        lasts = self.effect not in effects or effects[self.effect]().lasts
        where, got = f"command {self.effect}", repr(self.effect)
        found = []
        if not lasts and (self.end or self.duration is not None):
            found.append(Problem(where, "an effect that lasts", got, "leave end and duration out"))
        if self.end and self.duration is not None:
            found.append(Problem(where, "end or duration", "both", "leave one out"))
        return found
