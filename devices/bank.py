"""All devices of one site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from devices.change import OTHERS, SHADOWED, DriverChange, in_step
from devices.drivers import is_real, open_driver, option_problems
from devices.instants import misplaced_in
from devices.master import counting_tags, has_meter, ideal_s, made_item, meters_of, site_masters
from devices.merging import merged
from devices.profiles import profiles
from devices.recordings.options import ReplayOptions
from devices.recordings.record import ReplayCounters
from devices.speech import Speech
from devices.unit import DeviceUnit, PlantView, Setting, Tick, TraceEvent
from twin.config.plant import LineConfig, PlantConfig, StationConfig
from twin.engine.clock import to_ns
from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError
from twin.master import meta_frame
from twin.records import Frame, RecordKind, records
from twin.zone import Axis


class DeviceBank:
    """Speaks for all units of one site, whatever drives each of them. Pickles.

    Args:
        config: The plant.
        site: Path of the site.
        seed: Seed of the run.
        base: Directory to which file names in the options of drivers are relative.
        live: Units that real machines stand for say nothing here until they are simulated; else they are simulated
            from the beginning, with a note.

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
        self._changing = {unit.path: unit for unit in units if live and changes(unit)}
        self._speeches = {
            path: Speech(path, not is_real(unit.driver), counters=counting_tags(station), shadow=unit.shadow)
            for path, _, station in config.stations()
            if (unit := self._changing.get(path)) is not None
        }
        units = [self._present(unit, live) for unit in units]
        self._driver_of = {unit.number: unit.driver for unit in units}
        self._drivers = {kind: open_driver(kind, some, self._setting) for kind, some in _by_driver(units).items()}

    def _refuse(self, units: Iterable[DeviceUnit]) -> None:
        problems = [problem for unit in units for problem in _problems(unit)]
        problems = problems or [problem for unit in units for problem in _misplaced(unit, self._setting.axis)]
        if problems:
            raise ScenarioError(problems)

    def _present(self, unit: DeviceUnit, live: bool) -> DeviceUnit:
        """The unit, simulated when it is a real machine, or has no recording and the user asked for that."""
        if is_real(unit.driver) and live:
            return unit.simulated()
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

    def frames(self, tick_s: float, view: PlantView, rows: Sequence[TraceEvent]) -> list[Frame]:
        """What the site says about the time since the last tick.

        Args:
            tick_s: Simulated time of the samples, not before that of the last call.
            view: The plant at that time.
            rows: Events of the plant since the last tick in order of time; those of other sites are left out.

        Returns:
            Frames of events, one per kind; telemetry, one per tag profile; and a heartbeat, which says
            that all before this time has been sent. Rows of a frame are in order of time.
        """
        events: dict[str, list[TraceEvent]] = defaultdict(list)
        for row in rows:
            driver = self._driver_of.get(row.unit)
            if driver is not None:
                events[driver].append(row)
        said: list[Frame] = []
        for kind, driver_ in self._drivers.items():
            said.extend(driver_.frames(Tick(self._now_s, tick_s, view, events[kind])))
        self._now_s = tick_s
        return [*self._spoken(merged(said), tick_s), self._heartbeat(tick_s)]

    @property
    def changing(self) -> Mapping[EquipmentPath, DeviceUnit]:
        """Units that real machines stand for, or may stand for later."""
        return self._changing

    @property
    def silent(self) -> frozenset[EquipmentPath]:
        """Units that real machines stand for now."""
        return frozenset(path for path, speech in self._speeches.items() if not speech.speaks)

    def change(self, change: DriverChange) -> None:
        """From a simulated time on, not before the last step, another driver speaks for a unit."""
        at_ns = to_ns(self._setting.epoch_ns, change.at_s)
        self._speeches[change.path].change(at_ns, not is_real(change.driver), dict(change.counted))

    def counted(self, path: EquipmentPath) -> dict[str, float]:
        """Where the counters of a unit whose driver may change stand, as they were said last."""
        return self._speeches[path].counted

    def _spoken(self, frames: list[Frame], tick_s: float) -> list[Frame]:
        """What goes out of what the drivers said: nothing of units that real machines stand for."""
        if not self._speeches:
            return frames
        out: list[Frame] = []
        own: dict[EquipmentPath, list[Frame]] = {path: [] for path in self._speeches}
        for frame in frames:
            rows: dict[EquipmentPath | None, list[int]] = defaultdict(list)
            for row, path in enumerate(frame.paths):
                rows[path if path in own else None].append(row)
            for of, some in rows.items():
                (out if of is None else own[of]).append(frame if len(some) == len(frame) else frame.take(some))
        until_ns = to_ns(self._setting.epoch_ns, tick_s) + 1
        for path, speech in self._speeches.items():
            out.extend(speech.said(own[path], until_ns))
        return merged(out)

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
        others={} if device is None else device.others,
        shadow=device is not None and device.shadow,
        drives=device is not None and device.drives,
        power=station.power,
        signatures=frozenset(mode.signature for mode in failures) - {"none"},
        item=made_item(station),
        ideal_s=ideal_s(station),
        order=line.standing_order,
        metered=has_meter(station),
        media=meters_of(station),
    )


def changes(unit: DeviceUnit) -> bool:
    """Whether a real machine stands for a unit, or may stand for it later."""
    return any(is_real(kind) for kind in (unit.driver, *unit.others))


def _problems(unit: DeviceUnit) -> list[Problem]:
    where = f"{unit.path} device"
    found = option_problems(unit.driver, unit.options, where)
    if unit.shadow and not changes(unit):
        found.append(Problem(f"{where}.shadow", SHADOWED, "none"))
    for kind, options in unit.others.items():
        found += option_problems(kind, options, f"{where}.others.{kind}")
        if (kind != in_step(unit) and not is_real(kind)) or kind == unit.driver:
            found.append(Problem(f"{where}.others", OTHERS, repr(kind)))
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


def _axis(config: PlantConfig, path: EquipmentPath) -> Axis:
    return config.axis(next((site for where, site in config.sites() if where == path), None))
