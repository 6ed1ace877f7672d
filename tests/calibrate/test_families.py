"""Fits of single families: what is cut off, what is little, what fits nothing."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.calibrate.families import FAMILIES, Durations, share_interval
from scenarios.calibrate.fitting import estimate
from scenarios.calibrate.observed import durations
from twin.distributions import Constant, Distribution, Empirical, Exponential, Gamma, Lognormal, Normal, Weibull

LAWS: list[Distribution] = [
    Exponential(mean="300 s"),  # type: ignore[arg-type]
    Weibull(shape=2.2, scale="300 s"),  # type: ignore[arg-type]
    Gamma(shape=3.0, mean="300 s"),  # type: ignore[arg-type]
    Lognormal(mean="300 s", sd="150 s"),  # type: ignore[arg-type]
    Normal(mean="300 s", sd="100 s"),  # type: ignore[arg-type]
]
NAMES = [type(law).model_fields["family"].default for law in LAWS]


@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_a_third_cut_off_hides_nothing(law: Distribution) -> None:
    random = np.random.default_rng(3)
    drawn, limits = law.draw(random, 3000), random.exponential(700.0, 3000)
    sample = Durations(drawn[drawn <= limits], limits[drawn > limits])
    assert len(sample.cut) > 500
    family = next(each for each in FAMILIES if each.name == type(law).model_fields["family"].default)
    fit = family.fit(sample)
    assert fit is not None
    for name, (low, high) in fit.intervals.items():
        middle, half = (low + high) / 2, (high - low) / 2
        assert middle - 1.5 * half <= getattr(law, name) <= middle + 1.5 * half
    assert fit.law.mean_s == pytest.approx(law.mean_s, rel=0.06)
    plain = estimate(durations(drawn[drawn <= limits]))
    assert plain is not None
    assert plain.law.mean_s < 0.95 * law.mean_s, "what is cut off has to count"


@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_intervals_hold_the_truth_as_often_as_they_say(law: Distribution) -> None:
    random = np.random.default_rng(8)
    family = next(each for each in FAMILIES if each.name == type(law).model_fields["family"].default)
    held = []
    for _ in range(100):
        fit = family.fit(Durations(law.draw(random, 150), np.empty(0)))
        assert fit is not None
        held += [low <= getattr(law, name) <= high for name, (low, high) in fit.intervals.items()]
    assert 0.88 <= np.mean(held) <= 0.99


def test_few_durations_stand_for_themselves() -> None:
    found = estimate(durations([5.0, 9.0, 7.0]))
    assert found is not None
    assert found.law == Empirical.model_construct(values=(5.0, 7.0, 9.0), weights=None)
    assert "fewer than 25" in found.note
    assert estimate(durations([])) is None
    assert estimate(durations([], [100.0])) is None


def test_equal_durations_are_a_constant() -> None:
    found = estimate(durations([58.0] * 3))
    assert found is not None
    assert found.law == Constant.model_construct(value=58.0)


def test_what_fits_no_family_stands_for_itself() -> None:
    random = np.random.default_rng(1)
    two = np.concatenate([random.normal(100, 2, 900), random.normal(400, 5, 300)])
    found = estimate(durations(two))
    assert found is not None
    assert found.family == "empirical"
    assert "no family fits" in found.note
    assert found.law.mean_s == pytest.approx(float(two.mean()), rel=0.01)


def test_a_small_sample_is_tested_by_simulation() -> None:
    found = estimate(durations(Exponential.model_construct(mean=60.0).draw(np.random.default_rng(4), 30)))
    assert found is not None
    assert found.test == "Anderson-Darling"
    assert found.p is not None
    assert found.p > 0.02


def test_shares_of_nothing_and_of_all_have_one_sided_intervals() -> None:
    assert share_interval(0, 100)[0] == 0.0
    assert share_interval(0, 100)[1] == pytest.approx(0.0362, abs=1e-4)
    assert share_interval(100, 100)[1] == 1.0
