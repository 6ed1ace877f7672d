"""Confidence intervals of means: independent replications, batches of one run, pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True, slots=True)
class Interval:
    """Mean with its confidence interval ``mean - half .. mean + half``.

    Args:
        mean: Estimate.
        half: Half width; infinite for a single value.
        n: Number of values.
        deviation: Sample standard deviation of one value.
        level: Confidence.
    """

    mean: float
    half: float
    n: int
    deviation: float
    level: float

    @property
    def low(self) -> float:
        """Lower end."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + self.half

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        """A mean or a half width that is not known is a dash."""
        if math.isnan(self.mean):
            return "-"
        if not math.isfinite(self.half):
            return f"{self.mean:.6g} ± -"
        return f"{self.mean:.6g} ± {self.half:.2g}"


def student(values: ArrayLike, level: float = 0.95) -> Interval:
    """Interval of the mean of independent, roughly normal values such as figures of replications.

    Args:
        values: One per replication; NaN is not allowed.
        level: Confidence, between 0 and 1.

    Source: Student's t; Law 2015, Simulation Modeling and Analysis, 4.5.

    >>> print(student([9.0, 10.0, 11.0], 0.95))
    10 ± 2.5
    """
    data = np.asarray(values, dtype=float)
    n = len(data)
    if n < 2:
        return Interval(float(data.mean()) if n else math.nan, math.inf, n, math.nan, level)
    deviation = float(data.std(ddof=1))
    half = quantile(level, n - 1) * deviation / math.sqrt(n)
    return Interval(float(data.mean()), half, n, deviation, level)


def quantile(level: float, freedom: int) -> float:
    """Two-sided quantile of Student's t."""
    return float(stats.t.ppf((1 + level) / 2, freedom))


def batch_means(values: ArrayLike, batches: int = 30, level: float = 0.95) -> Interval:
    """Interval of the mean of one long stationary series, from the means of equal batches.

    Args:
        values: Series without its warm-up; what is left over by equal batches is cut off its begin.
        batches: Number of batches.
        level: Confidence.

    Raises:
        ValueError: There are fewer values than batches, or fewer than two batches.

    Source: Law 2015, 9.5.3.
    """
    data = np.asarray(values, dtype=float)
    size = len(data) // batches
    if size == 0 or batches < 2:
        raise ValueError(f"batch means: expected 2 batches or more of 1 value or more, got {len(data)} in {batches}")
    return student(data[len(data) - size * batches :].reshape(batches, size).mean(axis=1), level)


def paired(values: Sequence[float], baseline: Sequence[float], level: float = 0.95) -> Interval:
    """Interval of the mean difference of two alternatives run with common random numbers.

    Args:
        values: Figures of the alternative, by replication.
        baseline: Figures of the other with the same random numbers; the longer one is cut.
        level: Confidence.

    Source: Law 2015, 10.2.1 (paired t).

    >>> paired([2.0, 3.0, 4.1], [1.0, 2.0, 3.0]).mean.__round__(6)
    1.033333
    """
    n = min(len(values), len(baseline))
    return student(np.asarray(values[:n], dtype=float) - np.asarray(baseline[:n], dtype=float), level)


def simultaneous(level: float, comparisons: int) -> float:
    """Confidence of each of several intervals that together hold with ``level`` (Bonferroni).

    >>> round(simultaneous(0.95, 5), 6)
    0.99
    """
    return 1 - (1 - level) / max(1, comparisons)


def replications_for(interval: Interval, target: float, most_growth: float = 2.0) -> int:
    """Replications after which the half width will be about ``target``; more than now, at most ``most_growth`` times.

    Source: n grows with the square of the half width; own rule for the limit, so that a bad early
    estimate of the deviation costs little.
    """
    if not interval.half > target:
        return interval.n
    wanted = interval.n * (interval.half / target) ** 2 if target > 0 else math.inf
    return max(interval.n + 1, math.ceil(min(wanted, most_growth * interval.n)))
