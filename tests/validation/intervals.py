"""Confidence intervals of simulated means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Interval(NamedTuple):
    """Mean with the half width of its confidence interval."""

    mean: float
    half: float

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        return abs(self.mean - value) <= self.half

    def __str__(self) -> str:
        return f"{self.mean:.5f} ± {self.half:.5f}"


def confidence(values: Sequence[float], level: float = 0.99) -> Interval:
    """Student interval of independent replications or batch means."""
    data = np.asarray(values, dtype=float)
    spread = data.std(ddof=1) / np.sqrt(len(data))
    return Interval(float(data.mean()), float(stats.t.ppf((1 + level) / 2, len(data) - 1) * spread))
