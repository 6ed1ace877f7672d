"""Energy, carbon, cost, compressed air and gas of units from their meters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.brain.meters import MeterLog
from twin.brain.unit import Unit
from twin.brain.windows import Window
from twin.day_pattern import DayPattern
from twin.kpi.observed import COLUMN
from twin.master import PlaceMaster

NS = 1_000_000_000
MEDIA = (("air_m3", "air_meters"), ("gas_m3", "gas_meters"))
"""Counter and number of counters that were read, by medium."""

Edges = list[tuple[int, int, float]]
"""Pieces of a window (begin, end in ns, value) in which a value is the same."""


def pieces(values: dict[str, float], utc_offset_s: float, window: Window) -> Edges:
    """Pieces of a window by a value that depends on the local time of day; none without values."""
    if not values:
        return []
    whole_s = window.t0_ns // NS
    pattern = DayPattern(values, (whole_s + utc_offset_s) % 86_400)
    first_ns = window.t0_ns - whole_s * NS
    spans = pattern.pieces(0.0, (window.t1_ns - whole_s * NS) / NS)
    edges = [(whole_s * NS + round(begin * NS), whole_s * NS + round(end * NS), value) for begin, end, value in spans]
    edges[0] = (whole_s * NS + first_ns, *edges[0][1:])
    return [edge for edge in edges if edge[1] > edge[0]]


def meter(
    units: Sequence[Unit],
    place: PlaceMaster | None,
    window: Window,
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
) -> None:
    """Fill in what the meters of some units say of a window.

    CO2 is the energy of each piece of the day times the grid factor that holds in it, cost likewise with
    the tariff. Readings at the quarter hours make both exact; between readings energy is interpolated.

    Args:
        units: The units.
        place: Master data of their site, if known.
        window: The window.
        ints: Their whole quantities, int64[units, INTS].
        floats: Their other quantities, float64[units, FLOATS].
    """
    known = COLUMN["energy_known_ns"]
    for row, unit in enumerate(units):
        if unit.meter.times:
            reading = unit.meter.energy(window.t0_ns, window.t1_ns)
            floats[row, COLUMN["energy_kwh"]] = reading.kwh
            ints[row, known : known + 3] = (reading.known_ns, window.t1_ns - window.t0_ns, reading.interpolated)
        for counter, number in MEDIA:
            log = unit.media.get(counter)
            if log is not None and log.times:
                floats[row, COLUMN[counter]] = log.energy(window.t0_ns, window.t1_ns).kwh
                ints[row, COLUMN[number]] = 1
    if place is not None:
        _rate(units, place, window, ints, floats)


def _rate(
    units: Sequence[Unit], place: PlaceMaster, window: Window, ints: NDArray[np.int64], floats: NDArray[np.float64]
) -> None:
    energy, co2 = COLUMN["energy_kwh"], COLUMN["co2_kg"]
    factors = pieces(place.grid_factors_kg_per_kwh, place.utc_offset_s, window)
    if factors:
        floats[:, co2] = [weighted(unit.meter, factors) for unit in units]
    else:
        floats[:, co2] = floats[:, energy] * (place.grid_factor_kg_per_kwh or 0.0)
    prices = pieces(place.tariff_cny_per_kwh, place.utc_offset_s, window)
    if prices:
        floats[:, COLUMN["energy_cost_cny"]] = [weighted(unit.meter, prices) for unit in units]
        ints[:, COLUMN["priced"]] = [int(bool(unit.meter.times)) for unit in units]


def weighted(log: MeterLog, edges: Iterable[tuple[int, int, float]]) -> float:
    """Sum over pieces of the growth of a counter times a value."""
    return sum(log.energy(begin, end).kwh * value for begin, end, value in edges)
