"""How a live run looks ahead."""

from __future__ import annotations

from pydantic import Field

from twin.config.plant import Config
from twin.quantities import Duration


class ForecastConfig(Config):
    """How a live run looks ahead: branches of the plant run to a horizon, published as bands."""

    every: Duration | None = Field(
        default=None, ge=5, description="real time between two forecasts of a live run; None: only when asked for"
    )
    horizon: str = Field(default="8 h", max_length=64, description="a duration, shift_end or order_due")
    forks: int = Field(default=100, ge=1, le=1000, description="branches of one forecast")
    step: Duration = Field(default=3600.0, ge=60, description="windows on the way; of an hour: those of reality")
    workers: int = Field(default=1, ge=1, le=64, description="processes that run the branches, at low priority")
