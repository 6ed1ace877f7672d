"""The policy (R, Q)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.quantities import Count
from twin.supply.policies import Policy, PolicyConfig, Review, Stock, register


class ReorderQuantityConfig(PolicyConfig):
    """(R, Q): at or below the reorder point R, orders as many batches of Q as bring it above R."""

    reorder: Count = Field(description="reorder point R, pieces")
    quantity: Annotated[int, Field(ge=1)] = Field(description="order quantity Q, pieces")
    review: Review | None = Field(default=None, description="time between reviews; default: after every change")


@register("reorder_quantity", ReorderQuantityConfig)
class ReorderQuantity(Policy):
    """(R, Q): reorder point and fixed order quantity."""

    def wanted(self, stock: Stock) -> int:
        below, quantity = int(self.settings.reorder) - stock.position, int(self.settings.quantity)
        return (below // quantity + 1) * quantity if below >= 0 else 0
