"""Where material enters a plant."""

from __future__ import annotations

from pydantic import Field

from twin.config import StationConfig
from twin.distributions import Durations


class SourceConfig(StationConfig):
    """Releases items, one at a time or in a repeated mix."""

    mix: dict[str, int] = Field(
        min_length=1,
        description="items released, with the number of each in one round; rounds repeat in the order written",
    )
    interval: Durations | None = Field(
        default=None, description="time between releases; None: as fast as the next station takes them"
    )
    limit: int | None = Field(default=None, ge=1, description="number of items released in all; None: no limit")
