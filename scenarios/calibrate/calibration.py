"""Which part of a scenario each series of durations belongs to, and what is found for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.calibrate import observed
from scenarios.calibrate.events import EventLog, UnitLog
from scenarios.calibrate.families import Durations, Interval, share_interval
from scenarios.calibrate.fitting import Estimate, estimate
from twin.config.plant import FailureConfig, ProcessConfig, StationConfig
from twin.equipment import SEGMENT, EquipmentPath
from twin.states import UnitState

OPERATING = "failure"
"""Name of a failure mode whose records name no cause."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A distribution of the scenario.

    Args:
        path: Unit.
        key: Where it stands in the unit, keys joined by dots, e.g. ``failures.jam.after``.
        estimate: What was found.
        unit: ``s``, or ``cycles`` of a life that counts operations.
    """

    path: EquipmentPath
    key: str
    estimate: Estimate
    unit: str = "s"


@dataclass(frozen=True, slots=True)
class FittedShare:
    """A share of the scenario.

    Args:
        path: Unit.
        key: ``scrap`` or ``rework``.
        count: Operations that came out so.
        of: All operations.
        interval: 95 % interval of the share, exact.
    """

    path: EquipmentPath
    key: str
    count: int
    of: int
    interval: Interval

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.of


@dataclass(frozen=True, slots=True)
class Mode:
    """A failure mode that the scenario does not have.

    Args:
        path: Unit.
        id: Name of the mode, its cause in the records.
        after: Operating time between failures.
        repair: Time to repair.
    """

    path: EquipmentPath
    id: str
    after: Estimate
    repair: Estimate


@dataclass(frozen=True)
class Calibration:
    """All that a log says of a scenario.

    Args:
        source: Where the log came from.
        hours: Its length.
        findings: Distributions.
        shares: Shares.
        modes: New failure modes.
        notes: What could not be found, and why.
        left_out: Number of records of units that the scenario does not have, by unit.
    """

    source: str
    hours: float
    findings: tuple[Finding, ...]
    shares: tuple[FittedShare, ...]
    modes: tuple[Mode, ...]
    notes: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


def calibrate(log: EventLog, stations: Mapping[EquipmentPath, StationConfig]) -> Calibration:
    """Find the distributions of all units that a log tells of.

    Args:
        log: The log.
        stations: Units of the scenario.
    """
    notes: list[str] = []
    findings: list[Finding] = []
    shares: list[FittedShare] = []
    modes: list[Mode] = []
    for path, config in stations.items():
        unit = log.units.get(path)
        if unit is None or not unit.state_s or not isinstance(config, ProcessConfig):
            notes += [f"{path}: no records"] if isinstance(config, ProcessConfig) else []
            continue
        work = _Unit(path, config, unit, log.end_s, notes, log.units)
        findings += [*work.operations(), *work.setups(), *work.failures()]
        shares += work.shares()
        modes += work.new_modes()
    left_out = {path: log.units[path].rows for path in sorted(set(log.units) - set(map(str, stations)))}
    notes += [f"{path}: not in the scenario" for path in left_out]
    found = (tuple(findings), tuple(shares), tuple(modes), tuple(notes))
    return Calibration(log.name, log.end_s / 3600, *found, left_out)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One unit's records beside its configuration."""

    path: EquipmentPath
    config: ProcessConfig
    log: UnitLog
    end_s: float
    notes: list[str]
    all: Mapping[str, UnitLog]

    def _single(self) -> bool:
        return getattr(self.config, "capacity", 1) == 1 and observed.one_by_one(self.log)

    def _found(self, key: str, durations: Durations, counted: bool = False) -> Iterator[Finding]:
        found = estimate(durations)
        if found is not None:
            yield Finding(self.path, key, found, "cycles" if counted else "s")

    def operations(self) -> Iterator[Finding]:
        """Times of the operations, of all items or of each, as the scenario has them."""
        if len(self.log.parts) < 2:
            self.notes.append(f"{self.path}: fewer than two completions, cycle left as it is")
            return
        if not self._single():
            self.notes.append(f"{self.path}: works on several parts at a time, whose times records do not tell apart")
            return
        by_item = observed.operations(self.log, self.end_s, self._broken())
        own = self.config.cycles
        if not own:
            yield from self._found("cycle", _together(by_item.values()))
        elif getattr(self.config, "makes", None) is not None and len(own) > 1:
            self.notes.append(f"{self.path}: records name what it makes, not what came: cycles left as they are")
        elif getattr(self.config, "makes", None) is not None:
            yield from self._found(f"cycles.{next(iter(own))}", _together(by_item.values()))
        else:
            for item in sorted(own.keys() & by_item.keys()):
                yield from self._found(f"cycles.{item}", by_item[item])
            others = [times for item, times in by_item.items() if item not in own]
            if others and self.config.cycle is not None:
                yield from self._found("cycle", _together(others))

    def _broken(self) -> list[float]:
        """Times of failures after which an operation does not go on where it was."""
        modes = [mode for mode in self.config.failures if mode.then != "resume"]
        return [down.begin_s for mode in modes for down in observed.outages(self.log, mode.id, self.end_s)]

    def setups(self) -> Iterator[Finding]:
        """Times of setups, of all changes or of each, as the scenario has them; or of loading, or of unloading."""
        known = [key for key in ("setup", "load_time", "unload_time") if getattr(self.config, key) is not None]
        if not known or not self._single():
            return
        if len(known) > 1:
            self.notes.append(f"{self.path}: records do not tell {' and '.join(known)} apart, left as they are")
            return
        by_change = observed.setups(self.log, self.end_s)
        if self.config.setup is None:
            yield from self._found(known[0], _together(by_change.values()))
            return
        own = self.config.setup.by_change
        for change in sorted(own.keys() & by_change.keys()):
            yield from self._found(f"setup.by_change.{change}", by_change[change])
        others = [times for change, times in by_change.items() if change not in own]
        if others:
            yield from self._found("setup.duration", _together(others))

    def failures(self) -> Iterator[Finding]:
        """Lives and repairs of the failure modes of the scenario."""
        for mode in self.config.failures:
            downs = observed.outages(self.log, mode.id, self.end_s)
            if not downs:
                hours = self._operated() / 3600
                self.notes.append(f"{self.path}: no failure {mode.id} in {hours:.1f} h, which is left as it is")
                continue
            yield from self._found(f"failures.{mode.id}.after", self._lives(downs, mode.basis), mode.basis == "cycles")
            yield from self._found(f"failures.{mode.id}.repair", self._repairs(mode, downs))

    def _repairs(self, mode: FailureConfig, downs: list[observed.ObservedOutage]) -> Durations:
        """Of minor stops that a crew ends, which are MINOR_STOP all the time, the work shows in the crew's records."""
        crewed = mode.crew is not None
        worked = observed.attended(self.all, str(self.path), downs) if crewed and mode.minor else None
        if crewed and mode.minor and worked is None:
            self.notes.append(f"{self.path}: no records of who ends {mode.id}, whose time holds the wait for them too")
        return observed.repairs(self.log, downs, crewed and not mode.minor, self.end_s, worked)

    def _operated(self) -> float:
        states = observed.StateClock(self.log, [UnitState.PRODUCING], self.end_s)
        return float(states.at([self.end_s])[0])

    def _lives(self, downs: list[observed.ObservedOutage], basis: str = "operating") -> Durations:
        return observed.lives(self.log, downs, basis, self.end_s)

    def new_modes(self) -> Iterator[Mode]:
        """Failures of which the scenario knows nothing."""
        known = {mode.id for mode in self.config.failures}
        for cause in observed.causes(self.log):
            name = cause or OPERATING
            if name in known:
                continue
            downs = observed.outages(self.log, cause, self.end_s)
            after, repair = estimate(self._lives(downs)), estimate(observed.repairs(self.log, downs, False, self.end_s))
            if after is None or repair is None or not SEGMENT.fullmatch(name):
                self.notes.append(f"{self.path}: {len(downs)} x down for {name!r}, too little for a failure mode")
            else:
                yield Mode(self.path, name, after, repair)

    def shares(self) -> Iterator[FittedShare]:
        """Scrap, and of inspections rework."""
        made = sum(part.good + part.scrap + part.rework for part in self.log.parts)
        counts = {"scrap": sum(part.scrap for part in self.log.parts)}
        if hasattr(self.config, "rework"):
            counts["rework"] = sum(part.rework for part in self.log.parts)
        for key, count in counts.items():
            if made and (count or getattr(self.config, key)):
                yield FittedShare(self.path, key, count, made, share_interval(count, made))


def _together(many: Any) -> Durations:
    every = list(many)
    return observed.durations(time for one in every for time in one.seen.tolist())
