"""Base stock: order what has been ordered."""

from __future__ import annotations

from pydantic import Field

from twin.quantities import Count
from twin.supply.policies import Policy, PolicyConfig, Review, Stock, register


class BaseStockConfig(PolicyConfig):
    """Orders up to a level at every review; without a review each demand is ordered again at once."""

    level: Count = Field(description="base stock: inventory position after ordering, pieces")
    review: Review | None = Field(default=None, description="time between reviews; default: after every change")


@register("base_stock", BaseStockConfig)
class BaseStock(Policy):
    """Base stock (one for one, order up to S)."""

    def wanted(self, stock: Stock) -> int:
        return max(0, int(self.settings.level) - stock.position)
