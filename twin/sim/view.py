"""The plant at one instant, as arrays for the devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.station import WITH_ORDER, Station


@dataclass(frozen=True, slots=True, eq=False)
class PlantView:
    """One value per unit, in the order of ``Plant.units``.

    Args:
        now_s: Simulated time of the view in s.
        state: Number of the state (``UnitState``), uint8[units].
        state_since_s: Since when in simulated s, float64[units].
        energy_kwh: Energy used since the start, float64[units].
        power_kw: Power now, float64[units].
        parts: Completed operations, of storing units items passed on, int64[units].
        wear: Share of life used of the failure mode nearest to its end, 0 to 1, float64[units].
        level: Items held by storing units, 0 for others, int64[units].
        air_m3: Compressed air taken since the start, float64[units].
        gas_m3: Gas burnt since the start, float64[units].
    """

    now_s: float
    state: NDArray[np.uint8]
    state_since_s: NDArray[np.float64]
    energy_kwh: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    parts: NDArray[np.int64]
    wear: NDArray[np.float64]
    level: NDArray[np.int64]
    air_m3: NDArray[np.float64]
    gas_m3: NDArray[np.float64]


def _floats(values: list[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def _wear(station: Station) -> float:
    return max((mode.wear() for mode in station.modes), default=0.0)


def view_of(stations: Sequence[Station], now_s: float) -> PlantView:
    """The view of some stations."""
    return PlantView(
        now_s=now_s,
        state=np.array([s.code % WITH_ORDER for s in stations], dtype=np.uint8),
        state_since_s=_floats([s.since for s in stations]),
        energy_kwh=_floats([s.energy_at(now_s) for s in stations]),
        power_kw=_floats([s.power_now() for s in stations]),
        parts=np.array([s.parts for s in stations], dtype=np.int64),
        wear=_floats([_wear(s) if s.modes else 0.0 for s in stations]),
        level=np.array([s.level if s.stores else 0 for s in stations], dtype=np.int64),
        air_m3=_floats([0.0 if s.air is None else s.consumed(s.air, now_s) for s in stations]),
        gas_m3=_floats([0.0 if s.gas is None else s.consumed(s.gas, now_s) for s in stations]),
    )
