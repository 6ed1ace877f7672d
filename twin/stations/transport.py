"""A transport inside a site: conveyor, delay line, monorail."""

from __future__ import annotations

from pydantic import Field

from twin.config import StationConfig
from twin.distributions import Durations


class TransportConfig(StationConfig):
    """Carries items for a time, any number at once up to its capacity, in the order of arrival."""

    time: Durations = Field(description="time from entry to exit")
    capacity: int = Field(default=1_000_000, ge=1, description="items on it at once")
