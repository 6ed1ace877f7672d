"""An assembly station: joins components by a bill of materials."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from math import inf
from typing import ClassVar, Self

from pydantic import Field, model_validator

from twin.behaviours.processor import Processor
from twin.config.named import Item
from twin.config.plant import ProcessConfig
from twin.engine.station import Load, Lot, Part, Setting, Station
from twin.engine.waits import FREE, Act, Waits, any_gives
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.stations import stations


class AssemblyConfig(ProcessConfig):
    """Starts when all components of one product are there; consumes them, gives the product.

    Levels of a bill of materials are stations one after another. One station that makes several
    products has `variants` instead of `bom` and `makes`.

    Example: `{id: marry, kind: assembly, variants: {red: {body: 1, seat_red: 2}, blue: {body: 1, seat_blue: 2}}}`
    """

    joins: ClassVar[bool] = True

    bom: dict[Item, int] = Field(default={}, description="components of one product, number by item")
    makes: Item | None = Field(default=None, description="item that leaves")
    variants: dict[Item, dict[Item, int]] = Field(
        default={}, description="components by product; of several that are complete the one listed first is made"
    )
    sets: int = Field(default=2, ge=1, description="component sets for which there is room beside the station")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        single, several = bool(self.bom) and self.makes is not None, bool(self.variants)
        if single == several or (several and (self.bom or self.makes)):
            raise ValueError("expected 'bom' and 'makes', or 'variants'")
        return self

    @property
    def products(self) -> dict[str, dict[str, int]]:
        """Components by product."""
        return self.variants or {str(self.makes): self.bom}

    @property
    def parts(self) -> dict[str, dict[str, int]]:
        """Which pieces a product is made of, by product."""
        return self.products

    @property
    def takes(self) -> dict[str, int]:
        """Pieces that a product is made of, by product."""
        return {product: sum(bom.values()) for product, bom in self.products.items()}

    @property
    def needed(self) -> dict[str, int]:
        """The greatest number of each component that a product needs."""
        most: dict[str, int] = {}
        for bom in self.products.values():
            for item, number in bom.items():
                most[item] = max(number, most.get(item, 0))
        return most

    def accepts(self, items: set[str]) -> set[str]:
        return items & self.needed.keys()

    def leaving(self, items: set[str], to: EquipmentPath) -> set[str]:  # noqa: ARG002 - the same to all
        return {product for product, bom in self.products.items() if bom.keys() <= items}

    def makings(self, items: set[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
        for product, bom in self.products.items():
            if bom.keys() <= items:
                yield product, dict(bom)

    def gathers(self, items: set[str]) -> Iterator[tuple[str, set[str], int]]:  # noqa: ARG002 - all that it joins
        for product, bom in self.products.items():
            field = f"variants.{product}" if self.variants else "bom"
            yield from ((field, {item}, number) for item, number in bom.items())
            yield field, {*bom}, sum(bom.values())

    def awaits(self, items: set[str]) -> float:
        sets = [[number for item, number in bom.items() if item in items] for bom in self.products.values()]
        return max((inf if len(numbers) > 1 else numbers[0] - 1 for numbers in sets if numbers), default=0)

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:
        field = "variants" if self.variants else "bom"
        hint = "check the 'to' of its supplier"
        missing = sorted(self.needed.keys() - items)
        found = [Problem(f"{path} {field}.{i}", "a station that delivers it here", "none", hint) for i in missing]
        few = [item for bom in self.products.values() for item, number in bom.items() if number < 1]
        return found + [Problem(f"{path} {field}.{item}", "at least 1", "less") for item in few]


@stations.register("assembly", config=AssemblyConfig)
class Assembly(Processor):
    """Takes components of its bill of materials as long as it has room for them, each item on its own.

    A set is consumed when the operation begins; a scrapped product takes its components with it. Where
    components have an identity, that of the first listed goes on with the product; what travels with any does.
    """

    titles = ("Assembly", "装配工位")
    config = AssemblyConfig
    local = True
    __slots__ = ("boms", "brought", "lacking", "loose", "lots", "room")

    def __init__(self, setting: Setting[AssemblyConfig]):
        config = setting.config
        self.boms = [(setting.parts(product), tuple(bom.items())) for product, bom in config.products.items()]
        self.room = {item: number * config.sets for item, number in config.needed.items()}
        self.loose = dict.fromkeys(self.room, 0)
        self.lacking = {*self.room}
        self.lots: dict[str, deque[Lot]] = {}
        self.brought: dict[Station, set[str]] = {}
        super().__init__(setting)

    def link(self, successors: tuple[Station, ...], predecessors: tuple[Station, ...]) -> None:
        super().link(successors, predecessors)
        self.feed = None

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:
        super().connect(stations, items)
        for giver in self.predecessors:
            self.brought[giver] = giver.setting.config.leaving(items[giver.path], self.path)

    def offer(self, part: Load) -> bool:
        item = part.item
        if self.closed or self.loose.get(item, 0) >= self.room.get(item, 0):
            return False
        self._lay(part)
        if self.idle and (product := self._consume()) is not None:
            self.idle.pop().begin(product)
        return True

    def items_wanted(self) -> set[str]:
        return self.lacking

    def admits(self, part: Load) -> bool:
        return not self.closed and self.loose.get(part.item, 0) < self.room.get(part.item, 0)

    def _lay(self, part: Load) -> None:
        item = part.item
        self.loose[item] += 1
        if self.loose[item] >= self.room[item]:
            self.lacking.discard(item)
        if type(part) is Lot:
            self.lots.setdefault(item, deque()).append(part)

    def _identity(self, product: Part, bom: Iterable[tuple[str, int]]) -> Load:
        """The product, as the first lot among its components goes on; the others end here."""
        used = [lots.popleft() for item, number in bom if (lots := self.lots.get(item)) for _ in range(number) if lots]
        first = next((lot for lot in used if lot.order), used[0] if used else None)
        if first is None:
            return product
        for lot in used:
            first.carried += lot.carried if lot is not first else ()
            if lot is not first and lot.owner is not None:
                lot.owner.left(lot, self)
        return first.become(product)

    def _consume(self) -> Load | None:
        """The first product whose components are there, which are used up."""
        loose = self.loose
        for product, bom in self.boms:
            if all(loose[item] >= number for item, number in bom):
                for item, number in bom:
                    loose[item] -= number
                self.lacking.update(item for item, _ in bom)
                self.kernel.soon.append(self.pull)
                return self._identity(product, bom) if self.lots else product
        return None

    def ask(self) -> Load | None:
        return self._consume()

    def before_beginning(self) -> Waits:
        lacking = [[item for item, number in bom if self.loose[item] < number] for _, bom in self.boms]
        if not all(lacking):
            return FREE
        groups = [any_gives(giver for item in items for giver in self._givers(item)) for items in lacking]
        if len(groups) > 1:  # of several products any will do
            return (tuple(act for group in groups for act in group),)
        return tuple(any_gives(self._givers(item)) for item in lacking[0])

    def _givers(self, item: str) -> list[Station]:
        return [giver for giver in self.predecessors if item in self.brought.get(giver, ())]

    def before_taking(self, item: str) -> Waits:
        return FREE if self.loose.get(item, 0) < self.room.get(item, 0) else ((Act(self, None),),)

    def made_of(self, part: Part) -> Part:
        return part

    def pull(self) -> None:
        while not self.closed and self._take_one():
            pass
        while self.idle and not self.closed and (product := self._consume()) is not None:
            self.idle.pop().begin(product)
        self.show()

    def _take_one(self) -> bool:
        givers = self.predecessors
        for step in range(len(givers)):
            index = (self.turn_in + step) % len(givers)
            part = givers[index].peek(self)
            if part is not None and self.loose.get(part.item, 0) < self.room.get(part.item, 0):
                givers[index].take(self)
                self._lay(part)
                self.turn_in = (index + 1) % len(givers)
                return True
        return False

    def contents(self) -> list[Load]:
        loose = [self.setting.parts(item) for item, number in self.loose.items() for _ in range(number)]
        return loose + super().contents()
