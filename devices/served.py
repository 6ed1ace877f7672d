"""Machines of a plant as a controller of theirs would show them: what stands at each of their points now.

What comes is records, from whoever says them; what goes out is told by a server of some protocol
(:mod:`devices.servers`), at addresses that follow from the tags of the machine alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from devices.connection import Scalar
from devices.drivers import is_real
from devices.master import tags_of
from devices.signals.signal import ALWAYS
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.records import BAD, Frame, RecordKind
from twin.states import UnitState

STATE, ALARMS, GOOD, SCRAP, ORDER = "state", "alarms", "good", "scrap", "order"
HIDDEN = {signal.name for signal in ALWAYS if signal.exact == "state"}
"""Tags that say what a point of every machine says."""
LARGEST_COUNT = 2**32
"""Counters of parts begin anew here."""


class ServedPoint(NamedTuple):
    """A value of a machine that is served.

    Args:
        name: Its name: that of a tag, or one that every machine has.
        kind: ``uint16``, ``uint32``, ``float32``, ``float64`` or ``text``.
        unit: Unit of measure.
        about: What it is.
    """

    name: str
    kind: str
    unit: str
    about: str


_CODES = ", ".join(f"{state.value} {state.name}" for state in UnitState)
COMMON = (
    ServedPoint(STATE, "uint16", "", f"state: {_CODES}"),
    ServedPoint(ALARMS, "uint16", "", "number of alarms that are active"),
    ServedPoint(GOOD, "uint32", "", "good parts since the server began"),
    ServedPoint(SCRAP, "uint32", "", "scrapped parts since the server began"),
    ServedPoint(ORDER, "text", "", "job order that is worked on"),
)
"""What every machine has, whatever its tags."""


class ServedValue(NamedTuple):
    """What stands at a point.

    Args:
        value: The value; None: not known.
        time_ns: Since when, ns since 1970 UTC; -1: never said.
    """

    value: Scalar
    time_ns: int


@dataclass
class ServedMachine:
    """A machine that is served.

    Args:
        number: From 1, in the order of the scenario; servers make addresses from it.
        path: The unit.
        points: What it shows, the common points first.
    """

    number: int
    path: EquipmentPath
    points: tuple[ServedPoint, ...]
    there: bool = False
    """Whether it is heard of; where not, its readings are not known."""
    _values: dict[str, ServedValue] = field(default_factory=dict)
    _active: set[str] = field(default_factory=set)
    _counted: dict[str, float] = field(default_factory=lambda: {GOOD: 0.0, SCRAP: 0.0})

    def now(self, point: ServedPoint) -> ServedValue:
        """What stands at a point; counts and alarms begin at nothing."""
        usual = ServedValue(0 if point.name in (ALARMS, GOOD, SCRAP) else None, -1)
        kept = self._values.get(point.name, usual)
        return kept if self.there or point.name in (GOOD, SCRAP) else ServedValue(usual.value, kept.time_ns)

    def now_of(self, name: str) -> Scalar:
        """What was said last of a point, whether the machine is heard of or not; None: nothing."""
        kept = self._values.get(name)
        return None if kept is None else kept.value

    def newer(self, name: str, time_ns: int) -> bool:
        """Whether something of this time is not older than what stands there."""
        known = self._values.get(name)
        return known is None or time_ns >= known.time_ns

    def put(self, name: str, value: Scalar, time_ns: int) -> None:
        """Let a point have a value."""
        self._values[name] = ServedValue(value, time_ns)

    def count(self, name: str, quantity: float, time_ns: int) -> None:
        """Add parts; a correction takes some away, but never more than there were."""
        self._counted[name] = max(0.0, self._counted[name] + quantity)
        self.put(name, int(self._counted[name]) % LARGEST_COUNT, time_ns)

    def alarm(self, code: str, active: bool, time_ns: int) -> None:
        """Note an alarm."""
        (self._active.add if active else self._active.discard)(code)
        self.put(ALARMS, min(len(self._active), 2**16 - 1), time_ns)


Changed = Callable[[ServedMachine, str], None]
"""Is told of a point that has a new value."""


class ServedPlant:
    """Machines that are fed with records.

    Args:
        machines: The machines.
    """

    def __init__(self, machines: Sequence[ServedMachine]) -> None:
        self.machines = tuple(machines)
        self.listeners: list[Changed] = []
        """Are told of what changes."""
        self._by_path = {machine.path: machine for machine in machines}

    def take(self, frame: Frame) -> None:
        """Take records; each counts once, so none may be given twice. What is older than what is known says nothing."""
        taker = {RecordKind.TELEMETRY: self._readings, RecordKind.STATE: self._state, RecordKind.PART: self._parts,
                 RecordKind.ALARM: self._alarm}.get(frame.kind)  # fmt: skip
        if taker is None:
            return
        for row, path in enumerate(frame.paths):
            machine = self._by_path.get(path)
            if machine is not None:
                taker(machine, frame, row)

    def _readings(self, machine: ServedMachine, frame: Frame, row: int) -> None:
        time_ns = int(frame.time_ns[row])
        names = {point.name for point in machine.points[len(COMMON) :]} | HIDDEN
        for column, tag in enumerate(frame.tags):
            name = STATE if tag in HIDDEN else tag
            if tag not in names or not machine.newer(name, time_ns):
                continue
            bad = frame.quality is not None and frame.quality[row, column] == BAD
            value = float(frame.values[row, column])
            known = not bad and not math.isnan(value)
            if name != STATE:
                machine.put(name, value if known else None, time_ns)
                self._tell(machine, name)
            elif known and machine.now_of(STATE) != value:
                machine.put(STATE, int(value), time_ns)  # whoever came later than the change learns it so
                self._tell(machine, STATE)

    def _state(self, machine: ServedMachine, frame: Frame, row: int) -> None:
        time_ns = int(frame.time_ns[row])
        if machine.newer(STATE, time_ns):
            state, order = frame.values[row, 0], frame.values[row, 1]
            machine.put(STATE, int(UnitState[state]), time_ns)
            machine.put(ORDER, order or "", time_ns)
            self._tell(machine, STATE)
            self._tell(machine, ORDER)

    def _parts(self, machine: ServedMachine, frame: Frame, row: int) -> None:
        values = dict(zip(frame.tags, frame.values[row], strict=True))
        for name in (GOOD, SCRAP):
            if values[name]:
                machine.count(name, float(values[name]), int(frame.time_ns[row]))
                self._tell(machine, name)

    def _alarm(self, machine: ServedMachine, frame: Frame, row: int) -> None:
        values = dict(zip(frame.tags, frame.values[row], strict=True))
        machine.alarm(str(values["code"]), bool(values["active"]), int(frame.time_ns[row]))
        self._tell(machine, ALARMS)

    def seen(self, paths: Iterable[EquipmentPath], there: bool) -> None:
        """Machines are heard of, or no longer."""
        for path in paths:
            machine = self._by_path.get(path)
            if machine is not None and machine.there != there:
                machine.there = there
                for point in machine.points:
                    self._tell(machine, point.name)

    def _tell(self, machine: ServedMachine, name: str) -> None:
        for listener in self.listeners:
            listener(machine, name)


def served_machines(config: PlantConfig, sites: Callable[[EquipmentPath], bool]) -> list[ServedMachine]:
    """The machines of a plant that are not real ones, numbered in the order of the scenario.

    Args:
        config: The plant.
        sites: Which sites are served; the numbers do not depend on that.
    """
    found: list[ServedMachine] = []
    for path, _, station in config.stations():
        if station.device is None or is_real(station.device.driver):
            continue
        tags = [tag for tag in tags_of(station) if tag.name not in HIDDEN]
        own = [ServedPoint(tag.name, "float64" if tag.counter else "float32", tag.unit, tag.en) for tag in tags]
        found.append(ServedMachine(len(found) + 1, path, (*COMMON, *own)))
    return [machine for machine in found if sites(machine.path.site)]


def execution(state: Scalar) -> str:
    """A state in the words of MTConnect.

    >>> execution(6), execution(7), execution(10), execution(None)
    ('ACTIVE', 'WAIT', 'STOPPED', 'UNAVAILABLE')
    """
    return EXECUTIONS.get(UnitState(state), "STOPPED") if isinstance(state, int) else "UNAVAILABLE"


EXECUTIONS = {
    UnitState.UNKNOWN: "UNAVAILABLE",
    UnitState.IDLE_NO_ORDER: "READY",
    UnitState.SETUP: "READY",
    UnitState.PRODUCING: "ACTIVE",
    UnitState.ENGINEERING_TRIAL: "ACTIVE",
    UnitState.STARVED: "WAIT",
    UnitState.BLOCKED: "WAIT",
    UnitState.MINOR_STOP: "INTERRUPTED",
    UnitState.QUALITY_HOLD: "INTERRUPTED",
}
