"""Release of production by kanban cards."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from twin.behaviours.card_loops import CardGate
from twin.config.named import Item
from twin.config.plant import Reference, StationConfig
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.quantities import Count
from twin.stations import stations


class KanbanConfig(StationConfig):
    """Lets an item in while one of its cards is free; a withdrawal at the exit frees one.

    Example: `{id: board, kind: kanban, cards: {gear: 6, shaft: 4}, exit: market}`
    """

    fed: ClassVar[bool] = True

    cards: dict[Item, Count] = Field(min_length=1, description="cards in the loop by item that enters")
    exit: str = Field(description="unit whose withdrawals free cards, usually a supermarket")

    def card(self, item: str) -> tuple[str, float] | None:
        return (item, self.cards[item]) if item in self.cards else None

    @property
    def instant(self) -> bool:
        return True

    def references(self) -> tuple[Reference, ...]:
        return (*super().references(), Reference("exit", self.exit, "frees_cards"))

    def accepts(self, items: set[str]) -> set[str]:
        return items & self.cards.keys()

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:  # noqa: ARG002 - the cards say all
        hint = "without a card nothing enters; leave the item out"
        return [Problem(f"{path} cards.{item}", "at least 1", "0", hint) for item, n in self.cards.items() if n < 1]


@stations.register("kanban", config=KanbanConfig)
class Kanban(CardGate):
    """A board with cards by item: what is withdrawn from the supermarket at the end may be made again.

    An item without cards does not enter. It has no place of its own: items wait upstream, best in a
    source of their own each, a supermarket or a storage, where one does not stand in another's way.
    """

    titles = ("Kanban board", "看板")
    role = "desk"
    config = KanbanConfig
    __slots__ = ()

    def limits(self, config: Any) -> dict[str, int]:
        return dict(config.cards)

    def card_of(self, item: str) -> str | None:
        return item if item in self.cards else None
