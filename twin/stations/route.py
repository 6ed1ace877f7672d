"""A junction: splits, merges and routes material by a rule."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from twin.config.named import Item, OwnName
from twin.config.plant import StationConfig
from twin.engine.codes import BLOCKED, PRODUCING
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives, any_takes
from twin.equipment import EquipmentPath
from twin.stations import stations

RULES = Literal["free", "round_robin", "priority", "shortest", "share", "item"]


class RouteConfig(StationConfig):
    """Sends each item to one of the units in `to`, by a rule, and takes from its inputs in an order.

    Example: `{id: fork, kind: route, rule: share, shares: {paint_a: 0.7, paint_b: 0.3}, to: [paint_a, paint_b]}`
    """

    fed: ClassVar[bool] = True
    frees_cards: ClassVar[bool] = True

    rule: RULES = Field(
        default="free",
        description="free: the next in turn with room; round_robin: strictly in turn; priority: the first of `to` with "
        "room; shortest: the one with the fewest items inside that has room; share: drawn by `shares`; "
        "item: as `items` says",
    )
    shares: dict[OwnName, float] = Field(
        default={}, description="for share: relative frequency by destination as written in `to`"
    )
    items: dict[Item, str] = Field(
        default={},
        description="for item: destination by item; others go to those of `to` that are not named here, if any",
    )
    inputs: tuple[str, ...] = Field(
        default=(), description="units that it takes from first when several wait, in this order; default: in turn"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        named = {*self.shares, *self.items.values()}
        if named - {*(self.to or ())}:
            strange = ", ".join(sorted(named - {*(self.to or ())}))
            raise ValueError(f"expected destinations that are listed in 'to', got {strange}")
        if self.rule == "share" and (
            not self.shares or min(self.shares.values()) < 0 or sum(self.shares.values()) <= 0
        ):
            raise ValueError("expected 'shares' of the destinations, none negative and not all 0, with rule: share")
        if self.rule == "item" and not self.items:
            raise ValueError("expected 'items' with their destinations, with rule: item")
        return self

    @property
    def instant(self) -> bool:
        return True

    def targets(self, item: str) -> set[str]:
        """Destinations of an item, as written in ``to``."""
        everywhere = {*(self.to or ())}
        if self.rule == "share":
            return {name for name, share in self.shares.items() if share > 0}
        if self.rule != "item":
            return everywhere
        return {self.items[item]} if item in self.items else everywhere - {*self.items.values()}

    def accepts(self, items: set[str]) -> set[str]:
        return {item for item in items if self.to is None or self.targets(item)}

    def leaving(self, items: set[str], to: EquipmentPath) -> set[str]:
        return {item for item in items if self.to is None or any(_means(n, to) for n in self.targets(item))}


def _means(name: str, path: EquipmentPath) -> bool:
    return name == (path if "/" in name else path.name)


@stations.register("route", config=RouteConfig)
class Route(Station):
    """Holds the one item that it decides on until a destination of the rule takes it; takes no time.

    A destination that the rule has drawn or fixed is waited for, even if another has room. It works
    outside shifts too. BLOCKED while an item waits in it.
    """

    titles = ("Junction", "分流点")
    role = "carry"
    config = RouteConfig
    stores = True
    local = True
    __slots__ = ("bounds", "chances", "held_part", "inputs", "rule", "takers", "targets", "turn")

    def __init__(self, setting: Setting[RouteConfig]):
        super().__init__(setting)
        config = setting.config
        self.rule = config.rule
        self.chances = self.stream("share", None) if self.rule == "share" else None
        self.held_part: Load | None = None
        self.takers: tuple[Station, ...] = ()
        self.targets: dict[str, tuple[Station, ...]] = {}
        self.bounds: list[tuple[float, Station]] = []
        self.inputs: tuple[Station, ...] = ()
        self.turn = 0

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:  # noqa: ARG002 - its neighbours are enough
        config: RouteConfig = self.setting.config
        places = {name: taker for name in config.to or () for taker in self.successors if _means(name, taker.path)}
        for item in items[self.path]:
            named = config.targets(item)
            self.targets[item] = tuple(taker for name, taker in places.items() if name in named) or self.successors
        if self.rule == "share":
            drawn = [(share, places[name]) for name, share in config.shares.items() if share > 0]
            total = sum(share for share, _ in drawn)
            ends = accumulate(share / total for share, _ in drawn)
            self.bounds = [(end, taker) for end, (_, taker) in zip(ends, drawn, strict=True)]
        first = [giver for name in config.inputs for giver in self.predecessors if _means(name, giver.path)]
        self.inputs = (*first, *(giver for giver in self.predecessors if giver not in first)) if first else ()

    # --- where to -------------------------------------------------------------------------------

    def _destinations(self, part: Load) -> tuple[Station, ...]:
        """Where a part may go, those to be asked first in front."""
        if self.rule == "share":
            return (self._drawn(),)
        if self.rule == "round_robin":
            self.turn += 1
            return (self.successors[(self.turn - 1) % len(self.successors)],)
        takers = self.targets.get(part.item, self.successors)
        if self.rule == "shortest":
            return tuple(sorted(takers, key=_level))
        return self.successors if self.rule == "free" else takers

    def _drawn(self) -> Station:
        assert self.chances is not None  # noqa: S101 - this rule has them
        chance = self.chances.draw()
        return next((taker for end, taker in self.bounds if chance < end), self.bounds[-1][1])

    # --- neighbours -----------------------------------------------------------------------------

    def offer(self, part: Load) -> bool:
        if self.closed or self.held_part is not None:
            return False
        takers = self._destinations(part)
        if self.offer_in_turn(part, takers):
            self._left(part)
        else:
            self.held_part, self.takers = part, takers
            self.show()
        return True

    def _left(self, part: Load) -> None:
        self.parts += 1
        if self.loops:
            self.leave_loops(part)

    def peek(self, taker: Station) -> Load | None:
        part = self.held_part
        return part if part is not None and not self.closed and taker in self.takers and taker.admits(part) else None

    def take(self, taker: Station) -> Load | None:
        part = self.peek(taker)
        if part is not None:
            self.held_part = None
            self._left(part)
            self.kernel.soon.append(self.pull)
        return part

    def pull(self) -> None:
        while self.held_part is None and not self.closed:
            part = self._ask()
            if part is None:
                break
            self.offer(part)
        self.show()

    def _ask(self) -> Load | None:
        for giver in self.inputs:
            part = giver.take(self)
            if part is not None:
                return part
        return None if self.inputs else self.ask()

    def resume(self) -> None:
        part = self.held_part
        if part is not None and self.offer_in_turn(part, self.takers):
            self.held_part = None
            self._left(part)
        self.pull()

    def active(self) -> int:
        return PRODUCING if self.held_part is None else BLOCKED

    def before_giving(self) -> Waits:
        part = self.held_part
        return (any_gives(self.predecessors) if part is None else any_takes(self.takers, (part.item,)),)

    def before_taking(self, item: str) -> Waits:  # noqa: ARG002 - it holds one, whichever
        return FREE if self.held_part is None else ((Act(self, None),),)

    def contents(self) -> list[Load]:
        return [] if self.held_part is None else [self.held_part]


def _level(station: Station) -> int:
    return station.level
