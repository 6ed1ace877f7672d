"""Designs of experiments, as coordinates between 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

Coordinates = NDArray[np.float64]
"""float64[points, factors], each between 0 (low) and 1 (high)."""


def full_factorial(levels: Sequence[int]) -> Coordinates:
    """All combinations of some numbers of levels; the last factor changes fastest.

    >>> full_factorial([2, 3]).tolist()
    [[0.0, 0.0], [0.0, 0.5], [0.0, 1.0], [1.0, 0.0], [1.0, 0.5], [1.0, 1.0]]
    """
    return np.array(list(product(*(np.linspace(0.0, 1.0, n).tolist() for n in levels))), dtype=float)


def fractional_factorial(factors: Sequence[str], generators: Mapping[str, Sequence[str]]) -> Coordinates:
    """Two levels of each factor, in a fraction of all combinations.

    Args:
        factors: Names in the order of the columns.
        generators: A generated factor is the product of the named basic ones, each level taken as -1 or +1.

    Source: Box, Hunter and Hunter 2005, Statistics for Experimenters, ch. 6.

    >>> fractional_factorial("abc", {"c": "ab"}).tolist()
    [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    basic = [name for name in factors if name not in generators]
    signs = dict(zip(basic, (2 * full_factorial([2] * len(basic)) - 1).T, strict=True))
    for name, parents in generators.items():
        signs[name] = np.prod([signs[parent] for parent in parents], axis=0)
    return (np.column_stack([signs[name] for name in factors]) + 1) / 2


def resolution(factors: Sequence[str], generators: Mapping[str, Sequence[str]]) -> int:
    """Length of the shortest word of the defining relation: effects of r factors mix with those of resolution - r.

    >>> resolution("abcd", {"d": "abc"})
    4
    """
    bit = {name: 1 << index for index, name in enumerate(factors)}
    words = [0]
    for name, parents in generators.items():
        word = bit[name]
        for parent in parents:
            word ^= bit[parent]
        words += [known ^ word for known in words]
    return min((word.bit_count() for word in words[1:]), default=len(factors) + 1)


def latin_hypercube(points: int, factors: int, seed: int) -> Coordinates:
    """Points that fill the space, each factor evenly.

    Source: McKay, Beckman and Conover 1979, with lowered centred discrepancy; ``scipy.stats.qmc``.
    """
    sampler = qmc.LatinHypercube(factors, rng=np.random.default_rng(seed), optimization="random-cd")
    return np.asarray(sampler.random(points))


def sobol(points: int, factors: int, seed: int) -> Coordinates:
    """Scrambled Sobol points; their number is a power of 2.

    Source: Sobol 1967, scrambled after Owen; ``scipy.stats.qmc``.
    """
    sampler = qmc.Sobol(factors, scramble=True, rng=np.random.default_rng(seed))
    return np.asarray(sampler.random_base2(points.bit_length() - 1))


def main_effects(coordinates: Coordinates, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change of a response from low to high of each factor, by least squares on a plane, float64[factors].

    In a two-level factorial these are the usual main effects.

    >>> grid = full_factorial([2, 2])
    >>> main_effects(grid, grid @ [3.0, -1.0]).round(9).tolist()
    [3.0, -1.0]
    """
    matrix = np.column_stack([np.ones(len(values)), coordinates])
    return np.asarray(np.linalg.lstsq(matrix, values, rcond=None)[0][1:], dtype=float)
