"""A recording of a real machine in place of the simulated one.

Options (under ``device.options`` with ``driver: replay``)::

    file: ../shared/recording.shdr.txt.gz   # relative to the directory of the scenario
    member: part-01.txt                     # within a .tar.gz
    format: shdr | csv
    clock: shifted | original               # shifted: the first record lands at `at` of the run
    at: 0 s
    speed: 1.0                              # only with the shifted clock
    loop: false                             # begin again `pause` after the last record
    pause: 1 s
    since: 2016-11-01T00:00:00Z             # lines before it are carried in: they only set the values at the start
    gap: 60 s
    on_gap: hold | unknown
    on_backward: clamp | drop
    on_missing: fail | simulate             # when there is no such file
    period: 1 s                             # at most one telemetry row per period; 0 s: one per stamp
    state_item: Program_Status              # default: execution or Program_Status
    state_values: {READY: STARVED}          # laid over the defaults, DEFAULT_STATES
    assume_state: PRODUCING                 # for a recording without a state item
    part_item: Part_Count                   # default: Part_Count, PartCountAct or part_count
    makes: plate                            # default: what the station makes
    ideal: 1176 s                           # default: that of the station
    largest_step: 1000
    tags: {Spindle_Speed: spindle_speed_rpm, Srpm: {tag: spindle_speed_rpm, factor: 1.0, offset: 0.0}}
    derive: {tags: …, inputs: …, state: …, parts: …, alarms: …, job: …}  # in place of state_item to tags: see below
    table: {delimiter: ";", time_column: datetime, time_format: iso, zone: Asia/Shanghai, step: 1 s}

With ``derive`` items mean what they would mean at a real machine (see *Connections to real machines*; ``item`` is a
column of the table or a name of the adapter): units of measure, rules for states, thresholds and conditions for alarms,
counters that roll over.

Policy on bad clocks: a record behind the latest time already reached is either stamped one nanosecond
after that time, with quality UNCERTAIN (``clamp``), or left out (``drop``); both are counted, so the rows of
a unit never step back and none overwrites another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from devices.derivation.check import misfits
from devices.drivers import drivers
from devices.profiles import profiles
from devices.recordings.options import DEFAULT_STATES, ReplayOptions
from devices.recordings.player import Player
from devices.recordings.record import ReplayCounters
from devices.unit import DeviceUnit, Setting, Tick
from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError, did_you_mean
from twin.records import Frame

__all__ = ["DEFAULT_STATES", "Replay", "ReplayCounters", "ReplayOptions", "missing"]


def missing(options: ReplayOptions, base: Path) -> bool:
    """Whether the recording is not there."""
    try:
        return not (base / options.file).is_file()
    except OSError:  # e.g. a name longer than any file has
        return True


def _problems(unit: DeviceUnit, options: ReplayOptions, base: Path) -> Iterator[Problem]:
    """What is wrong with the options of a unit beyond their own form."""
    where = f"{unit.path} device.options"
    if missing(options, base):
        yield Problem(f"{where}.file", "a recording", f"no file {options.file!r}", "or on_missing: simulate")
    known = [tag.name for tag in profiles[unit.profile].tags]
    units = {tag.name: tag.unit for tag in profiles[unit.profile].tags}
    for misfit in () if options.derive is None else misfits(options.derive, units, lambda _: ""):
        yield Problem(".".join((where, "derive", *map(str, misfit.loc))), *misfit[1:])
    for item, mapping in (options.tags or {}).items():
        if mapping.tag not in known:
            hint = did_you_mean(mapping.tag, known, f"known: {', '.join(known)}")
            yield Problem(f"{where}.tags.{item}", f"a tag of the profile {unit.profile}", repr(mapping.tag), hint)


@drivers.register("replay", ReplayOptions)
class Replay:
    """Plays recordings of real machines (MTConnect adapter lines or tables) as if they were live."""

    Options = ReplayOptions

    def __init__(self, units: Sequence[DeviceUnit], options: Sequence[ReplayOptions], setting: Setting) -> None:
        pairs = list(zip(units, options, strict=True))
        problems = [problem for unit, each in pairs for problem in _problems(unit, each, setting.base)]
        if problems:
            raise ScenarioError(problems)
        self._players = [Player(unit, each, setting) for unit, each in pairs]

    @property
    def counters(self) -> dict[EquipmentPath, ReplayCounters]:
        """What was met in each recording so far, by unit."""
        return {player.unit.path: player.counters for player in self._players}

    def frames(self, tick: Tick) -> list[Frame]:
        """The records of every recording after the step before and up to the end of this one, its instant included."""
        return [frame for player in self._players for frame in player.frames(tick.t1_s)]
