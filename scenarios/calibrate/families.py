"""Maximum likelihood for every family of durations, with observations that were cut off on the right.

Each family is fitted in parameters that may take any value (logarithms of what must be positive), so that the
curvature of the likelihood gives an interval for each that is possible, too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, log1p, pi, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from twin.distributions import (
    Distribution,
    Exponential,
    Gamma,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    Weibull,
)

Floats = NDArray[np.float64]
Interval = tuple[float, float]
CONFIDENCE = 0.95
STEP = 1e-3
TINY = 1e-12
FARTHEST = 500.0
"""Largest theta: its exponential is still a number."""


@dataclass(frozen=True, slots=True)
class Durations:
    """Durations of one purpose in s.

    Args:
        seen: Seen from begin to end.
        cut: Seen until some time only: the real ones are longer.
    """

    seen: Floats
    cut: Floats

    @property
    def size(self) -> int:
        """Number of all."""
        return len(self.seen) + len(self.cut)


@dataclass(frozen=True, slots=True)
class Fit:
    """A family fitted to durations.

    Args:
        family: The family.
        law: The distribution.
        intervals: 95 % interval of each parameter.
        likelihood: Log-likelihood of the durations.
    """

    family: Family
    law: Distribution
    intervals: dict[str, Interval]
    likelihood: float

    @property
    def aic(self) -> float:
        """Akaike's information criterion: smaller is better."""
        return 2 * len(self.intervals) - 2 * self.likelihood


class Family(ABC):
    """A family with its likelihood.

    ``theta`` are its free parameters, each any real number.
    """

    name: ClassVar[str]

    @abstractmethod
    def start(self, durations: Durations) -> list[float]:
        """A first guess of theta."""

    @abstractmethod
    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:
        """Parameters as a scenario has them; times in s."""

    @abstractmethod
    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        """Logarithm of the density at some durations."""

    @abstractmethod
    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        """Logarithm of the probability of a longer duration."""

    @abstractmethod
    def law(self, p: dict[str, float]) -> Distribution:
        """The distribution with some parameters."""

    def possible(self, durations: Durations) -> bool:
        """Whether the family can have such durations."""
        return len(durations.seen) > 1 and float(durations.seen.min()) > 0.0

    def share_below(self, x: Floats, p: dict[str, float]) -> Floats:
        """Distribution function."""
        return np.asarray(-np.expm1(self.log_beyond(x, p)))

    def fit(self, durations: Durations) -> Fit | None:
        """Maximum likelihood; None when the family cannot have such durations, or no maximum was found."""
        if not self.possible(durations):
            return None

        def cost(theta: Floats) -> float:
            return -self._likelihood(theta, durations)

        start = np.array(self.start(durations))
        with np.errstate(all="ignore"):
            found = optimize.minimize(
                cost, start, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-3, "maxiter": 600}
            )
            if not np.isfinite(found.fun):
                return None
            best = self.natural(found.x, durations)
            return Fit(self, self.law(best), self._intervals(cost, found.x, durations), -float(found.fun))

    def _likelihood(self, theta: Floats, durations: Durations) -> float:
        try:
            p = self.natural(theta, durations)
            total = float(self.log_density(durations.seen, p).sum())
            if len(durations.cut):
                total += float(self.log_beyond(durations.cut, p).sum())
        except (OverflowError, ValueError):
            return -np.inf
        return total if np.isfinite(total) else -np.inf

    def _intervals(self, cost: Callable[[Floats], float], theta: Floats, durations: Durations) -> dict[str, Interval]:
        deviation = _deviations(cost, theta)
        z = float(special.ndtri(0.5 + CONFIDENCE / 2))
        names = list(self.natural(theta, durations))
        found = {}
        for index, name in enumerate(names):
            ends = []
            for sign in (-z, z):
                moved = theta.copy()
                moved[index] = np.clip(moved[index] + sign * deviation[index], -FARTHEST, FARTHEST)
                ends.append(self.natural(moved, durations)[name])
            found[name] = (min(ends), max(ends))
        return found


def _deviations(cost: Callable[[Floats], float], theta: Floats) -> Floats:
    """Standard deviations of theta from the curvature of the cost at its minimum."""
    size = len(theta)
    curvature = np.empty((size, size))
    moves = np.eye(size) * STEP
    for i in range(size):
        for j in range(size):
            corners = [s * t * cost(theta + s * moves[i] + t * moves[j]) for s in (1, -1) for t in (1, -1)]
            curvature[i, j] = sum(corners) / (4 * STEP**2)
    try:
        variance = np.diag(np.linalg.inv(curvature))
    except np.linalg.LinAlgError:
        variance = np.full(size, np.nan)
    usual = 1 / np.sqrt(np.maximum(np.diag(curvature), TINY))
    return np.where(np.isfinite(variance) & (variance > 0), np.sqrt(np.maximum(variance, 0)), usual)


class ExponentialFamily(Family):
    """Memoryless."""

    name = "exponential"

    def start(self, durations: Durations) -> list[float]:
        return [log((durations.seen.sum() + durations.cut.sum()) / len(durations.seen))]

    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:  # noqa: ARG002
        return {"mean": exp(theta[0])}

    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        return -log(p["mean"]) - x / p["mean"]

    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        return -x / p["mean"]

    def law(self, p: dict[str, float]) -> Distribution:
        return Exponential.model_construct(mean=p["mean"])


class WeibullFamily(Family):
    """Wear-out or early failures."""

    name = "weibull"

    def start(self, durations: Durations) -> list[float]:
        spread = float(np.std(np.log(durations.seen)))
        return [log(pi / sqrt(6) / max(spread, 1e-3)), log(float(durations.seen.mean()))]

    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:  # noqa: ARG002
        return {"shape": exp(theta[0]), "scale": exp(theta[1])}

    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        k, ratio = p["shape"], x / p["scale"]
        return np.asarray(log(k / p["scale"]) + (k - 1) * np.log(ratio) - ratio**k)

    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        return np.asarray(-((x / p["scale"]) ** p["shape"]))

    def law(self, p: dict[str, float]) -> Distribution:
        return Weibull.model_construct(shape=p["shape"], scale=p["scale"])


class GammaFamily(Family):
    """Sum-like."""

    name = "gamma"

    def start(self, durations: Durations) -> list[float]:
        mean, variance = float(durations.seen.mean()), float(durations.seen.var())
        return [log(mean**2 / max(variance, TINY)), log(mean)]

    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:  # noqa: ARG002
        return {"shape": exp(theta[0]), "mean": exp(theta[1])}

    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        k, scale = p["shape"], p["mean"] / p["shape"]
        return np.asarray((k - 1) * np.log(x) - x / scale - k * log(scale) - special.gammaln(k))

    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        return np.asarray(np.log(special.gammaincc(p["shape"], x * p["shape"] / p["mean"])))

    def law(self, p: dict[str, float]) -> Distribution:
        return Gamma.model_construct(shape=p["shape"], mean=p["mean"])


class LognormalFamily(Family):
    """Skewed."""

    name = "lognormal"

    def start(self, durations: Durations) -> list[float]:
        return [log(float(durations.seen.mean())), log(max(float(durations.seen.std()), TINY))]

    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:  # noqa: ARG002
        return {"mean": exp(theta[0]), "sd": exp(theta[1])}

    def _z(self, x: Floats, p: dict[str, float]) -> tuple[Floats, float]:
        variance = log1p((p["sd"] / p["mean"]) ** 2)
        return (np.log(x) - log(p["mean"]) + variance / 2) / sqrt(variance), sqrt(variance)

    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        z, spread = self._z(x, p)
        return np.asarray(-np.log(x) - log(spread) - log(2 * pi) / 2 - z**2 / 2)

    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        return np.asarray(special.log_ndtr(-self._z(x, p)[0]))

    def law(self, p: dict[str, float]) -> Distribution:
        return Lognormal.model_construct(mean=p["mean"], sd=p["sd"])


class NormalFamily(Family):
    """Normal, cut off at zero."""

    name = "normal"

    def start(self, durations: Durations) -> list[float]:
        return [log(float(durations.seen.mean())), log(max(float(durations.seen.std()), TINY))]

    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:  # noqa: ARG002
        return {"mean": exp(theta[0]), "sd": exp(theta[1])}

    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        z = (x - p["mean"]) / p["sd"]
        return np.asarray(-log(p["sd"]) - log(2 * pi) / 2 - z**2 / 2 - special.log_ndtr(p["mean"] / p["sd"]))

    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        return np.asarray(special.log_ndtr((p["mean"] - x) / p["sd"]) - special.log_ndtr(p["mean"] / p["sd"]))

    def law(self, p: dict[str, float]) -> Distribution:
        return Normal.model_construct(mean=p["mean"], sd=p["sd"])


class TriangularFamily(Family):
    """Lowest, most likely, highest; the ends lie beyond what was seen."""

    name = "triangular"

    def possible(self, durations: Durations) -> bool:
        return len(durations.seen) > 3 and not len(durations.cut)

    def start(self, durations: Durations) -> list[float]:
        span = float(np.ptp(durations.seen))
        beyond = log(span / sqrt(len(durations.seen)))
        above = 3 * (float(durations.seen.mean()) - float(durations.seen.min())) / span - 1
        mode = float(np.clip(above, 0.05, 0.95))
        return [beyond, float(special.logit(mode)), beyond]

    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:
        low = max(float(durations.seen.min()) - exp(theta[0]), 0.0)
        high = float(durations.seen.max()) + exp(theta[2])
        return {"low": low, "mode": low + (high - low) * float(special.expit(theta[1])), "high": high}

    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        low, mode, high = p["low"], p["mode"], p["high"]
        left = (x - low) / (mode - low)
        right = (high - x) / (high - mode)
        return np.asarray(log(2 / (high - low)) + np.log(np.where(x < mode, left, right)))

    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        low, mode, high = p["low"], p["mode"], p["high"]
        below = np.where(x < mode, (x - low) ** 2 / (mode - low), (high - low) - (high - x) ** 2 / (high - mode))
        return np.asarray(np.log1p(-np.clip(below / (high - low), 0.0, 1.0)))

    def law(self, p: dict[str, float]) -> Distribution:
        return Triangular.model_construct(low=p["low"], mode=p["mode"], high=p["high"])


class UniformFamily(Family):
    """Any duration between two limits: those seen, moved apart by what is to be expected beyond."""

    name = "uniform"

    def possible(self, durations: Durations) -> bool:
        return len(durations.seen) > 3 and not len(durations.cut)

    def start(self, durations: Durations) -> list[float]:  # noqa: ARG002 - found without a search
        return []

    def natural(self, theta: Floats, durations: Durations) -> dict[str, float]:  # noqa: ARG002
        low, high = float(durations.seen.min()), float(durations.seen.max())
        beyond = (high - low) / (len(durations.seen) - 1)
        return {"low": max(low - beyond, 0.0), "high": high + beyond}

    def log_density(self, x: Floats, p: dict[str, float]) -> Floats:
        return np.where((x >= p["low"]) & (x <= p["high"]), -log(p["high"] - p["low"]), -np.inf)

    def log_beyond(self, x: Floats, p: dict[str, float]) -> Floats:
        return np.asarray(np.log(np.clip((p["high"] - x) / (p["high"] - p["low"]), 0.0, 1.0)))

    def law(self, p: dict[str, float]) -> Distribution:
        return Uniform.model_construct(low=p["low"], high=p["high"])

    def fit(self, durations: Durations) -> Fit | None:
        if not self.possible(durations):
            return None
        low, high = float(durations.seen.min()), float(durations.seen.max())
        count = len(durations.seen)
        reach = (high - low) * ((1 - CONFIDENCE) ** (-1 / (count - 1)) - 1)
        intervals = {"low": (max(low - reach, 0.0), low), "high": (high, high + reach)}
        likelihood = -count * log(high - low)
        return Fit(self, self.law(self.natural(np.empty(0), durations)), intervals, likelihood)


FAMILIES: tuple[Family, ...] = (
    ExponentialFamily(),
    UniformFamily(),
    TriangularFamily(),
    LognormalFamily(),
    WeibullFamily(),
    GammaFamily(),
    NormalFamily(),
)
"""Families that are tried, those with fewer parameters first."""


def share_interval(count: int, of: int) -> Interval:
    """95 % interval of a share, exact.

    Source: Clopper and Pearson (1934).

    >>> low, high = share_interval(5, 100)
    >>> round(low, 4), round(high, 4)
    (0.0164, 0.1128)
    """
    found = stats.binomtest(count, of).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)
