"""The quantities that indicators are computed from, of the engine's own sums; experiments and forecasts share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.master import has_meter
from twin.brain.elements import MAPPING, attend, use
from twin.config.plant import MediumConfig, PlantConfig, StationConfig
from twin.day_pattern import DayPattern
from twin.engine.energy import by_state
from twin.kpi.observed import COLUMN, FLOATS, PIECES
from twin.plant.ledger import Count, Truth
from twin.stations import stations

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COUNTS = ("good", "scrap", "rework", "inspected", "good_at_first", "failures", "repaired", "repair_ns")
IDEALS = ("ideal_produced_s", "ideal_good_s")
COUNTED, IDEAL = [COLUMN[name] for name in COUNTS[:5]], [COLUMN[name] for name in IDEALS]
FAILED = [COLUMN[name] for name in COUNTS[5:]]
MOVED, NOTHING = [COLUMN[name] for name in PIECES], (0, 0, 0)
METERED = [COLUMN[name] for name in ("energy_known_ns", "energy_span_ns", "co2_known_ns")]
ENERGY, CO2, COST = COLUMN["energy_kwh"], COLUMN["co2_kg"], COLUMN["energy_cost_cny"]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the units of a plant did in a window.

    Args:
        durations_ns: Time by code of the state, int64[units, CODES].
        energy: Energy in kWh, float64[units].
        counts: Quantities of ``COUNTS``, int64[units, 8].
        ideal: Planned time of what was produced and of what was good in s, float64[units, 2].
        pieces: Quantities of ``PIECES`` of units whose items become several pieces, or are made of several, not alike,
            by number of the unit.
    """

    durations_ns: Ints
    energy: Floats
    counts: Ints
    ideal: Floats
    pieces: Mapping[int, Sequence[float]] = field(default_factory=dict)

    @classmethod
    def of_truths(cls, truths: Sequence[Truth], weights: Mapping[int, PieceWeights]) -> Spent:
        """What a ledger says of all units.

        Args:
            truths: Its accounts.
            weights: Those of units of which they are not even, by number.
        """
        counts = np.zeros((len(truths), len(COUNTS)), dtype=np.int64)
        ideal = np.zeros((len(truths), len(IDEALS)))
        for row, truth in enumerate(truths):
            items = truth.counts.values()
            counts[row, :5] = [sum(getattr(item, name) for item in items) for name in COUNTS[:5]]
            counts[row, 5:] = truth.failures, truth.repaired, truth.repair_ns
            ideal[row] = [sum(getattr(item, name) for item in items) for name in IDEALS]
        durations = np.array([truth.durations_ns for truth in truths], dtype=np.int64)
        pieces = {unit: weight.sums(truths[unit]) for unit, weight in weights.items()}
        return cls(durations, np.array([truth.energy_kwh for truth in truths]), counts, ideal, pieces)


class PieceWeights(NamedTuple):
    """Pieces that operations of a unit give and take.

    Args:
        gives: Pieces that one item becomes, by item, where it is not one; of all others under the empty name.
        takes: Pieces that one is made of, by what is made, where it is not one.
        away: Whether rework leaves the unit.
    """

    gives: Mapping[str, int]
    takes: Mapping[str, int]
    away: bool

    @classmethod
    def at(cls, station: StationConfig) -> PieceWeights:
        """Those of a unit."""
        gives, takes = (getattr(station, name, {}) for name in ("gives", "takes"))
        return cls(gives, takes, getattr(station, "rework_to", None) is not None)

    @property
    def first(self) -> str:
        """An item that has a weight, if any."""
        return next(iter((*self.gives, *self.takes)), "")

    @property
    def even(self) -> bool:
        """Whether all its items are alike."""
        return len({*self.gives.values()}) <= 1 and len({*self.takes.values()}) <= 1

    def of(self, done: tuple[str, Count]) -> tuple[int, int, int]:
        """Quantities of ``PIECES`` of completed operations on an item."""
        item, made = done
        gives, takes = (known.get(item, known.get("", 1)) for known in (self.gives, self.takes))
        return made.good * gives, made.scrap * gives, (made.good + made.scrap + made.rework * self.away) * takes

    def sums(self, truth: Truth) -> list[int]:
        """Quantities of ``PIECES`` of all that a ledger says of the unit."""
        return [sum(row) for row in zip(NOTHING, *map(self.of, truth.counts.items()), strict=True)]


class Quantities:
    """Makes the quantities of ``Observed`` of what the units of a plant did.

    Args:
        config: The plant.
    """

    def __init__(self, config: PlantConfig):
        units = [station for _, _, station in config.stations()]
        self.rates = Rates(config)
        """Grid factors and tariffs of the units."""
        roles = [stations[unit.kind].role for unit in units]  # type: ignore[attr-defined]
        self._people, self._fixtures = (
            [row for row, role in enumerate(roles) if role == wanted] for wanted in ("person", "fixture")
        )
        weights = self.weights = [PieceWeights.at(unit) for unit in units]
        self.uneven = {row: weight for row, weight in enumerate(weights) if not weight.even}
        """Of units whose items become several pieces, or are made of several, not alike."""
        each = (Count(good=1), Count(scrap=1), Count(rework=1))
        self._pieces = np.array([[weight.of((weight.first, one)) for one in each] for weight in weights])
        self._metered = np.array([has_meter(unit) for unit in units])
        self._media = [
            ("air_m3", "air", *_flows([unit.air for unit in units])),
            ("gas_m3", "gas", *_flows([unit.gas for unit in units])),
        ]

    def of(self, spent: Spent, span_ns: int, co2_kg: Floats, cost_cny: Floats) -> tuple[Ints, Floats]:
        """The quantities of a window.

        Args:
            spent: What the units did in it.
            span_ns: Its length.
            co2_kg: CO2 of their energy, float64[units].
            cost_cny: Cost of their energy, float64[units].

        Returns:
            int64[units, INTS] and float64[units, FLOATS].
        """
        ints = spent.durations_ns @ MAPPING
        attend(ints, self._people)
        use(ints, self._fixtures)
        ints[:, FAILED] = spent.counts[:, 5:]
        made = spent.counts[:, :3].sum(axis=1)
        ints[:, COLUMN["window_ns"]] = span_ns
        ints[:, METERED] = (self._metered * span_ns)[:, None]
        ints[:, COLUMN["cost_known_ns"]] = self.rates.priced * self._metered * span_ns
        floats = np.zeros((len(ints), len(FLOATS)))
        floats[:, COUNTED] = spent.counts[:, :5]
        floats[:, COLUMN["out_good"]] = spent.counts[:, 0]
        floats[:, [COLUMN["out_produced"], COLUMN["out_rate"]]] = made[:, None]
        floats[:, IDEAL] = spent.ideal
        floats[:, MOVED] = (spent.counts[:, :3, None] * self._pieces).sum(axis=1)
        for row, pieces in spent.pieces.items():
            floats[row, MOVED] = pieces
        floats[:, ENERGY], floats[:, CO2], floats[:, COST] = spent.energy, co2_kg, cost_cny
        for volume, kind, metered, flow, per_part in self._media:
            floats[:, COLUMN[volume]] = (spent.durations_ns * flow).sum(axis=1) / 1e9 + made * per_part
            ints[:, [COLUMN[f"{kind}_known_ns"], COLUMN[f"{kind}_span_ns"]]] = (metered * span_ns)[:, None]
        return ints, floats


def _flows(media: Sequence[MediumConfig | None]) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Whether a unit takes a medium, its flow per second by code of the state, its volume per part."""
    flow = [[0.0] * len(MAPPING) if one is None else by_state(one) for one in media]
    metered = np.array([one is not None for one in media])
    return metered, np.array(flow), np.array([0.0 if one is None else one.per_part for one in media])


class Rates:
    """CO2 and price of one kWh at each unit, by the time of the day.

    Args:
        config: The plant.
    """

    def __init__(self, config: PlantConfig):
        factors: list[DayPattern] = []
        tariffs: list[DayPattern] = []
        priced, varies = [], []
        self._varying: list[DayPattern] = []
        for _, site, line in config.lines():
            each = len(line.stations)
            pair = [
                DayPattern(values, config.axis(site))
                for values in (site.grid_factors or {"00:00": site.grid_factor}, site.tariff or {"00:00": 0.0})
            ]
            changing = [len(site.grid_factors) > 1, len(site.tariff) > 1]
            factors += pair[:1] * each
            tariffs += pair[1:] * each
            priced += [bool(site.tariff)] * each
            varies += [changing] * each
            self._varying += [pattern for pattern, more in zip(pair, changing, strict=True) if more]
        self._factors, self._tariffs = factors, tariffs
        self.priced = np.array(priced)
        """Whether the energy of each unit has a price, bool[units]."""
        self.varies = np.array(varies)
        """Whether CO2 and price of a kWh depend on the time of the day, bool[units, 2]."""

    def changes(self, t0_s: float, t1_s: float) -> list[float]:
        """Times after the begin of a span and before its end at which a factor or a price changes."""
        begins = {begin for pattern in self._varying for begin, _, _ in pattern.pieces(t0_s, t1_s)}
        return sorted(begin for begin in begins if t0_s < begin < t1_s)

    def at(self, time_s: float) -> tuple[Floats, Floats]:
        """Factors in kg/kWh and prices in CNY/kWh from a time on, float64[units] each."""
        factors = [pattern.at(time_s) for pattern in self._factors]
        return np.array(factors), np.array([pattern.at(time_s) for pattern in self._tariffs])

    def rated(self, times_s: Sequence[float], energy: Sequence[Floats]) -> tuple[Floats, Floats]:
        """CO2 and cost of the energy of a span.

        Args:
            times_s: Its begin, the changes in it, and its end.
            energy: Energy in kWh from each time to the next, float64[units] each.
        """
        co2, cost = np.zeros(len(self._factors)), np.zeros(len(self._factors))
        for (begin, _), spent in zip(pairwise(times_s), energy, strict=True):
            factors, prices = self.at(begin)
            co2 += spent * factors
            cost += spent * prices
        return co2, cost
