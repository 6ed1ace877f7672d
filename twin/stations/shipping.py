"""Dispatch of loads to another site."""

from __future__ import annotations

from pydantic import Field

from twin.config import StationConfig
from twin.distributions import Durations
from twin.units import Count, Distance


class ShippingConfig(StationConfig):
    """Collects items into loads and sends each to a receiving unit when that has room for it.

    ``to`` names the receiving units by full path; loads go in turn to the first that has room.
    """

    load: int = Field(ge=1, description="items of one load")
    capacity: int = Field(ge=1, description="places on the dock, at least one load")
    initial: dict[str, Count] = Field(default={}, description="items on the dock at the start, number by item")
    time: Durations = Field(description="transport time to the receiving site")
    distance: Distance | None = Field(default=None, description="way to the receiving site")
