"""Evaluation of enterprises and investments: per-mu score, colours, retrofit. Weights are the caller's.

Source: own design after published municipal rules; no official weights are built in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from twin.kpi.amounts import ratio

Colour = Literal["green", "blue", "yellow", "orange", "red", "grey"]
LIMITS: tuple[tuple[float, Colour], ...] = ((90, "green"), (80, "blue"), (70, "yellow"), (60, "orange"))
"""Lower bound, inclusive, of the score of each colour; below the last it is red."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One indicator of a score: its weight and the value that earns the weight."""

    weight: float
    baseline: float


def weighted_score(values: Mapping[str, float], criteria: Mapping[str, Criterion], most: float = 1.5) -> float:
    """Per-mu score = sum of weight x value / baseline, each between 0 and ``most`` times its weight.

    A value that is missing earns nothing.

    >>> weighted_score({"tax": 48.0}, {"tax": Criterion(30, 24.0), "land": Criterion(70, 1.0)})
    45.0
    """
    shares = ((c.weight, values.get(name, 0.0) / c.baseline) for name, c in criteria.items())
    return sum(weight * min(most, max(0.0, share)) for weight, share in shares)


def indicator_score(value: float, floor: float, target: float) -> float:
    """Score of one indicator: 0 at the floor, 100 at the target, at most 110; a target below the floor turns it round.

    >>> round(indicator_score(5.5, 0, 6), 6), indicator_score(0.2, 0.4, 0.2)
    (91.666667, 100.0)
    """
    return 100 * min(1.1, max(0.0, (value - floor) / (target - floor)))


def composite_score(scores: Mapping[str, float], weights: Mapping[str, float], least: float = 0.7) -> float | None:
    """Weighted mean over the indicators there are; absent when they carry less than ``least`` of the weight."""
    available = sum(weight for name, weight in weights.items() if name in scores)
    if available < least * sum(weights.values()):
        return None
    return ratio(sum(weights[name] * score for name, score in scores.items()), available)


def colour(score: float | None) -> Colour:
    """Colour of a score; grey when there is none.

    >>> colour(83.0), colour(60.0), colour(None)
    ('blue', 'orange', 'grey')
    """
    if score is None:
        return "grey"
    return next((name for limit, name in LIMITS if score >= limit), "red")


def payback_years(capital: float, yearly: float) -> float | None:
    """Payback = capital / annual net benefit.

    >>> payback_years(12, 4.8)
    2.5
    """
    return ratio(capital, yearly)


def net_present_value(rate: float, capital: float, benefits: Sequence[float]) -> float:
    """Net present value of a capital now and benefits at the end of each year.

    >>> round(net_present_value(0.08, 12, [4.8] * 8), 6)
    15.583867
    """
    return sum(benefit / (1 + rate) ** year for year, benefit in enumerate(benefits, start=1)) - capital


def internal_rate(capital: float, benefits: Sequence[float], steps: int = 200) -> float | None:
    """Rate at which the net present value is 0, by bisection between -99 % and 10,000 %; None outside."""
    low, high = -0.99, 100.0
    if net_present_value(low, capital, benefits) < 0 or net_present_value(high, capital, benefits) > 0:
        return None
    for _ in range(steps):
        middle = (low + high) / 2
        if net_present_value(middle, capital, benefits) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
