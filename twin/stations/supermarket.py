"""A supermarket: shelves by item, from which successors take what they need."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from twin.behaviours.choosing import ChoosingBuffer
from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.quantities import Count
from twin.stations import stations


class SupermarketConfig(StationConfig):
    """Holds each item on a shelf of its own; whoever comes takes the items that it needs.

    Example: `{id: market, kind: supermarket, places: {gear: 6, shaft: 4}, to: [assembly]}`
    """

    frees_cards: ClassVar[bool] = True

    places: dict[Item, Count] = Field(min_length=1, description="places by item; other items do not come here")
    initial: dict[Item, Count] = Field(default={}, description="items in it at the start, number by item")

    @property
    def instant(self) -> bool:
        return True

    def accepts(self, items: set[str]) -> set[str]:
        return items & self.places.keys()


@stations.register("supermarket", config=SupermarketConfig)
class Supermarket(ChoosingBuffer):
    """Shelves with places by item: one item that nobody needs stands in no other's way.

    A successor gets the oldest item that it has use for: an assembly what its bill of materials lacks,
    a sink with a sequence what is demanded next. With a `kanban` that names it as its exit, every
    withdrawal releases production of the same item.
    """

    titles = ("Supermarket", "物料超市")
    config = SupermarketConfig
    __slots__ = ()
