"""Arithmetic of the indicators: absent instead of NaN, and never clipped."""

from __future__ import annotations

from collections.abc import Iterable

NS_PER_S = 1_000_000_000
NS_PER_H = 3600 * NS_PER_S


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """``numerator / denominator``; None (absent) when the denominator is 0 or something is absent.

    >>> ratio(330, 450), ratio(1, 0)
    (0.7333333333333333, None)
    """
    if numerator is None or denominator is None or denominator == 0:
        return None
    return numerator / denominator


def product(factors: Iterable[float | None]) -> float | None:
    """Product of factors; None when one is absent.

    >>> product([0.5, 0.5]), product([0.5, None])
    (0.25, None)
    """
    result = 1.0
    for factor in factors:
        if factor is None:
            return None
        result *= factor
    return result
