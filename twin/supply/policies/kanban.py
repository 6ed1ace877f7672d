"""Kanban call-off: a container that is empty calls for the next."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.supply.policies import Policy, PolicyConfig, Review, Stock, register


class KanbanConfig(PolicyConfig):
    """As many cards as containers: one container is called off when one has become empty.

    What customers are still owed calls for nothing: stock and orders together never exceed the cards.
    """

    cards: Annotated[int, Field(ge=1)] = Field(description="number of kanban cards")
    container: Annotated[int, Field(ge=1)] = Field(default=1, description="pieces in a container")
    review: Review | None = Field(default=None, description="time between call-offs; default: after every change")


@register("kanban", KanbanConfig)
class Kanban(Policy):
    """Kanban call-off by the container."""

    def wanted(self, stock: Stock) -> int:
        container = int(self.settings.container)
        free = int(self.settings.cards) * container - stock.on_hand - stock.on_order
        return max(0, free // container * container)
