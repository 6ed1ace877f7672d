"""The machine is simulated: its events are the plant's, its readings follow from the plant's state.

Options (under ``device.options``)::

    sensor_effects:                     # layers that change the reading, never the plant
      - {effect: dropout, tags: [vibration_mm_s], share: 0.01}
      - {effect: stuck, tags: [oil_temperature_c], start: 2 h, duration: 30 min}
      - {effect: drift, tags: [coolant_pressure_bar], amplitude: 0.05}
      - {effect: spike, share: 0.001, amplitude: 0.5}
      - {effect: noise, amplitude: 0.01}
      - {effect: clock_skew, skew: 3 s, direction: behind}

A clock that is behind stamps its samples before the publisher's last heartbeat: late data, as in reality.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from devices.drivers import drivers
from devices.profiles import profiles
from devices.signals.effects import EffectConfig, Reading, SensorEffect, layers, unknown_tags
from devices.signals.model import ProfileModel
from devices.signals.signal import Signal
from devices.unit import DeviceUnit, PlantView, Setting, Tick, TraceEvent, shown
from twin.config.plant import Config
from twin.engine.clock import to_ns
from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError
from twin.records import GOOD, Frame, RecordKind, records

STORING = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.SHIPMENT, RecordKind.ORDER, RecordKind.ALARM)


class SimulatedOptions(Config):
    """Options of the simulated driver."""

    sensor_effects: tuple[EffectConfig, ...] = Field(
        default=(), max_length=100, description="layers that change readings"
    )


@drivers.register("simulated", SimulatedOptions)
class Simulated:
    """Speaks for simulated machines: the plant's events as they are, signals computed per profile."""

    Options = SimulatedOptions

    def __init__(self, units: Sequence[DeviceUnit], options: Sequence[SimulatedOptions], setting: Setting) -> None:
        self._setting = setting
        self._units = tuple(units)
        self._paths = {unit.number: unit.path for unit in units}
        alike: dict[tuple[str, tuple[Signal, ...]], list[DeviceUnit]] = defaultdict(list)
        for unit in units:
            alike[unit.profile, unit.media].append(unit)
        self._bare = _alike(unit for unit in units if not unit.profile)
        self._models = [
            ProfileModel(replace(profiles[name], media=media), some, setting)
            for (name, media), some in alike.items()
            if name
        ]
        self._effects = self._layers(dict(zip((unit.path for unit in units), options, strict=True)))

    def _layers(self, options: dict[EquipmentPath, SimulatedOptions]) -> dict[int, list[SensorEffect]]:
        """Effects by unit number.

        Raises:
            ScenarioError: Effects on tags that the profiles do not have, all at once.
        """
        found: dict[int, list[SensorEffect]] = {}
        problems = []
        for model in self._models:
            tags, exact = model.profile.tags, {signal.name for signal in model.profile.signals if signal.exact}
            for unit in model.units:
                effects = options[unit.path].sensor_effects
                wrong = unknown_tags(effects, tags)
                problems += [_unknown_tag(unit, tag, model.profile.name) for tag in wrong]
                if effects and not wrong:
                    made_of = (tags, exact, self._setting.seed, str(unit.path), self._setting.axis)
                    found[unit.number] = layers(effects, *made_of)
        if problems:
            raise ScenarioError(problems)
        return found

    def frames(self, tick: Tick) -> list[Frame]:
        """One frame per kind of event, then telemetry by profile and of the meters of other units."""
        telemetry = [self._telemetry(model, tick) for model in self._models]
        return [*self._events(tick.events), *self._first_readings(tick), *telemetry, *self._meters(tick)]

    def _events(self, events: Sequence[TraceEvent]) -> list[Frame]:
        epoch_ns, paths = self._setting.epoch_ns, self._paths
        rows: dict[RecordKind, list[tuple[EquipmentPath, int, tuple[object, ...]]]] = {kind: [] for kind in STORING}
        for event in events:
            rows[event.kind].append((paths[event.unit], to_ns(epoch_ns, event.sim_s), event.values))
        return [records(kind, some) for kind, some in rows.items() if some]

    def _telemetry(self, model: ProfileModel, tick: Tick) -> Frame:
        values = model.sample(tick)
        time_ns = np.full(len(values), to_ns(self._setting.epoch_ns, tick.t1_s), dtype=np.int64)
        paths = tuple(unit.path for unit in model.units)
        tags = tuple(signal.name for signal in model.profile.signals)
        quality = self._disturb(model, tick.t1_s, time_ns, values)
        return Frame(RecordKind.TELEMETRY, paths, time_ns, tags, values, quality)

    def _disturb(
        self, model: ProfileModel, sim_s: float, time_ns: NDArray[np.int64], values: NDArray[np.float64]
    ) -> NDArray[np.uint8] | None:
        """Apply the layers of the devices that have some; the quality, None when all is good."""
        disturbed = [row for row, unit in enumerate(model.units) if unit.number in self._effects]
        if not disturbed:
            return None
        quality = np.full(values.shape, GOOD)
        for row in disturbed:
            reading = Reading(sim_s, int(time_ns[row]), values[row], quality[row])
            for effect in self._effects[model.units[row].number]:
                effect.apply(reading)
            time_ns[row] = reading.time_ns
        return quality

    def _meters(self, tick: Tick) -> list[Frame]:
        """Meters of units without a device."""
        return [self._readings(some, meters, tick.t1_s, tick.view) for meters, some in self._bare.items()]

    def _first_readings(self, tick: Tick) -> list[Frame]:
        """All meters at the start of the run, so that the energy of the first window is known."""
        if tick.t0_s > 0 or tick.t1_s <= 0:
            return []
        return [self._readings(some, meters, 0.0, None) for meters, some in _alike(self._units).items()]

    def _readings(
        self, units: Sequence[DeviceUnit], meters: tuple[Signal, ...], sim_s: float, view: PlantView | None
    ) -> Frame:
        """Counters of some units; all 0 without a view."""
        tags = tuple(meter.name for meter in meters)
        rows = [unit.number for unit in units]
        columns = [np.zeros(len(rows)) if view is None else shown(view, tag)[rows] for tag in tags]
        time_ns = np.full(len(units), to_ns(self._setting.epoch_ns, sim_s), dtype=np.int64)
        return Frame(RecordKind.TELEMETRY, tuple(unit.path for unit in units), time_ns, tags, np.stack(columns, axis=1))


def _alike(units: Iterable[DeviceUnit]) -> dict[tuple[Signal, ...], list[DeviceUnit]]:
    """The units that have meters, by these."""
    alike: dict[tuple[Signal, ...], list[DeviceUnit]] = defaultdict(list)
    for unit in units:
        if unit.meters:
            alike[unit.meters].append(unit)
    return alike


def _unknown_tag(unit: DeviceUnit, tag: str, profile: str) -> Problem:
    return Problem(f"{unit.path} device.options.sensor_effects", f"tags of the profile {profile}", repr(tag))
