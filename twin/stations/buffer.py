"""A buffer between stations."""

from __future__ import annotations

from pydantic import Field

from twin.config import StationConfig
from twin.units import Count


class BufferConfig(StationConfig):
    """Holds items in the order of arrival; passes them on at once when there is room ahead."""

    capacity: int = Field(ge=1, description="places")
    initial: dict[str, Count] = Field(default={}, description="items in it at the start, number by item")
