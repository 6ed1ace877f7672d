"""The plant at one instant, as arrays for the devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from twin.engine.codes import CODES, WITH_ORDER
from twin.engine.station import Station


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
        counted: What else units count, since the start, by name, float64[units] each; nothing that nobody counts.
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
    counted: Mapping[str, NDArray[np.float64]]


class Viewer:
    """Makes views; keeps what changes seldom, so that a view costs little where little has changed.

    Args:
        stations: The units.
    """

    def __init__(self, stations: Sequence[Station]):
        self._stations = tuple(stations)
        self._ready = False

    def __getstate__(self) -> tuple[Station, ...]:
        return self._stations

    def __setstate__(self, stations: tuple[Station, ...]) -> None:
        Viewer.__init__(self, stations)

    def _prepare(self) -> None:
        """What stays: what each unit uses in each state, and which units have what."""
        units = list(enumerate(self._stations))
        count = len(units)
        self._codes, self._since = np.full(count, -1), np.full(count, -1.0)
        self._seconds = np.zeros((CODES, count))
        self._power = np.array([s.power for _, s in units], dtype=np.float64).reshape(count, CODES).T.copy()
        self._per_part = _floats([s.per_part for _, s in units])
        self._met = np.zeros(CODES, dtype=bool)
        self._odd = [(i, s) for i, s in units if s.ramp is not None or _own_power(type(s))]
        self._worn = [(i, s) for i, s in units if s.modes]
        self._storing = [(i, s) for i, s in units if s.stores]
        self._with_air = [(i, s) for i, s in units if s.air is not None]
        self._with_gas = [(i, s) for i, s in units if s.gas is not None]
        self._counting: dict[str, list[tuple[int, Station]]] = {}
        for i, station in units:
            for tag in station.setting.config.counters():
                self._counting.setdefault(tag.name, []).append((i, station))
        self._ready = True

    def at(self, now_s: float) -> PlantView:
        """The view of a time, which is now."""
        if not self._ready:
            self._prepare()
        count = len(self._stations)
        codes, since, parts = zip(*map(_facts, self._stations), strict=True) if count else ((), (), ())
        self._follow(np.array(codes, dtype=np.int64), _floats(since))
        made = np.array(parts, dtype=np.int64)
        energy, power = self._energy(now_s) + made * self._per_part, self._power[self._codes, np.arange(count)] * 3600
        for i, station in self._odd:
            energy[i], power[i] = station.energy_at(now_s), station.power_now()
        level = np.zeros(count, dtype=np.int64)
        for i, station in self._storing:
            level[i] = station.level
        return PlantView(
            now_s=now_s,
            state=(self._codes % WITH_ORDER).astype(np.uint8),
            state_since_s=self._since,
            energy_kwh=energy,
            power_kw=power,
            parts=made,
            wear=self._each(self._worn, lambda s: max(mode.wear() for mode in s.modes)),
            level=level,
            air_m3=self._each(self._with_air, lambda s: s.consumed(s.air, now_s)),
            gas_m3=self._each(self._with_gas, lambda s: s.consumed(s.gas, now_s)),
            counted={name: self._each(some, attrgetter(name)) for name, some in self._counting.items()},
        )

    def _follow(self, codes: NDArray[np.int64], since: NDArray[np.float64]) -> None:
        """Take over the accounts of the units that changed their state."""
        changed = np.flatnonzero((codes != self._codes) | (since != self._since)).tolist()
        if changed:
            totals = np.array([self._stations[i].totals for i in changed]).T
            self._seconds[:, changed] = totals
            self._met |= totals.any(axis=1)
            self._met[codes[changed]] = True
        self._codes, self._since = codes, since

    def _energy(self, now_s: float) -> NDArray[np.float64]:
        """Energy of the times in the states, added as by :func:`twin.engine.energy.amount`."""
        met = np.flatnonzero(self._met)
        seconds = self._seconds[met]
        seconds[np.searchsorted(met, self._codes), np.arange(len(self._codes))] += now_s - self._since
        seconds *= self._power[met]
        total = np.zeros(len(self._codes))
        for row in seconds:
            total += row
        return total

    def _each(self, units: list[tuple[int, Station]], what: Callable[[Station], float]) -> NDArray[np.float64]:
        values = np.zeros(len(self._stations))
        for i, station in units:
            values[i] = what(station)
        return values


_facts = attrgetter("code", "since", "parts")


def _floats(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def _own_power(kind: type[Station]) -> bool:
    return kind.energy_at is not Station.energy_at or kind.power_now is not Station.power_now
