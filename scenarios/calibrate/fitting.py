"""Choice of a family, and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scenarios.calibrate.families import FAMILIES, Durations, Fit, Interval
from twin.distributions import Constant, Distribution, Empirical

FEW, LEAST = 25, 8
"""Fewer durations choose no family: they stand for themselves. Where more than a share of them is cut off they
cannot, and a family is chosen from the smaller number on."""
MOST = 20_000
"""More are thinned by chance: parameters do not get better by what matters."""
LARGE = 50
"""From here on the chi-square test, below the Anderson-Darling test by simulation."""
ROUNDS = 99
POOR = 0.001
"""Where even the best family is less probable than this, the durations stand for themselves."""
KEPT = 200
EQUAL = 1e-6
MOST_CUT = 0.05
CLOSE = 2.0
"""Families that differ less in Akaike's criterion are as good; the one with fewer parameters is taken."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What some durations say.

    Args:
        law: The distribution for the scenario.
        seen: Durations seen from begin to end.
        cut: Durations cut off.
        family: Name of the family.
        intervals: 95 % interval of each parameter; empty for a constant and an empirical law.
        test: How the fit was tested; empty: not.
        p: Probability of a worse fit if the law is true; None: not tested.
        mean: Mean of the durations seen.
        note: What else is to be said.
    """

    law: Distribution
    seen: int
    cut: int
    family: str
    intervals: dict[str, Interval]
    test: str
    p: float | None
    mean: float
    note: str = ""


def estimate(durations: Durations, seed: int = 0) -> Estimate | None:
    """The law of some durations.

    The family is that of the smallest criterion of Akaike, of several close ones that with the fewest parameters.

    Args:
        durations: The durations.
        seed: Seed of thinning and of simulated tests.

    Returns:
        None when none was seen to its end.
    """
    if not len(durations.seen):
        return None
    random = np.random.default_rng(seed)
    low, high = float(durations.seen.min()), float(durations.seen.max())
    if high - low <= EQUAL * high:
        return _plain(durations, Constant.model_construct(value=float(np.median(durations.seen))), "constant")
    few_cut = len(durations.cut) <= MOST_CUT * durations.size
    if len(durations.seen) < (FEW if few_cut else LEAST):
        return _plain(durations, _empirical(durations.seen), "empirical", f"fewer than {FEW} seen")
    thinned = _thinned(durations, random)
    best = _best([fit for family in FAMILIES if (fit := family.fit(thinned)) is not None])
    if best is None:
        return _plain(durations, _empirical(durations.seen), "empirical", "no family can have such durations")
    test, p = goodness(best, thinned, random)
    if p is not None and p < POOR and few_cut:
        note = f"no family fits, {best.family.name} best with p = {p:.2g}"
        return _plain(durations, _empirical(durations.seen), "empirical", note)
    mean = float(durations.seen.mean())
    return Estimate(
        best.law, len(durations.seen), len(durations.cut), best.family.name, best.intervals, test, p, mean
    )  # fmt: skip


def _plain(durations: Durations, law: Distribution, family: str, note: str = "") -> Estimate:
    mean = float(durations.seen.mean())
    return Estimate(law, len(durations.seen), len(durations.cut), family, {}, "", None, mean, note)


def _best(fits: list[Fit]) -> Fit | None:
    if not fits:
        return None
    least = min(fit.aic for fit in fits)
    close = [fit for fit in fits if fit.aic <= least + CLOSE]
    return min(close, key=lambda fit: (len(fit.intervals), fit.aic))


def _thinned(durations: Durations, random: np.random.Generator) -> Durations:
    if len(durations.seen) <= MOST:
        return durations
    return Durations(random.choice(durations.seen, MOST, replace=False), durations.cut)


def _empirical(seen: NDArray[np.float64]) -> Empirical:
    """The durations themselves, or so many quantiles of them."""
    values = np.sort(seen) if len(seen) <= KEPT else np.quantile(seen, (np.arange(KEPT) + 0.5) / KEPT)
    return Empirical.model_construct(values=tuple(float(value) for value in values), weights=None)


def goodness(fit: Fit, durations: Durations, random: np.random.Generator) -> tuple[str, float | None]:
    """Name of the test and the probability of a worse fit if the law is true; None when too many are cut off."""
    if len(durations.cut) > max(1, MOST_CUT * durations.size):
        return "", None
    below = np.clip(fit.family.share_below(durations.seen, _parameters(fit)), 1e-12, 1 - 1e-12)
    if len(below) >= LARGE:
        return "chi-square", _chi_square(below, len(fit.intervals))
    return "Anderson-Darling", _simulated(fit, below, random)


def _parameters(fit: Fit) -> dict[str, float]:
    return {name: float(getattr(fit.law, name)) for name in fit.intervals}


def _chi_square(below: NDArray[np.float64], parameters: int) -> float:
    """Pearson's test with classes of the same probability; fitted parameters count as degrees of freedom."""
    classes = int(np.clip(len(below) // 10, parameters + 3, 40))
    counts, _ = np.histogram(below, classes, (0.0, 1.0))
    expected = len(below) / classes
    return float(stats.chi2.sf(((counts - expected) ** 2 / expected).sum(), classes - 1 - parameters))


def anderson_darling(below: NDArray[np.float64]) -> float:
    """Anderson and Darling's distance of some values of a distribution function from a uniform sample."""
    ordered = np.sort(below)
    count = len(ordered)
    weights = 2 * np.arange(1, count + 1) - 1
    return float(-count - (weights * (np.log(ordered) + np.log1p(-ordered[::-1]))).sum() / count)


def _simulated(fit: Fit, below: NDArray[np.float64], random: np.random.Generator) -> float | None:
    """Share of samples of the law itself, fitted the same way, that fit worse."""
    distance, worse, rounds = anderson_darling(below), 0, 0
    for _ in range(ROUNDS):
        sample = Durations(fit.law.draw(random, len(below)), np.empty(0))
        again = fit.family.fit(sample)
        if again is None:
            continue
        rounds += 1
        shares = np.clip(again.family.share_below(sample.seen, _parameters(again)), 1e-12, 1 - 1e-12)
        worse += anderson_darling(shares) >= distance
    return (worse + 1) / (rounds + 1) if rounds else None
