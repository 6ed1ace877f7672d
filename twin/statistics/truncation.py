"""Where the warm-up of a run ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Truncation:
    """What a rule for the warm-up found.

    Args:
        cut: Number of values to leave out at the begin.
        found: Whether the rest is clearly longer than the cut; if not, the run is too short to tell.
        curve: Statistic of the rule by number of batches left out.
    """

    cut: int
    found: bool
    curve: NDArray[np.float64]


def mser(values: ArrayLike, batch: int = 5) -> Truncation:
    """Marginal standard error rule on batch means, MSER-5: the cut that makes the mean of the rest most certain.

    Args:
        values: One figure per equal span of time, e.g. parts per minute; averaged over replications it is surer.
        batch: Values per batch.

    Raises:
        ValueError: There are fewer than 10 batches.

    Source: White 1997, Simulation 69(6); White, Cobb and Spratt 2000 (batches of 5, cut in the first half).

    >>> mser([0.0] * 20 + [1.0, 1.2] * 60).cut
    20
    """
    data = np.asarray(values, dtype=float)
    count = len(data) // batch
    if count < 10:
        raise ValueError(f"MSER: expected at least {10 * batch} values, got {len(data)}")
    means = data[: count * batch].reshape(count, batch).mean(axis=1)
    left = np.arange(count, 0, -1)
    total = np.cumsum(means[::-1])[::-1]
    squares = np.cumsum(((means - means.mean()) ** 2)[::-1])[::-1]
    offset = total / left - means.mean()
    curve = np.maximum(squares - left * offset**2, 0.0) / left**2
    cut = int(np.argmin(curve[: count - 5]))
    return Truncation(min(cut, count // 2) * batch, cut < count // 2, curve)
