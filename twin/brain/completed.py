"""What a unit completed in a window, and the pieces that this gave and took."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.brain.elements import unrate
from twin.brain.logs import UNNAMED, Completions
from twin.brain.unit import Unit
from twin.brain.windows import Window
from twin.kpi.observed import COLUMN, COUNTS
from twin.kpi.observed import PIECES as PIECE_COUNTS

COUNTED = [COLUMN[name] for name in COUNTS]
PIECES = [COLUMN[name] for name in PIECE_COUNTS]
IDEAL = [COLUMN[name] for name in ("ideal_produced_s", "ideal_good_s")]


def count(unit: Unit, window: Window, ints: NDArray[np.int64], floats: NDArray[np.float64]) -> None:
    """Fill in what a unit completed in a window."""
    _, t0_ns, t1_ns = window
    parts = unit.parts.counts(t0_ns, t1_ns, unit.ideal_s)
    floats[COUNTED] = parts[:5]
    rated = not math.isnan(parts.ideal_produced_s)
    floats[IDEAL] = parts[5:] if rated else (0.0, 0.0)
    silent = not unit.counted and not unit.rated  # that it made nothing is not known
    if unit.processing and (silent or not rated):
        unrate(ints)
    floats[COLUMN["out_good"]] = parts.good
    floats[[COLUMN["out_produced"], COLUMN["out_rate"]]] = parts.good + parts.scrap + parts.rework
    floats[PIECES] = _pieces(unit, window, parts)


def numbered(by_item: Mapping[str, int], items: Mapping[str, int]) -> dict[int, int]:
    """Amounts by number of the item instead of its name; the empty name means all others.

    >>> numbered({"pump": 3, "fan": 2, "": 5}, {"pump": 0, "case": 1})
    {0: 3, -1: 5}
    """
    known = {items[name]: amount for name, amount in by_item.items() if name in items}
    return known | ({UNNAMED: by_item[""]} if "" in by_item else {})


def _pieces(unit: Unit, window: Window, parts: Completions) -> tuple[float, float, float]:
    """Pieces that good operations gave, that spoiled ones would have, and that all of them took.

    Rework on the spot takes nothing: the piece is there.
    """
    given, taken = (
        unit.parts.weighed(window.t0_ns, window.t1_ns, numbered(weights, unit.site.items)) if weights else parts[:3]
        for weights in (unit.gives, unit.takes)
    )
    return given[0], given[1], taken[0] + taken[1] + (taken[2] if unit.rework_to else 0.0)


def ideal(unit: Unit, window: Window) -> tuple[float, float]:
    """Planned time of what a unit produced, and of what of it was good, in s; 0 where it is not known."""
    parts = unit.parts.counts(window.t0_ns, window.t1_ns, unit.ideal_s)
    return (0.0, 0.0) if math.isnan(parts.ideal_produced_s) else (parts.ideal_produced_s, parts.ideal_good_s)
