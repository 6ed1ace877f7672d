"""Order up to a forecast of the demand until the order after this one arrives."""

from __future__ import annotations

from collections import deque
from math import sqrt
from statistics import stdev
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from twin.quantities import Count, Duration
from twin.supply.amounts import Number
from twin.supply.policies import Policy, PolicyConfig, Review, Stock, register


class ForecastConfig(PolicyConfig):
    """Orders up to forecast demand over lead time and review, plus safety stock, at every review.

    The forecast is the moving average of the last ``periods`` reviews, or exponential smoothing with
    ``weight``. Until there is a past, ``start`` is the forecast.
    """

    review: Review = Field(description="time between reviews, the period of the forecast")
    lead_time: Duration = Field(description="planned lead time; the order covers it and one review")
    periods: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="moving average over so many"
    )
    weight: Annotated[float, Field(gt=0, le=1), "ratio"] | None = Field(
        default=None, description="exponential smoothing: weight of the newest period"
    )
    start: Count = Field(default=0, description="demand of one period that is expected at the start, pieces")
    safety_stock: Count = Field(default=0, description="fixed safety stock, pieces")
    safety_factor: Number = Field(
        default=0.0, description="safety stock as a multiple of the deviation of demand over lead time and review"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.periods is None) == (self.weight is None):
            raise ValueError("expected either periods (moving average) or weight (exponential smoothing)")
        return self


SPREAD = 26
"""Periods of the past that the deviation is taken from when the forecast is smoothed."""


@register("forecast", ForecastConfig)
class Forecast(Policy):
    """Order up to a forecast: moving average or exponential smoothing, with safety stock."""

    steady: ClassVar[bool] = False

    def __init__(self, config: Any):
        super().__init__(config)
        self.period = 0
        self.past: deque[int] = deque(maxlen=config.periods or SPREAD)
        self.smoothed = float(config.start)

    def demanded(self, pieces: int) -> None:
        self.period += pieces

    def wanted(self, stock: Stock) -> int:
        settings, new = self.settings, self.period
        self.past.append(new)
        self.period = 0
        if settings.weight is not None:
            self.smoothed += settings.weight * (new - self.smoothed)
        return max(0, round(self._target()) - stock.position)

    def _target(self) -> float:
        """Forecast demand over lead time and one review, plus safety stock.

        Source: order-up-to level with estimated demand, e.g. Chen et al. (2000), Management Science 46(3).
        """
        settings = self.settings
        covered = settings.lead_time / settings.review + 1.0
        spread = stdev(self.past) if settings.safety_factor and len(self.past) > 1 else 0.0
        safety = settings.safety_stock + settings.safety_factor * spread * sqrt(covered)
        return float(covered * self._expected() + safety)

    def _expected(self) -> float:
        if self.settings.weight is not None:
            return self.smoothed
        missing = self.settings.periods - len(self.past)
        return float((sum(self.past) + missing * self.settings.start) / self.settings.periods)
