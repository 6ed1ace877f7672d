"""Effects of perturbations and commands: the common base, and what they may act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple, Protocol

from twin.config.disturbances import Carrier
from twin.config.plant import PerturbationConfig
from twin.engine.station import Station
from twin.errors import Problem

FASTEST = 1_000.0
"""Work, supply and demand become at most so many times as fast: beyond it time hardly advances."""


def too_fast(factor: float) -> Problem:
    """A factor by which too much happens in no time."""
    return Problem("factor", f"at most {FASTEST:g}", f"{factor:g}", "beyond it time hardly advances")


class Command(NamedTuple):
    """Something that is done to units at a simulated time.

    Args:
        at_s: Simulated time; commands of one instant are done in the order posted, before all work.
        target: Path of a unit, or of a line, area, site or enterprise: all units below; or a common envelope.
        action: Name of an effect, see ``twin.effects``, e.g. ``stop``, ``restart``, ``slow``.
        cause: Name of the cause; what ends an effect ends the one of the same name.
        factor: How much of the effect, in the unit of the effect.
        detail: What else the effect has to know.
    """

    at_s: float
    target: str
    action: str
    cause: str
    factor: float = 1.0
    detail: str = ""


class Rationed(Protocol):
    """What power and gas can be rationed: a site, or several together."""

    def reference(self, carrier: Carrier) -> float:
        """Highest demand that shares refer to, in kW or m³/h."""

    def limit(self, carrier: Carrier, cause: str, cap: float | None, known_s: float) -> None:
        """Cap a carrier for a cause from now on, or take that cap away with None; known from a time on."""


class Scene(Protocol):
    """What effects act on."""

    @property
    def down(self) -> set[tuple[str, str]]:
        """Path and cause of units that are stopped from outside."""

    @property
    def marks(self) -> set[tuple[str, str, str]]:
        """Action, path and cause of other effects that are on."""

    def targets(self, path: str) -> list[Station]:
        """Units at or below a path."""

    def envelopes(self, path: str) -> Sequence[Rationed]:
        """Envelopes of the sites at or below a path, or the common one of a name."""


class Effect:
    """Base of all effects; has no state of its own."""

    value: ClassVar[str] = ""
    """Field of a perturbation that says how much, e.g. ``factor``; empty: on or off."""
    instead: ClassVar[tuple[str, ...]] = ()
    """Fields that may say so in its place."""
    default: ClassVar[float | None] = None
    """Its value when the perturbation gives none; None: it has to."""
    neutral: ClassVar[float] = 0.0
    """How much of it is nothing."""
    gradual: ClassVar[bool] = False
    """Whether it can begin and end in a ramp."""
    ended_by: ClassVar[str | None] = None
    """Effect that ends it; None: itself with ``neutral``."""
    lasts: ClassVar[bool] = True
    """Whether it has to be ended."""

    def feels(self, station: Station) -> bool:  # noqa: ARG002 - the base is felt by all
        """Whether it does something to a unit of this sort."""
        return True

    def level(self, config: PerturbationConfig) -> float:
        """How much of it a perturbation wants."""
        given = getattr(config, self.value) if self.value else 1.0
        wanted = self.default if given is None else given
        assert wanted is not None  # noqa: S101 - checked before
        return float(wanted)

    def detail(self, config: PerturbationConfig) -> str:
        """What else it has to know."""
        return config.mode or ""

    def wrong(self, config: PerturbationConfig, scene: Scene) -> Iterator[Problem]:  # noqa: ARG002 - for subclasses
        """What is wrong with a perturbation beside what holds for all effects; each problem names the field only."""
        yield from ()

    def offered(self, scene: Scene, target: str) -> bool:
        """Whether it can be wanted of a path."""
        return any(self.feels(station) for station in scene.targets(target))

    def choices(self, scene: Scene, target: str) -> dict[str, tuple[str, ...]]:  # noqa: ARG002 - for subclasses
        """What may stand in fields of a perturbation of a path that name something, by the field."""
        return {}

    def apply(self, scene: Scene, command: Command) -> None:
        """Do it to the units of a command."""
        for station in scene.targets(command.target):
            if self.feels(station):
                self.hit(scene, station, command)

    def hit(self, scene: Scene, station: Station, command: Command) -> None:
        """Do it to one unit."""


def switched(scene: Scene, station: Station, command: Command, action: str, on: bool) -> bool:
    """Whether a unit has to be switched; keeps who is switched by which cause."""
    key = (action, str(station.path), command.cause)
    if on == (key in scene.marks):
        return False
    if on:
        scene.marks.add(key)
    else:
        scene.marks.discard(key)
    return True
