"""All devices of one site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from devices.drivers import is_real, open_driver, option_problems
from devices.instants import misplaced_in
from devices.master import has_meter, ideal_s, made_item, meters_of, site_masters
from devices.profiles import profiles
from devices.recordings.options import ReplayOptions
from devices.recordings.record import ReplayCounters
from devices.unit import DeviceUnit, Event, PlantView, Setting, Tick
from twin.config.plant import LineConfig, PlantConfig, StationConfig
from twin.engine.clock import to_ns
from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError
from twin.master import meta_frame
from twin.records import GOOD, Frame, RecordKind, records
from twin.zone import Axis

EVENTS = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.SHIPMENT, RecordKind.ORDER, RecordKind.ALARM)


class DeviceBank:
    """Speaks for all units of one site, whatever drives each of them. Pickles.

    Args:
        config: The plant.
        site: Path of the site.
        seed: Seed of the run.
        base: Directory to which file names in the options of drivers are relative.
        live: Units that real machines stand for say nothing here; else they are simulated, with a note.

    Raises:
        ScenarioError: Options of drivers that are wrong, all at once.
    """

    def __init__(
        self, config: PlantConfig, site: EquipmentPath, seed: int, base: Path | None = None, live: bool = False
    ) -> None:
        self.site = site
        self.notes: list[str] = []
        self._config = config
        axis = _axis(config, site)
        self._setting = Setting(seed, axis.origin_ns, axis.zone, base or Path(), axis.moved_days)
        self._now_s = 0.0
        units = list(site_units(config, site))
        self._refuse(units)
        units = [self._present(unit) for unit in units if not (live and is_real(unit.driver))]
        self._driver_of = {unit.number: unit.driver for unit in units}
        self._drivers = {kind: open_driver(kind, some, self._setting) for kind, some in _by_driver(units).items()}

    def _refuse(self, units: Iterable[DeviceUnit]) -> None:
        problems = [problem for unit in units for problem in _problems(unit)]
        problems = problems or [problem for unit in units for problem in _misplaced(unit, self._setting.axis)]
        if problems:
            raise ScenarioError(problems)

    def _present(self, unit: DeviceUnit) -> DeviceUnit:
        """The unit, simulated when it is a real machine, or has no recording and the user asked for that."""
        if is_real(unit.driver):
            self.notes.append(f"{unit.path}: a real machine ({unit.driver}), simulated here")
            return unit.simulated()
        if unit.driver != "replay":
            return unit
        options = ReplayOptions.model_validate(unit.options)
        if options.on_missing == "fail" or (self._setting.base / options.file).is_file():
            return unit
        self.notes.append(f"{unit.path}: no recording {options.file!r}, simulated instead")
        return unit.simulated()

    @property
    def counters(self) -> dict[EquipmentPath, ReplayCounters]:
        """What replays have met in their recordings so far, by unit."""
        return dict(getattr(self._drivers.get("replay"), "counters", {}))

    def meta(self) -> Frame:
        """Master data of the site, its enterprise, areas, lines and units, stamped with the epoch."""
        return meta_frame(self._setting.epoch_ns, list(site_masters(self._config, self.site)))

    def frames(self, tick_s: float, view: PlantView, rows: Sequence[Event]) -> list[Frame]:
        """What the site says about the time since the last tick.

        Args:
            tick_s: Simulated time of the samples, not before that of the last call.
            view: The plant at that time.
            rows: Events of the plant since the last tick in order of time; those of other sites are left out.

        Returns:
            Frames of events, one per kind; telemetry, one per tag profile; and a heartbeat, which says
            that all before this time has been sent. Rows of a frame are in order of time.
        """
        events: dict[str, list[Event]] = defaultdict(list)
        for row in rows:
            driver = self._driver_of.get(row.unit)
            if driver is not None:
                events[driver].append(row)
        said: list[Frame] = []
        for kind, driver_ in self._drivers.items():
            said.extend(driver_.frames(Tick(self._now_s, tick_s, view, events[kind])))
        self._now_s = tick_s
        return [*merged(said), self._heartbeat(tick_s)]

    def _heartbeat(self, tick_s: float) -> Frame:
        time_ns = to_ns(self._setting.epoch_ns, tick_s)
        return records(RecordKind.HEARTBEAT, [(self.site, time_ns, (None, None, None))])


def site_units(config: PlantConfig, site: EquipmentPath) -> Iterator[DeviceUnit]:
    """The units of a site, numbered as in the plant."""
    for number, (path, line, station) in enumerate(config.stations()):
        if path.site == site:
            yield device_unit(path, number, line, station)


def device_unit(path: EquipmentPath, number: int, line: LineConfig, station: StationConfig) -> DeviceUnit:
    """A unit as its driver sees it."""
    device = station.device
    failures = getattr(station, "failures", ())
    return DeviceUnit(
        path=path,
        number=number,
        profile="" if device is None else device.profile,
        driver="simulated" if device is None else device.driver,
        options={} if device is None else device.options,
        power=station.power,
        signatures=frozenset(mode.signature for mode in failures) - {"none"},
        item=made_item(station),
        ideal_s=ideal_s(station),
        order=line.standing_order,
        metered=has_meter(station),
        media=meters_of(station),
    )


def _problems(unit: DeviceUnit) -> list[Problem]:
    where = f"{unit.path} device"
    found = option_problems(unit.driver, unit.options, where)
    if unit.profile and unit.profile not in profiles:
        hint = f"known: {', '.join(profiles.kinds())}"
        found.append(Problem(f"{where}.profile", "a known profile", repr(unit.profile), hint))
    return found


def _misplaced(unit: DeviceUnit, axis: Axis) -> Iterator[Problem]:
    return misplaced_in(unit.path, unit.driver, unit.options, axis)


def _by_driver(units: Iterable[DeviceUnit]) -> dict[str, list[DeviceUnit]]:
    groups: dict[str, list[DeviceUnit]] = defaultdict(list)
    for unit in units:
        groups[unit.driver].append(unit)
    return dict(groups)


def merged(frames: Iterable[Frame]) -> list[Frame]:
    """Frames of one kind and the same columns as one, rows in order of time; events before telemetry."""
    groups: dict[tuple[RecordKind, tuple[str, ...]], list[Frame]] = defaultdict(list)
    for frame in frames:
        groups[frame.kind, frame.tags].append(frame)
    order = {kind: place for place, kind in enumerate((*EVENTS, RecordKind.TELEMETRY))}
    kinds = sorted(groups, key=lambda group: order[group[0]])
    return [_in_time(_joined(groups[group])) for group in kinds]


def _joined(frames: Sequence[Frame]) -> Frame:
    first = frames[0]
    if len(frames) == 1:
        return first
    quality = None
    if any(frame.quality is not None for frame in frames):
        quality = np.concatenate([_quality(frame) for frame in frames])
    return Frame(
        first.kind,
        tuple(path for frame in frames for path in frame.paths),
        np.concatenate([frame.time_ns for frame in frames]),
        first.tags,
        np.concatenate([frame.values for frame in frames]),
        quality,
    )


def _quality(frame: Frame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full(frame.values.shape, GOOD) if frame.quality is None else frame.quality


def _in_time(frame: Frame) -> Frame:
    if len(frame) < 2 or bool(np.all(frame.time_ns[1:] >= frame.time_ns[:-1])):
        return frame
    return frame.take(np.argsort(frame.time_ns, kind="stable"))


def _axis(config: PlantConfig, path: EquipmentPath) -> Axis:
    return config.axis(next((site for where, site in config.sites() if where == path), None))
