"""Where material leaves a plant."""

from __future__ import annotations

from pydantic import Field

from twin.config import StationConfig
from twin.distributions import Durations


class SinkConfig(StationConfig):
    """Takes finished items, at once or at the pace of demand; counts what leaves."""

    interval: Durations | None = Field(default=None, description="time between withdrawals; None: takes at once")
    final: bool = Field(default=True, description="what leaves is a shipped final product")
