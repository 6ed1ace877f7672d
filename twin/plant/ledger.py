"""Ground truth: what every unit really did, kept by the engine for checks; the brain never reads it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.engine.clock import to_ns, to_ns_array
from twin.engine.codes import CODES, WITH_ORDER
from twin.engine.energy import Medium
from twin.engine.events import Rows
from twin.engine.station import Station
from twin.equipment import EquipmentPath
from twin.errors import FactoryError, Problem
from twin.records import RecordKind
from twin.states import MINOR_STOP_MAX_S, UnitState

_PRODUCING, _FAILING, _MINOR, _PAUSING = (
    np.isin(np.arange(CODES) % WITH_ORDER, states)
    for states in (
        (UnitState.PRODUCING,),
        (UnitState.FAILED, UnitState.REPAIR),
        (UnitState.MINOR_STOP,),
        (UnitState.OFF_SHIFT, UnitState.PLANNED_BREAK),
    )
)
_MINOR_NS = round(MINOR_STOP_MAX_S * 1e9)


@dataclass(frozen=True, slots=True)
class Totals:
    """Account of a unit since the start, float sums.

    Args:
        seconds: Time by code of the state (number, plus 16 with an order), 32 values, s.
        parts: Completed operations.
        scrapped: Of these, parts spoiled.
        reworked: Of these, parts sent back.
        energy_kwh: Energy.
    """

    seconds: tuple[float, ...]
    parts: int
    scrapped: int
    reworked: int
    energy_kwh: float

    def duration_s(self, state: UnitState) -> float:
        """Time in a state, with and without order."""
        return self.seconds[state] + self.seconds[state + WITH_ORDER]


@dataclass(frozen=True, slots=True)
class Count:
    """Completed operations of one item in a window.

    Args:
        good: Good quantity.
        scrap: Scrap quantity.
        rework: Rework quantity.
        inspected: Quantity at its first pass.
        good_at_first: Of it, good.
        ideal_produced_s: Sum of planned run time per item x produced quantity.
        ideal_good_s: Sum of planned run time per item x good quantity.
    """

    good: int = 0
    scrap: int = 0
    rework: int = 0
    inspected: int = 0
    good_at_first: int = 0
    ideal_produced_s: float = 0.0
    ideal_good_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """Account of a unit in a window ``[t0, t1)``.

    Args:
        durations_ns: Time by code of the state (number, plus 16 with an order), int64[32]; they fill the window.
        counts: Completed operations by item.
        earned_produced_s: Planned run time of what was produced, spread over the time in PRODUCING since the operation
            began, or since the completion before it.
        earned_good_s: The same of what was good.
        energy_kwh: Electrical energy.
        air_m3: Compressed air.
        gas_m3: Gas.
        failures: Failures that began: FAILED or REPAIR in one piece, breaks and nights between left out, and minor
            stops that last too long.
        repaired: Failures that ended.
        repair_ns: Full length of the failures that ended, without those breaks and nights.
        stock_ns: Integral of the level of each item over the window in items x ns.
        departed: Quantity of each item that departed in loads.
        arrived: Quantity of each item that arrived in loads.
        counted: Growth of each other counter of the unit, by name.
    """

    durations_ns: NDArray[np.int64]
    counts: dict[str, Count]
    earned_produced_s: float
    earned_good_s: float
    energy_kwh: float
    air_m3: float
    gas_m3: float
    failures: int
    repaired: int
    repair_ns: int
    stock_ns: dict[str, int]
    departed: dict[str, int]
    arrived: dict[str, int]
    counted: dict[str, float]

    def duration_ns(self, state: UnitState, with_order: bool = True) -> int:
        """Time in a state, either with or without an order on the unit."""
        return int(self.durations_ns[state + WITH_ORDER * with_order])


@dataclass
class _Record:
    """Everything of one unit, in columns; times in simulated seconds."""

    state_s: array[float] = field(default_factory=lambda: array("d"))
    codes: array[int] = field(default_factory=lambda: array("B"))
    part_s: array[float] = field(default_factory=lambda: array("d"))
    parts: list[tuple[Any, ...]] = field(default_factory=list)
    stock: dict[str, tuple[array[float], array[int]]] = field(default_factory=dict)
    trips: list[tuple[float, str, str, int]] = field(default_factory=list)


class Ledger:
    """The account of all units.

    Args:
        stations: The units.
        origin_ns: Nanoseconds since 1970 UTC at simulated second 0.
        intervals: Keep everything, for :meth:`window`.
    """

    def __init__(self, stations: Sequence[Station], origin_ns: int, intervals: bool):
        self._stations = tuple(stations)
        self._index = {station.path: index for index, station in enumerate(stations)}
        self._origin = origin_ns
        self._records = [_Record() for _ in stations] if intervals else []

    def take(self, rows: Rows) -> None:
        """Keep new rows, in order of time."""
        for time, event in zip(*rows, strict=True):
            record = self._records[event.unit]
            if event.kind is RecordKind.STATE:
                record.state_s.append(time)
                record.codes.append(event.code)
            elif event.kind is RecordKind.PART:
                record.part_s.append(time)
                record.parts.append(event.values)
            elif event.kind is RecordKind.STOCK:
                item, level = event.values
                times, levels = record.stock.setdefault(item, (array("d"), array("q")))
                times.append(time)
                levels.append(level)
            elif event.kind is RecordKind.SHIPMENT:
                _, what, item, quantity, _, _ = event.values
                record.trips.append((time, what, item, quantity))

    def _number(self, unit: int | EquipmentPath | str) -> int:
        if isinstance(unit, int):
            return unit
        if unit not in self._index:
            raise FactoryError(str(Problem("ledger", "the path of a unit", repr(unit))))
        return self._index[EquipmentPath(unit)]

    def totals(self, unit: int | EquipmentPath | str) -> Totals:
        """Account since the start, by number or path of the unit."""
        station = self._stations[self._number(unit)]
        now = station.kernel.now
        return Totals(
            tuple(station.seconds(now)), station.parts, station.scrapped, station.reworked, station.energy_at(now)
        )

    def window(self, unit: int | EquipmentPath | str, t0_ns: int, t1_ns: int) -> Truth:
        """Exact account of a window.

        Args:
            unit: Number or path.
            t0_ns: Begin, ns since 1970 UTC.
            t1_ns: End, not after now.

        Raises:
            FactoryError: Intervals are not kept.
        """
        if not self._records:
            raise FactoryError(str(Problem("ledger", "intervals to be kept", "a plant without", "use intervals=True")))
        number = self._number(unit)
        record, station = self._records[number], self._stations[number]
        changes = self._changes(record)
        begun, ended, repair_ns = _failures(*changes, (t0_ns, t1_ns), to_ns(self._origin, station.kernel.now))
        spent_ns, parts = _durations(*changes, t0_ns, t1_ns), self._between(record, t0_ns, t1_ns)
        made, earned = _made(parts), self._earned(record, changes, (t0_ns, t1_ns))
        return Truth(
            durations_ns=spent_ns,
            counts=_counts(parts),
            earned_produced_s=earned[0],
            earned_good_s=earned[1],
            energy_kwh=self._energy(number, spent_ns, made, (t0_ns, t1_ns)),
            air_m3=_volume(station, station.air, spent_ns, made),
            gas_m3=_volume(station, station.gas, spent_ns, made),
            failures=begun,
            repaired=ended,
            repair_ns=repair_ns,
            stock_ns={item: self._stock(column, t0_ns, t1_ns) for item, column in record.stock.items()},
            departed=self._trips(record, "departed", t0_ns, t1_ns),
            arrived=self._trips(record, "arrived", t0_ns, t1_ns),
            counted=self._counted(station, t0_ns, t1_ns),
        )

    def energy_at(self, unit: int | EquipmentPath | str, time_ns: int) -> float:
        """Energy in kWh since the start, of what happened before a time."""
        return self.window(unit, self._origin, time_ns).energy_kwh

    def _energy(self, number: int, spent_ns: NDArray[np.int64], made: int, window: tuple[int, int]) -> float:
        station = self._stations[number]
        t0_s, t1_s = ((time_ns - self._origin) / 1e9 for time_ns in window)
        energy = float(spent_ns / 1e9 @ np.array(station.power)) + made * station.per_part
        if station.ramp is not None:
            energy += station.ramp.over(self._intervals(number), t0_s, t1_s)
        return energy + station.more_energy(t0_s, t1_s, partial(self._air, window=window))

    def _air(self, station: Station, window: tuple[int, int]) -> float:
        record = self._records[self._index[station.path]]
        spent_ns = _durations(*self._changes(record), *window)
        return _volume(station, station.air, spent_ns, _made(self._between(record, *window)))

    def _changes(self, record: _Record) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """When a unit entered a state, in ns, and which, by code."""
        starts = to_ns_array(self._origin, np.frombuffer(record.state_s, dtype=np.float64))
        return starts, np.frombuffer(record.codes, dtype=np.uint8)

    def _intervals(self, number: int) -> Iterator[tuple[float, float, int]]:
        record = self._records[number]
        return zip(record.state_s, [*record.state_s[1:], inf], record.codes, strict=True)

    def _between(self, record: _Record, t0_ns: int, t1_ns: int) -> list[tuple[Any, ...]]:
        times = to_ns_array(self._origin, np.frombuffer(record.part_s, dtype=np.float64))
        first, last = np.searchsorted(times, [t0_ns, t1_ns])
        return record.parts[first:last]

    def _earned(
        self, record: _Record, changes: tuple[NDArray[np.int64], NDArray[np.uint8]], window: tuple[int, int]
    ) -> tuple[float, float]:
        """Planned run time of what was produced, and of what of it was good, that a window has earned in s."""
        times = to_ns_array(self._origin, np.frombuffer(record.part_s, dtype=np.float64))
        starts = _begins(times, record.parts, self._origin)
        produced_s = good_s = 0.0
        for index in np.flatnonzero((times >= window[0]) & (starts < window[1])).tolist():
            _, good, scrap, rework, ideal_s = record.parts[index][:5]
            share = _share(changes, (int(starts[index]), int(times[index])), window) if ideal_s else 0.0
            produced_s += share * ideal_s * (good + scrap + rework)
            good_s += share * ideal_s * good
        return produced_s, good_s

    def _stock(self, column: tuple[array[float], array[int]], t0_ns: int, t1_ns: int) -> int:
        times, levels = column
        starts = to_ns_array(self._origin, np.frombuffer(times, dtype=np.float64))
        lengths, held = _overlaps(starts, t0_ns, t1_ns), np.frombuffer(levels, dtype=np.int64)
        if float(lengths.sum()) * float(held.max(initial=0)) < 2.0**62:
            return int(lengths @ held)
        return sum(length * level for length, level in zip(lengths.tolist(), held.tolist(), strict=True))

    def _trips(self, record: _Record, what: str, t0_ns: int, t1_ns: int) -> dict[str, int]:
        sums: dict[str, int] = {}
        for time, event, item, quantity in record.trips:
            if event == what and t0_ns <= to_ns(self._origin, time) < t1_ns:
                sums[item] = sums.get(item, 0) + quantity
        return sums

    def _counted(self, station: Station, t0_ns: int, t1_ns: int) -> dict[str, float]:
        names = [tag.name for tag in station.setting.config.counters()]
        steps = [growth for time, growth in getattr(station, "steps", ()) if t0_ns <= to_ns(self._origin, time) < t1_ns]
        return {name: sum(growth[name] for growth in steps) for name in names}


def _made(parts: list[tuple[Any, ...]]) -> int:
    return sum(int(part[1] + part[2] + part[3]) for part in parts)


def _begins(times: NDArray[np.int64], parts: list[tuple[Any, ...]], origin_ns: int) -> NDArray[np.int64]:
    """When operations began: as they say, else with the completion before their own instant."""
    before = np.searchsorted(times, times) - 1
    starts: NDArray[np.int64] = np.where(before >= 0, times[before] if len(times) else 0, origin_ns)
    said = [(index, part[6]) for index, part in enumerate(parts) if len(part) > 6 and part[6] is not None]
    for index, begun_ns in said:
        starts[index] = begun_ns
    return starts


def _share(
    changes: tuple[NDArray[np.int64], NDArray[np.uint8]], operation: tuple[int, int], window: tuple[int, int]
) -> float:
    """Share of an operation's time in PRODUCING that lies in a window."""
    (begin, end), (t0_ns, t1_ns) = operation, window
    if begin >= t0_ns and end < t1_ns:
        return 1.0
    whole = _durations(*changes, begin, end)[_PRODUCING].sum()
    if whole == 0:
        return float(t0_ns <= end < t1_ns)
    return float(_durations(*changes, max(begin, t0_ns), min(end, t1_ns))[_PRODUCING].sum() / whole)


def _counts(parts: list[tuple[Any, ...]]) -> dict[str, Count]:
    sums: dict[str, list[float]] = {}
    for item, good, scrap, rework, ideal_s, first_pass, *_ in parts:
        made = good + scrap + rework
        row = (good, scrap, rework, made * first_pass, good * first_pass, ideal_s * made, ideal_s * good)
        total = sums.setdefault(item, [0, 0, 0, 0, 0, 0.0, 0.0])
        sums[item] = [a + b for a, b in zip(total, row, strict=True)]
    return {item: Count(*(int(v) for v in row[:5]), *row[5:]) for item, row in sums.items()}


def _volume(station: Station, medium: Medium | None, spent_ns: NDArray[np.int64], made: int) -> float:
    if medium is None:
        return 0.0
    return medium.used((spent_ns / 1e9).tolist(), made if station.records_parts else 0)


def _overlaps(starts: NDArray[np.int64], t0_ns: int, t1_ns: int) -> NDArray[np.int64]:
    """Length of each interval inside the window; an interval ends where the next starts."""
    edges = np.clip(np.append(starts, t1_ns), t0_ns, t1_ns)
    lengths: NDArray[np.int64] = np.diff(edges)
    return lengths


def _durations(starts: NDArray[np.int64], codes: NDArray[np.uint8], t0_ns: int, t1_ns: int) -> NDArray[np.int64]:
    sums = np.zeros(CODES, dtype=np.int64)
    np.add.at(sums, codes, _overlaps(starts, t0_ns, t1_ns))
    return sums


def _failures(
    starts: NDArray[np.int64], codes: NDArray[np.uint8], window: tuple[int, int], now_ns: int
) -> tuple[int, int, int]:
    """Failures that began and ended in a window, and the length of the latter; plainly, one state after another."""
    t0_ns, t1_ns = window
    begun = ended = length = spent = 0
    inside = False
    for start, end, code in zip(starts.tolist(), [*starts[1:].tolist(), now_ns], codes.tolist(), strict=True):
        failing = bool(_FAILING[code]) or (bool(_MINOR[code]) and end - start > _MINOR_NS)
        if failing and not inside:
            inside, spent = True, 0
            begun += t0_ns <= start < t1_ns
        elif inside and not failing and not _PAUSING[code]:
            inside = False
            if t0_ns <= start < t1_ns:
                ended, length = ended + 1, length + spent
        spent += (end - start) * failing
    return begun, ended, length
