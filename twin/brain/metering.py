"""Energy, carbon, cost, compressed air and gas of units from their meters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from twin.brain.meters import MeterLog, WindowEnergy
from twin.brain.unit import Unit
from twin.brain.windows import Window
from twin.day_pattern import DayPattern
from twin.kpi.observed import COLUMN
from twin.master import PlaceMaster
from twin.zone import Axis, Zone

NS = 1_000_000_000
MEDIA = (("air_m3", "air"), ("gas_m3", "gas"))
"""Counter and kind of meter, by medium."""
ENERGY = [COLUMN[name] for name in ("energy_kwh", "energy_low_kwh", "energy_high_kwh")]
CO2 = [COLUMN[name] for name in ("co2_kg", "co2_low_kg", "co2_high_kg")]
COST = [COLUMN[name] for name in ("energy_cost_cny", "cost_low_cny", "cost_high_cny")]

Edges = list[tuple[int, int, float]]
"""Pieces of a window (begin, end in ns, value) in which a value is the same."""


def pieces(values: dict[str, float], zone: Zone, window: Window) -> Edges:
    """Pieces of a window by a value that depends on the local time of day; none without values."""
    if not values:
        return []
    whole_s = window.t0_ns // NS
    pattern = DayPattern(values, Axis(zone, whole_s * NS))
    first_ns = window.t0_ns - whole_s * NS
    spans = pattern.pieces(0.0, (window.t1_ns - whole_s * NS) / NS)
    edges = [(whole_s * NS + round(begin * NS), whole_s * NS + round(end * NS), value) for begin, end, value in spans]
    edges[0] = (whole_s * NS + first_ns, *edges[0][1:])
    return [edge for edge in edges if edge[1] > edge[0]]


def meter(
    units: Sequence[Unit],
    rated: Sequence[tuple[Window, PlaceMaster]],
    window: Window,
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
) -> None:
    """Fill in what the meters of some units say of a window.

    CO2 is the energy of each piece of the day times the grid factor that holds in it, cost likewise with
    the tariff. Readings at the quarter hours make both exact; between readings energy is interpolated.

    Args:
        units: The units.
        rated: Master data of their site, as far as known, and the parts of the window in which they held.
        window: The window.
        ints: Their whole quantities, int64[units, INTS].
        floats: Their other quantities, float64[units, FLOATS].
    """
    for row, unit in enumerate(units):
        if unit.metered:
            reading = unit.meter.energy(window.t0_ns, window.t1_ns)
            _write("energy", ENERGY, reading, window, ints[row], floats[row])
        for counter, kind in MEDIA:
            log = unit.media.get(counter)
            if log is not None:
                columns = [COLUMN[name] for name in (counter, f"{kind}_low_m3", f"{kind}_high_m3")]
                _write(kind, columns, log.energy(window.t0_ns, window.t1_ns), window, ints[row], floats[row])
    if rated:
        _rate(units, rated, ints, floats)


def _write(
    kind: str,
    columns: list[int],
    reading: WindowEnergy,
    window: Window,
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
) -> None:
    """One reading of one unit; bounds only where they hold."""
    first = COLUMN[f"{kind}_known_ns"]
    doubt = int(not reading.certain)
    ints[first : first + 4] = (reading.known_ns, window.t1_ns - window.t0_ns, reading.interpolated, doubt)
    bounds = (reading.low, reading.high) if reading.certain else (reading.kwh, reading.kwh)
    floats[columns] = (reading.kwh, *bounds)


def _rate(
    units: Sequence[Unit],
    rated: Sequence[tuple[Window, PlaceMaster]],
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
) -> None:
    factors = [edge for window, place in rated for edge in _factors(place, window)]
    if len(factors) == 1:
        floats[:, CO2] = floats[:, ENERGY] * factors[0][2]
    elif factors:
        floats[:, CO2] = [weighted(unit.meter, factors) for unit in units]
    if factors:
        ints[:, COLUMN["co2_known_ns"]] = ints[:, COLUMN["energy_known_ns"]]
    prices = [edge for window, place in rated for edge in pieces(place.tariff_cny_per_kwh, place.clock, window)]
    if prices:
        floats[:, COST] = [weighted(unit.meter, prices) for unit in units]
        ints[:, COLUMN["cost_known_ns"]] = ints[:, COLUMN["energy_known_ns"]]


def _factors(place: PlaceMaster, window: Window) -> Edges:
    """Pieces of a window by the grid factor."""
    plain = place.grid_factor_kg_per_kwh
    edges = pieces(place.grid_factors_kg_per_kwh, place.clock, window)
    return edges or ([] if plain is None else [(window.t0_ns, window.t1_ns, plain)])


def weighted(log: MeterLog, spans: Edges) -> tuple[float, float, float]:
    """Sum over pieces of the growth of a counter times a value, and least and most that its readings allow."""
    edges = log.edges([spans[0][0], *(end for _, end, _ in spans)])
    if not edges:
        return 0.0, 0.0, 0.0
    values = [value for _, _, value in spans]
    total = sum((b.total - a.total) * value for a, b, value in zip(edges, edges[1:], values, strict=False))
    if not all(edge.around for edge in edges):
        return total, total, total
    if log.declared.net and not all(edge.read for edge in edges):
        return total, -inf, inf
    low = high = total
    for edge, weight in zip(edges, _weights(values), strict=True):
        bounds = ((edge.low - edge.total) * weight, (edge.high - edge.total) * weight)
        low, high = low + min(bounds), high + max(bounds)
    return total, low, high


def _weights(values: Sequence[float]) -> list[float]:
    """By how much the sum rises when the counter at each boundary does."""
    return [before - after for before, after in pairwise((0.0, *values, 0.0))]
