"""Arrival of loads from another site, and the stock that is kept of them."""

from __future__ import annotations

from pydantic import Field

from twin.config import StationConfig
from twin.units import Count


class ReceivingConfig(StationConfig):
    """Stores arrived items and passes them on when there is room ahead.

    Its capacity counts items on hand and on the way, so a full store stops its suppliers.
    """

    capacity: int = Field(ge=1, description="places, including items on the way")
    initial: dict[str, Count] = Field(default={}, description="items on hand at the start, number by item")
