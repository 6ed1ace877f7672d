"""Per-mu score, colours and retrofit against published and hand-computed numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.kpi import evaluation as ev

HUANGYAN = {
    "tax_per_mu": ev.Criterion(30, 24.097),
    "va_per_mu": ev.Criterion(20, 136.16),
    "va_per_energy": ev.Criterion(20, 2.694),
    "va_per_emission": ev.Criterion(10, 4929.81),
    "productivity": ev.Criterion(10, 18.14),
    "rd_ratio": ev.Criterion(10, 0.0302),
}
FIRM = {
    "tax_per_mu": 30.0,
    "va_per_mu": 150.0,
    "va_per_energy": 3.0,
    "va_per_emission": 5000.0,
    "productivity": 20.0,
    "rd_ratio": 600 / 18_000,
}
WEIGHTS = {"growth": 25.0, "completion": 20.0, "others": 55.0}
SCORES = {"growth": ev.indicator_score(5.5, 0, 6), "completion": ev.indicator_score(0.95, 0.85, 1.0), "others": 85.0}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ev.weighted_score(FIRM, HUANGYAN), 113.8589),
        (ev.payback_years(12, 4.8), 2.5),
        (ev.net_present_value(0.08, 12, [4.8] * 8), 15.583867),
        (ev.internal_rate(12, [4.8] * 8), 0.367244),
        (SCORES["completion"], 66.6666667),
        (ev.composite_score(SCORES, WEIGHTS), 83.0),
    ],
)
def test_golden_vector(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, rel=1e-6, abs=5e-7)


def test_colours() -> None:
    assert ev.colour(ev.composite_score(SCORES, WEIGHTS)) == "blue"
    two = {name: SCORES[name] for name in ("growth", "completion")}
    assert ev.colour(ev.composite_score(two, WEIGHTS)) == "grey"


ORDER = ("red", "orange", "yellow", "blue", "green")


@given(st.floats(0, 110), st.floats(0, 110))
def test_colour_is_monotone_in_the_score(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert ORDER.index(ev.colour(low)) <= ORDER.index(ev.colour(high))


@given(st.dictionaries(st.sampled_from(sorted(FIRM)), st.floats(-1e6, 1e6)), st.sampled_from(sorted(FIRM)))
def test_score_is_monotone_and_limited(values: dict[str, float], name: str) -> None:
    score = ev.weighted_score(values, HUANGYAN)
    assert 0 <= score <= 150 * (1 + 1e-9)
    assert ev.weighted_score({**values, name: values.get(name, 0.0) + 10}, HUANGYAN) >= score


def test_no_rate_makes_a_loss_worthwhile() -> None:
    assert ev.internal_rate(12, []) is None
