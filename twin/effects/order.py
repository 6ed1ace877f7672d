"""Job orders from outside."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from twin.config.plant import PerturbationConfig
from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.requested import JobRequest
from twin.engine.station import Station
from twin.errors import Problem

LARGEST = 100_000
"""Most pieces of one order, all of which stand ready at once."""


@effects.register("order")
class OrderRelease(Effect):
    """A job order over ``quantity`` pieces of ``item`` is released at an order desk, or at a source with a list.

    The item is one of those in the desk's plan, or in the source's list: the flow of others was never looked at. It
    may be left out where there is only one.
    """

    value, default, lasts = "quantity", 1.0, False

    def feels(self, station: Station) -> bool:
        return bool(station.orderable())

    def detail(self, config: PerturbationConfig) -> str:
        due_s = inf if config.due is None else config.due
        return JobRequest(config.item or "", config.order or "", due_s, config.priority).words

    def wrong(self, config: PerturbationConfig, scene: Scene) -> Iterator[Problem]:
        desks = [one for one in scene.targets(config.target) if self.feels(one)]
        if len(desks) > 1:
            yield Problem("target", "one unit that releases job orders", ", ".join(str(one.path) for one in desks))
        known = self.choices(scene, config.target)["item"]
        if config.item not in known and (config.item is not None or len(known) > 1):
            yield Problem("item", f"one of {', '.join(known)}", repr(config.item))
        if config.quantity is not None and config.quantity > LARGEST:
            yield Problem("quantity", f"at most {LARGEST} pieces", str(config.quantity))

    def offered(self, scene: Scene, target: str) -> bool:
        return sum(map(self.feels, scene.targets(target))) == 1

    def choices(self, scene: Scene, target: str) -> dict[str, tuple[str, ...]]:
        return {"item": tuple(dict.fromkeys(item for unit in scene.targets(target) for item in unit.orderable()))}

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        asked = JobRequest.of(command.detail)
        given = asked._replace(
            item=asked.item or station.orderable()[0], id=asked.id or f"{command.cause}-{command.at_s:.0f}"
        )
        station.release_order(given, round(command.factor))
