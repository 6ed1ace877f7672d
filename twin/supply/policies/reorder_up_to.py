"""The policy (s, S)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from twin.quantities import Count
from twin.supply.policies import Policy, PolicyConfig, Review, Stock, register


class ReorderUpToConfig(PolicyConfig):
    """(s, S): at or below the reorder point s, orders up to the level S."""

    reorder: Count = Field(description="reorder point s, pieces")
    up_to: Count = Field(description="order-up-to level S, pieces")
    review: Review | None = Field(default=None, description="time between reviews; default: after every change")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.up_to <= self.reorder:
            raise ValueError(f"expected up_to above reorder, got {self.up_to} and {self.reorder}")
        return self


@register("reorder_up_to", ReorderUpToConfig)
class ReorderUpTo(Policy):
    """(s, S): reorder point and order-up-to level."""

    def wanted(self, stock: Stock) -> int:
        low = stock.position <= self.settings.reorder
        return int(self.settings.up_to) - stock.position if low else 0
