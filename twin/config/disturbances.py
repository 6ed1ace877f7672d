"""What a user writes about what goes wrong: perturbations, and the envelopes of power and gas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.basis import Config, Identifier, Titled
from twin.config.named import Item
from twin.distributions import Durations, Intervals
from twin.instants import Instant
from twin.quantities import Duration, Power, Ratio, VolumeFlow

Carrier = Literal["power", "gas"]
CARRIERS: tuple[Carrier, ...] = ("power", "gas")
"""What a site is supplied with from outside; in kW and m³/h."""
Grade = Literal["A", "B", "C", "D"]
"""Class of a site in the per-mu evaluation (亩均论英雄), best first."""
AMOUNTS = {"share": None, "cap": "power", "flow": "gas"}
"""Fields that say how much a cap leaves, and the carrier of those that belong to one."""


class PerturbationConfig(Config):
    """Something that happens to the plant, at a given time or by chance."""

    id: Identifier = Field(description="name of the perturbation")
    title: Titled | None = Field(default=None, description="name for people; default: the id")
    target: str = Field(
        description="path of the unit, line, site or enterprise it hits; for curtail also the id of a common envelope"
    )
    effect: str = Field(description="what it does, see the guide on disturbances: stop, slow, supply, demand, ...")
    start: Instant = Field(description="when it begins; with every: from when on it may come")
    duration: Durations = Field(description="how long it lasts")
    factor: float | None = Field(default=None, ge=0, description="how much, for slow, scrap, repair, supply, demand")
    carrier: Carrier = Field(default="power", description="for curtail: what there is less of")
    share: Ratio | None = Field(default=None, description="for curtail: share of the highest demand that is left")
    cap: Power | None = Field(default=None, description="for curtail: power that is left, instead of share")
    flow: VolumeFlow | None = Field(
        default=None, description="for curtail with carrier: gas: gas that is left, instead of share"
    )
    announced: bool = Field(default=False, description="for curtail: known before, so that the time is planned")
    announced_at: Instant | None = Field(
        default=None,
        description="for curtail: when it becomes known: planned for units whose shift begins "
        "later, a delay for the others until their next shift",
    )
    mode: Identifier | None = Field(default=None, description="for fail: failure mode; default: the first")
    quantity: int | None = Field(default=None, ge=1, description="for order: number of pieces; default: 1")
    item: Item | None = Field(default=None, description="for order: item; may be left out where there is only one")
    due: Duration | None = Field(default=None, gt=0, description="for order: time from its release until it is due")
    priority: int = Field(default=0, description="for order: lower goes first, for rules that ask")
    order: Identifier | None = Field(default=None, description="for order: its name; default: the id and the second")
    ramp: Duration = Field(default=0.0, description="time in which it grows to its full extent, inside the duration")
    fall: Duration = Field(default=0.0, description="time in which it fades, inside the duration")
    steps: int = Field(default=10, ge=1, le=1000, description="steps of a ramp")
    every: Intervals | None = Field(
        default=None, description="by chance: time from start, and from the end of one, to the next; None: once"
    )
    times: int | None = Field(default=None, ge=1, description="with every: how often it may come at most")
    probability: Ratio = Field(default=1.0, description="chance that it really comes when it may")


class CapConfig(Config):
    """Power or gas that may be drawn for some time."""

    id: Identifier = Field(description="name of the order")
    title: Titled | None = Field(default=None, description="name for people; default: the id")
    carrier: Carrier = Field(default="power", description="what there is less of")
    start: Instant = Field(description="from when on it holds")
    duration: Durations = Field(description="how long it holds")
    share: Ratio | None = Field(default=None, description="share of the highest demand that is left")
    cap: Power | None = Field(default=None, description="power that is left, instead of share")
    flow: VolumeFlow | None = Field(default=None, description="with carrier: gas: gas that is left, instead of share")
    announced: bool = Field(default=False, description="known before, so that the time is planned")
    announced_at: Instant | None = Field(
        default=None,
        description="when it becomes known: planned for units whose shift begins later, "
        "a delay for the others until their next shift",
    )

    @model_validator(mode="after")
    def _capped(self) -> Self:
        wrong = wrong_amount(self)
        if wrong is not None:
            raise ValueError("expected {}, got {}".format(*wrong))
        if self.announced and self.announced_at is not None:
            raise ValueError("expected announced or announced_at, got both")
        return self


def wrong_amount(config: CapConfig | PerturbationConfig) -> tuple[str, str] | None:
    """What was expected and what was got where not exactly one amount says how much is left; None when all is well."""
    given = [name for name in AMOUNTS if getattr(config, name) is not None]
    choice = "share or " + {"power": "cap", "gas": "flow"}[config.carrier]
    if len(given) != 1:
        return choice, {0: "neither", 2: "both"}.get(len(given), "all of them")
    if AMOUNTS[given[0]] not in (None, config.carrier):
        return f"{choice} with carrier: {config.carrier}", given[0]
    return None


class Capped(Config):
    """Base of what has caps."""

    caps: tuple[CapConfig, ...] = Field(default=(), description="orders to draw less")

    @field_validator("caps")
    @classmethod
    def _distinct(cls, caps: tuple[CapConfig, ...]) -> tuple[CapConfig, ...]:
        names = [cap.id for cap in caps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"expected caps with different ids, got {', '.join(twice)} again")
        return caps

    def perturbations(self, target: str) -> Iterator[PerturbationConfig]:
        """The caps as perturbations of a target."""
        for cap in self.caps:
            given = {name: getattr(cap, name) for name in type(cap).model_fields}
            yield PerturbationConfig.model_construct(target=target, effect="curtail", **given)


class EnvelopeConfig(Capped):
    """The envelope of a site: caps over time, and who keeps power and gas when there is too little."""

    keep: tuple[str, ...] = Field(
        default=(), description="paths of units, lines or areas that are kept first, in this order; then the document"
    )
    safety: Ratio = Field(default=0.2, description="share of the highest demand that is always left, of power and gas")
    reference: Power | None = Field(
        default=None, description="highest demand that shares refer to; default: all units at their highest power"
    )
    gas_reference: VolumeFlow | None = Field(
        default=None, description="the same of gas; default: all units at their highest flow"
    )


class CommonEnvelopeConfig(Capped):
    """The envelope of several sites together: caps over time, and how they are shared between the sites.

    Example: `{id: grid, district: east, sharing: by_grade, caps: [{id: heat, start: 8 h, duration: 6 h, share: 0.7}]}`
    """

    id: Identifier = Field(description="name of the envelope, of no enterprise; a target of curtail")
    title: Titled | None = Field(default=None, description="name for people; default: the id")
    sites: tuple[str, ...] = Field(
        default=(), description="paths of sites and enterprises that share it; default: those of district"
    )
    district: str | None = Field(
        default=None, description="all sites of this district share it; default, without sites: all of the document"
    )
    sharing: str = Field(
        default="pro_rata", description="how a cap is shared: pro_rata, by_grade, ...; see factory list"
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if self.sites and self.district is not None:
            raise ValueError("expected sites or district, got both")
        return self
