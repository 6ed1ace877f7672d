"""Ranking and selection: the best of several systems with a stated probability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


@dataclass(frozen=True, slots=True)
class Screening:
    """State of the procedure of Kim and Nelson.

    Args:
        alive: Systems that may still be the best, in their order.
        best: The selected one; None while more replications are needed.
        stage: Replications of each alive system that were used.
        eliminated: Replication at which each of the others was left out.
    """

    alive: tuple[int, ...]
    best: int | None
    stage: int
    eliminated: Mapping[int, int] = field(default_factory=dict)


class KimNelson:
    """Fully sequential selection with elimination (KN), for systems simulated with common random numbers or without.

    With normal figures the selected system is the best with probability ``confidence`` whenever the
    best is better than the second by the indifference zone or more. A pure function of the figures,
    so it goes the same way however they were computed.

    Args:
        indifference: Smallest difference worth detecting, above 0.
        confidence: Probability of correct selection, above 1 / number of systems.
        first: Replications of the first stage, 2 or more.

    Source: Kim and Nelson 2001, ACM TOMACS 11(3), with c = 1.
    """

    def __init__(self, indifference: float, confidence: float = 0.95, first: int = 10):
        self.indifference, self.confidence, self.first = indifference, confidence, first

    def screen(self, figures: Sequence[Sequence[float]]) -> Screening:
        """Go as far as the figures allow.

        Args:
            figures: Per system, larger is better, by replication; eliminated systems need no more.
        """
        alive = list(range(len(figures)))
        if min(len(row) for row in figures) < self.first or len(alive) == 1:
            return Screening(tuple(alive), alive[0] if len(alive) == 1 else None, 0)
        spread = self._spread(figures)
        last = int(np.floor(spread.max() / self.indifference**2))
        sums = np.array([float(np.sum(row[: self.first - 1])) for row in figures])
        gone: dict[int, int] = {}
        stage = self.first
        while all(len(figures[i]) >= stage for i in alive):
            for i in alive:
                sums[i] += figures[i][stage - 1]
            alive = self._left(alive, sums / stage, spread, stage, gone)
            if len(alive) == 1 or stage > last:
                best = max(alive, key=lambda i: (sums[i], -i))
                return Screening(tuple(alive), best, stage, gone)
            stage += 1
        return Screening(tuple(alive), None, stage - 1, gone)

    def _spread(self, figures: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        """h^2 times the sample variance of each difference in the first stage, float64[systems, systems]."""
        n, systems = self.first, len(figures)
        eta = ((2 * (1 - self.confidence) / (systems - 1)) ** (-2 / (n - 1)) - 1) / 2
        head = np.array([row[:n] for row in figures], dtype=float)
        variance = np.var(head[:, None, :] - head[None, :, :], axis=2, ddof=1)
        return np.asarray(2 * eta * (n - 1) * variance, dtype=float)

    def _left(
        self,
        alive: list[int],
        means: NDArray[np.float64],
        spread: NDArray[np.float64],
        stage: int,
        gone: dict[int, int],
    ) -> list[int]:
        room = np.maximum(0.0, (spread / self.indifference - self.indifference * stage) / (2 * stage))
        left = [i for i in alive if all(means[i] >= means[other] - room[i, other] for other in alive if other != i)]
        gone.update({i: stage for i in alive if i not in left})
        return left


def ocba(means: ArrayLike, deviations: ArrayLike, total: int) -> NDArray[np.int64]:
    """Optimal computing budget allocation: how to share replications so that the best is found most surely.

    Args:
        means: Sample means, larger is better, float[systems].
        deviations: Sample standard deviations, float[systems].
        total: Replications over all systems.

    Returns:
        Replications per system, int64[systems], that sum up to the total.

    Source: Chen, Lin, Yucesan and Chick 2000, Discrete Event Dynamic Systems 10; for independent replications.

    >>> ocba([10.0, 9.0, 5.0], [2.0, 2.0, 2.0], 100).tolist()
    [49, 49, 2]
    """
    mean, spread = np.asarray(means, dtype=float), np.asarray(deviations, dtype=float)
    spread = np.maximum(spread, 1e-12 * max(1.0, float(np.abs(mean).max())))
    best = int(np.argmax(mean))
    gap = mean[best] - mean
    tiny = 1e-9 * max(1.0, float(np.abs(mean).max()))
    ratio = (spread / np.maximum(gap, tiny)) ** 2
    ratio[best] = 0.0
    ratio[best] = spread[best] * math.sqrt(float(np.sum((ratio / spread) ** 2)))
    exact = total * ratio / ratio.sum()
    share: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(share - exact, kind="stable")
    share[order[: total - int(share.sum())]] += 1
    return share


def correct_selection(means: ArrayLike, deviations: ArrayLike, counts: ArrayLike) -> float:
    """Lower bound of the probability that the system with the best sample mean is the best one.

    Source: Chen et al. 2000, approximate probability of correct selection (Bonferroni).
    """
    mean, spread, n = (np.asarray(values, dtype=float) for values in (means, deviations, counts))
    best = int(np.argmax(mean))
    error = np.sqrt(spread[best] ** 2 / n[best] + spread**2 / n)
    others = np.arange(len(mean)) != best
    gap, error = mean[best] - mean[others], np.maximum(error[others], 1e-300)
    return max(0.0, 1.0 - float(stats.norm.cdf(-gap / error).sum()))


def pareto(figures: ArrayLike) -> NDArray[np.bool_]:
    """Which rows no other row beats, bool[rows].

    Args:
        figures: Larger is better in every column, float[rows, objectives].

    >>> pareto([[1.0, 3.0], [2.0, 2.0], [1.0, 2.0]]).tolist()
    [True, True, False]
    """
    data = np.asarray(figures, dtype=float)
    as_good = (data[:, None, :] >= data[None, :, :]).all(axis=2)
    better = (data[:, None, :] > data[None, :, :]).any(axis=2)
    return np.asarray(~(as_good & better).any(axis=0))
