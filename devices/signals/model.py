"""The signals of all machines of one profile at one site, computed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.signals.signal import ACTIVITIES, ACTIVITY, Profile, Signal
from devices.signals.streams import Keys, Wander, normal_at, stream_keys
from devices.unit import DeviceUnit, Setting, Tick, shown
from twin.config.plant import PowerConfig
from twin.records import RecordKind
from twin.states import UnitState

Matrix = NDArray[np.float64]

LOAD_PERIOD_S = 40.0
"""Time between two independent values of the slow load factor."""
NOMINAL_POWER = (1.0, 0.45, 0.3, 0.12, 0.02)
"""Relative power by activity of a unit whose scenario gives none."""
QUIET = 0.1
"""Noise of a sensor on a machine at rest, relative to that on a running one."""
EARLY_WEAR, LATE_WEAR, LATE_POWER = 0.15, 0.85, 5
"""Wear shows linearly a little, and with a high power shortly before a failure with that signature."""
HALL_MEAN_C, HALL_SWING_C, HALL_PEAK_H = 22.0, 4.0, 15.0
"""Air in the hall: a daily cycle with its peak in the afternoon."""

_ACTIVITY = np.array([ACTIVITY[state] for state in UnitState], dtype=np.intp)


def hall_deviation_c(local_s: float) -> float:
    """Deviation of the air in the hall from its mean, by seconds of local time.

    >>> round(hall_deviation_c(15 * 3600), 3)
    4.0
    """
    return float(HALL_SWING_C * np.cos(2 * np.pi * (local_s / 3600 - HALL_PEAK_H) / 24))


def relative_power(power: PowerConfig) -> tuple[float, ...]:
    """Power by activity relative to that of producing; the nominal shape where a unit has none."""
    return NOMINAL_POWER if power.producing <= 0 else tuple(each / power.producing for each in powers_kw(power))


def powers_kw(power: PowerConfig) -> tuple[float, ...]:
    """Power by activity in kW."""
    return power.producing, power.idle if power.setup is None else power.setup, power.idle, power.down, power.off


class ProfileModel:
    """State of the signals of all units with one profile.

    The part that depends on states is exact for any length of tick, because every change of state
    within a tick counts from its own time; noise, load and surroundings depend on the time of the sample only.
    So a sample does not depend on the ticks before it, but for rounding in the last digits.

    Args:
        profile: The profile.
        units: Units in the order of the rows.
        setting: Seed, epoch and local time.
    """

    def __init__(self, profile: Profile, units: Sequence[DeviceUnit], setting: Setting) -> None:
        self.profile, self.units = profile, tuple(units)
        self.numbers = np.array([unit.number for unit in units], dtype=np.intp)
        self._row = {unit.number: row for row, unit in enumerate(units)}
        self._setting = setting
        signals = profile.own
        self._exact = tuple((c, s.exact) for c, s in enumerate(profile.signals) if s.exact)
        self._own = len(profile.signals) - len(signals)
        self._targets = self._target_table(signals)
        self._lag_s = np.array([max(signal.lag_s, 1e-9) for signal in signals])
        self._counts = np.array([signal.counter for signal in signals])
        self._vector = {name: np.array([getattr(signal, name) for signal in signals], dtype=float) for name in _FIELDS}
        self._top = np.abs(self._targets).max(axis=2) + 1e-12
        self._scale = 10.0 ** self._vector["digits"]
        self._wear_gain = self._wear_table(signals)
        self._noise_keys = self._keys("noise")
        paths = [str(unit.path) for unit in units]
        self._load = Wander(stream_keys(setting.seed, paths, "load"), LOAD_PERIOD_S)
        self._activity: NDArray[np.intp] | None = None
        self._level = np.zeros((len(units), len(signals)))

    def _keys(self, purpose: str) -> Keys:
        """Keys of the streams of every tag, [units, signals]."""
        names = [f"{unit.path}:{signal.name}" for unit in self.units for signal in self.profile.own]
        return stream_keys(self._setting.seed, names, purpose).reshape(len(self.units), len(self.profile.own))

    def _target_table(self, signals: Sequence[Signal]) -> Matrix:
        """Targets, [units, signals, activities]; every machine is a little different."""
        levels = np.array([signal.levels for signal in signals]).reshape(len(signals), ACTIVITIES)
        per_power = np.array([signal.per_power for signal in signals])
        shapes = np.array([relative_power(unit.power) for unit in self.units])
        table = levels[None] + per_power[None, :, None] * shapes[:, None, :]
        per_kw = np.array([signal.per_kw for signal in signals])
        table += per_kw[None, :, None] * np.array([powers_kw(unit.power) for unit in self.units])[:, None, :]
        return np.asarray(table * self._individuality(signals)[:, :, None])

    def _individuality(self, signals: Sequence[Signal]) -> Matrix:
        spread = np.array([signal.spread if signal.noise > 0 else 0.0 for signal in signals])
        return np.asarray(1 + spread * normal_at(self._keys("individuality"), 0))

    def _wear_table(self, signals: Sequence[Signal]) -> Matrix:
        """Rise at the end of life, [units, signals]; only for the signatures of the unit's failure modes."""
        shows = [[signal.signature in unit.signatures for signal in signals] for unit in self.units]
        return np.array(shows, dtype=float).reshape(len(self.units), len(signals))

    # --- one tick -----------------------------------------------------------------------------------

    def sample(self, tick: Tick) -> Matrix:
        """Readings at the end of the tick, [units, tags]; deterministic."""
        self._advance(tick)
        view, width = tick.view, len(self.profile.signals)
        values = np.empty((len(self.units), width))
        for column, name in self._exact:
            values[:, column] = shown(view, name)[self.numbers]
        values[:, self._own :] = self._readings(tick)
        return values

    def _advance(self, tick: Tick) -> None:
        """Carry the lagged levels from the start of the tick to its end, through every change of state."""
        final = _ACTIVITY[tick.view.state[self.numbers]]
        changes = [e for e in tick.events if e.kind is RecordKind.STATE and e.unit in self._row]
        before = self._before(final, changes)
        span = np.full(len(self.units), tick.t1_s - tick.t0_s)
        rows = np.arange(len(self.units))
        target = self._targets[rows, :, before]
        self._level = np.where(
            self._counts, self._level + target * span[:, None], target + (self._level - target) * self._decay(span)
        )
        self._step_changes(changes, before, tick.t1_s)
        self._activity = final

    def _before(self, final: NDArray[np.intp], changes: Sequence[Any]) -> NDArray[np.intp]:
        if self._activity is not None:
            return self._activity
        first = final.copy()  # a unit that has said nothing yet is taken to be in its first state all the time
        for event in reversed(changes):
            first[self._row[event.unit]] = ACTIVITY[UnitState[event.values[0]]]
        rows = np.arange(len(self.units))
        self._level = np.where(self._counts, 0.0, self._targets[rows, :, first])
        return first

    def _decay(self, span_s: Matrix) -> Matrix:
        return np.asarray(np.exp(-span_s[:, None] / self._lag_s))

    def _step_changes(self, changes: Sequence[Any], before: NDArray[np.intp], t1_s: float) -> None:
        """Add, for each change of state, the response to the step between the two targets."""
        if not changes:
            return
        now = before.copy()
        rows = np.array([self._row[event.unit] for event in changes], dtype=np.intp)
        new = np.array([ACTIVITY[UnitState[event.values[0]]] for event in changes], dtype=np.intp)
        old = np.empty_like(new)
        for index, row in enumerate(rows):
            old[index], now[row] = now[row], new[index]
        step = self._targets[rows, :, new] - self._targets[rows, :, old]
        span = t1_s - np.array([event.sim_s for event in changes])
        response = np.where(self._counts, span[:, None], 1 - self._decay(span))
        np.add.at(self._level, rows, step * response)

    def _readings(self, tick: Tick) -> Matrix:
        vector, sim_s = self._vector, tick.t1_s
        wear = tick.view.wear[self.numbers][:, None]
        shown = EARLY_WEAR * wear + LATE_WEAR * self._wear_gain * wear**LATE_POWER
        load = self._load.at(sim_s)[:, None]
        offset_s = self._setting.zone.offset_ns(self._setting.epoch_ns + round(sim_s * 1e9)) * 1e-9
        local_s = offset_s + (self._setting.epoch_ns * 1e-9) % 86_400 + sim_s
        busy = np.clip(np.abs(self._level) / self._top, 0.0, 1.0)  # a machine at rest shows neither noise nor wear
        noise = normal_at(self._noise_keys, round(sim_s * 1e9)) * vector["noise"] * (QUIET + (1 - QUIET) * busy)
        reading = self._level * (1 + vector["wander"] * load) + vector["wear"] * shown * busy
        reading += vector["ambient"] * hall_deviation_c(local_s) + noise
        reading = np.where(vector["sweep_s"] > 0, self._sweep(sim_s), reading)
        return np.asarray(np.maximum(np.rint(reading * self._scale) / self._scale, vector["floor"]))

    def _sweep(self, sim_s: float) -> Matrix:
        period = np.where(self._vector["sweep_s"] > 0, self._vector["sweep_s"], 1.0)
        return np.asarray(self._level * np.mod(sim_s / period, 1.0))


_FIELDS = ("noise", "wander", "wear", "ambient", "floor", "digits", "sweep_s")
