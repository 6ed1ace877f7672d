"""Quantities that are corrected later: a row with a quantity below 0 takes back what rows before it said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def corrected(
    amounts: NDArray[np.float64], items: NDArray[np.int32]
) -> tuple[NDArray[np.float64], list[int], dict[int, int]]:
    """Quantities with corrections taken back to the completions that they correct.

    What a row takes away (a quantity below 0) is taken from the newest rows of its item before it, each at most
    what it has; what it adds goes where it was taken from. Nothing gets below 0, and of a row that takes away more
    than there is nothing is taken back.

    Args:
        amounts: Good, scrap and rework, float64[3, rows], in order of time.
        items: Number of the item, int32[rows].

    Returns:
        The quantities, the rows that take away more than there is, and the first row that each other one corrects.
    """
    result = np.maximum(amounts, 0.0)
    over: list[int] = []
    reach: dict[int, int] = {}
    for row in np.flatnonzero((amounts < 0).any(axis=0)).tolist():
        first = _take_back(result, items, row, amounts[:, row])
        result[:, row] = 0.0
        if first is None:
            over.append(row)
        else:
            reach[row] = first
    return result, over, reach


def _take_back(
    result: NDArray[np.float64], items: NDArray[np.int32], row: int, amounts: NDArray[np.float64]
) -> int | None:
    """Take what a row corrects from the rows before it; the first of them, None when they have less than that."""
    less, more = -np.minimum(amounts, 0.0), np.maximum(amounts, 0.0)
    whole, first = less.sum(), row
    changed: list[tuple[int, NDArray[np.float64]]] = []
    for back in range(row - 1, -1, -1):
        if not less.any():
            break
        taken = np.minimum(result[:, back], less) if items[back] == items[row] else np.zeros(3)
        if taken.any():
            first = back
            changed.append((back, more * (taken.sum() / whole) - taken))
            less = less - taken
    if less.max() > 1e-9 * whole:
        return None
    for back, change in changed:
        result[:, back] += change
    return first
