"""The statistics of experiments keep what they promise, on cases whose answer is known. Seeds are fixed."""

from __future__ import annotations

import numpy as np
import pytest

from twin.statistics.designs import (
    fractional_factorial,
    full_factorial,
    latin_hypercube,
    main_effects,
    resolution,
    sobol,
)
from twin.statistics.intervals import batch_means, paired, replications_for, simultaneous, student
from twin.statistics.selection import KimNelson, correct_selection, ocba, pareto
from twin.statistics.truncation import mser


def share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


@pytest.mark.parametrize(("n", "level"), [(3, 0.9), (10, 0.95), (30, 0.99)])
def test_student_intervals_cover_as_often_as_they_say(n: int, level: float) -> None:
    random = np.random.default_rng(1)
    covered = share([student(random.normal(5, 2, n), level).holds(5) for _ in range(4000)])
    assert covered == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / 4000))


def ar1(random: np.random.Generator, n: int, phi: float, start: float = 0.0) -> np.ndarray:
    values, value = np.empty(n), start
    for i, noise in enumerate(random.normal(0, 1, n)):
        value = phi * value + noise
        values[i] = value
    return values


def test_batch_means_cover_a_correlated_series_where_single_values_do_not() -> None:
    random = np.random.default_rng(2)
    series = [ar1(random, 3000, 0.7) for _ in range(300)]
    assert 0.91 <= share([batch_means(values, 20).holds(0) for values in series]) <= 0.98
    assert share([student(values).holds(0) for values in series]) < 0.7


def test_batch_means_needs_enough_values() -> None:
    with pytest.raises(ValueError, match="expected 2 batches or more"):
        batch_means([1.0, 2.0], 30)


def test_pairs_with_common_numbers_see_what_single_runs_do_not() -> None:
    random = np.random.default_rng(3)
    common = random.normal(0, 5, 20)
    one, other = (common + random.normal(0, 0.2, 20)).tolist(), (common + 0.5 + random.normal(0, 0.2, 20)).tolist()
    assert not paired(other, one).holds(0)
    assert paired(other, one).holds(0.5)
    assert student(one).high > student(other).low


def test_several_intervals_hold_together() -> None:
    random = np.random.default_rng(4)
    level = simultaneous(0.9, 4)
    hits = [all(student(random.normal(0, 1, 8), level).holds(0) for _ in range(4)) for _ in range(2000)]
    assert share(hits) >= 0.9 - 0.02


def test_replicating_to_a_half_width_keeps_the_confidence() -> None:
    random = np.random.default_rng(5)
    hits, sizes = [], []
    for _ in range(500):
        values = random.normal(100, 10, 5).tolist()
        while (wanted := replications_for(student(values), 3.0)) > len(values):
            values += random.normal(100, 10, wanted - len(values)).tolist()
        hits.append(student(values).holds(100))
        sizes.append(len(values))
    assert 0.88 <= share(hits) <= 0.97  # sequential stopping costs a little confidence
    assert 35 <= np.mean(sizes) <= 60  # (1.96 x 10 / 3)^2 = 43


def test_mser_finds_the_end_of_an_initial_bias() -> None:
    """AR(1) with mean 0 that starts at 60 deviations of its noise: the bias is below one after about 100 values."""
    random = np.random.default_rng(6)
    cuts = [mser(ar1(random, 2000, 0.96, start=60.0)) for _ in range(200)]
    assert 60 <= np.median([cut.cut for cut in cuts]) <= 180
    assert share([cut.found for cut in cuts]) > 0.9
    bias = [ar1(random, 2000, 0.96, start=60.0) for _ in range(200)]
    kept = [values[mser(values).cut :].mean() for values in bias]
    assert abs(np.mean(kept)) < abs(np.mean([values.mean() for values in bias])) / 3


def test_mser_leaves_a_stationary_series_nearly_whole_and_says_when_it_cannot_tell() -> None:
    random = np.random.default_rng(7)
    assert np.median([mser(random.normal(5, 1, 1000)).cut for _ in range(100)]) < 100
    assert not mser(np.arange(1000.0)).found
    with pytest.raises(ValueError, match="expected at least 50 values"):
        mser([1.0] * 49)


@pytest.mark.parametrize("common", [0.0, 3.0])
def test_kim_nelson_selects_the_best_as_often_as_it_says(common: float) -> None:
    """Slippage configuration, the least favourable: the best is better than all others by the indifference zone."""
    random = np.random.default_rng(8)
    procedure = KimNelson(indifference=1.0, confidence=0.9, first=10)
    means = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
    correct, used = [], []
    for _ in range(150):
        shared = random.normal(0, common, 400) if common else np.zeros(400)
        figures = means[:, None] + shared + random.normal(0, 2, (5, 400))
        state = procedure.screen(figures.tolist())
        assert state.best is not None
        correct.append(state.best == 2)
        used.append(state.stage)
    assert share(correct) >= 0.9 - 0.03
    assert max(used) < 400


def test_kim_nelson_goes_the_same_way_in_pieces() -> None:
    figures = np.random.default_rng(9).normal(np.array([[0.0], [0.4], [1.0]]), 1.5, (3, 300)).tolist()
    whole = KimNelson(0.5, 0.95, 8).screen(figures)
    pieces = [row[:8] for row in figures]
    state = KimNelson(0.5, 0.95, 8).screen(pieces)
    while state.best is None:
        for system in state.alive:
            pieces[system] = figures[system][: len(pieces[system]) + 3]
        state = KimNelson(0.5, 0.95, 8).screen(pieces)
    assert state == whole
    assert sum(map(len, pieces)) < sum(map(len, figures)) / 2


def test_ocba_selects_better_than_equal_shares() -> None:
    random = np.random.default_rng(10)
    means, spread = np.arange(10.0), 6.0
    right = {"ocba": 0, "equal": 0}
    for _ in range(300):
        figures = [random.normal(mean, spread, 10).tolist() for mean in means]
        while sum(map(len, figures)) < 400:
            total = sum(map(len, figures)) + 20
            share_ = ocba([np.mean(f) for f in figures], [np.std(f, ddof=1) for f in figures], total)
            for system in range(10):
                more = max(0, int(share_[system]) - len(figures[system]))
                figures[system] += random.normal(means[system], spread, more).tolist()
        right["ocba"] += int(np.argmax([np.mean(f) for f in figures]) == 9)
        right["equal"] += int(np.argmax(random.normal(means, spread / np.sqrt(40))) == 9)
    assert right["ocba"] > right["equal"]


def test_probability_of_correct_selection_grows_with_the_sample() -> None:
    few, many = (correct_selection([1.0, 2.0, 2.5], [1.0] * 3, [n] * 3) for n in (5, 100))
    assert few < many > 0.99


def test_points_of_a_front_beat_each_other_nowhere() -> None:
    figures = np.random.default_rng(11).normal(size=(60, 3))
    front = pareto(figures)
    for i, row in enumerate(figures):
        beaten = any((other >= row).all() and (other > row).any() for other in figures)
        assert front[i] == (not beaten)


def test_fractional_designs_are_balanced_and_orthogonal() -> None:
    names = list("abcdefg")
    generators = {"d": "ab", "e": "ac", "f": "bc", "g": "abc"}
    signs = 2 * fractional_factorial(names, generators) - 1
    assert signs.shape == (8, 7)
    np.testing.assert_array_equal(signs.T @ signs, 8 * np.eye(7))
    assert resolution(names, generators) == 3
    assert resolution("abcd", {"d": "abc"}) == 4


def test_space_filling_designs_are_even_in_each_factor_and_repeat() -> None:
    for design in (latin_hypercube(16, 3, 5), sobol(16, 3, 5)):
        for column in design.T:
            assert sorted(np.floor(column * 16).astype(int)) == list(range(16))
    np.testing.assert_array_equal(sobol(16, 3, 5), sobol(16, 3, 5))
    np.testing.assert_array_equal(latin_hypercube(9, 2, 1), latin_hypercube(9, 2, 1))


def test_main_effects_of_a_plane_are_its_slopes() -> None:
    grid = full_factorial([3, 2, 4])
    np.testing.assert_allclose(main_effects(grid, 7 + grid @ [2.0, -1.0, 0.5]), [2.0, -1.0, 0.5])
