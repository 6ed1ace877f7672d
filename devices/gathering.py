"""Real machines of a site: sessions that are kept open, and what their units say."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.bank import site_units
from devices.change import DriverChange
from devices.connection import ConnectionOptions, CountingConnection, DataValue, MachineConnection, Scalar, Wanted
from devices.connections import connections
from devices.derivation.machine import MachineCounters, MachineDerivation, wanted
from devices.derivation.options import of_session
from devices.drivers import is_real
from devices.master import counting_tags, tags_of
from devices.merging import merged
from devices.speech import Speech
from devices.unit import DeviceUnit
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.errors import FactoryError, ModelError, Problem, ProblemsError, RetriableError, did_you_mean
from twin.records import Frame, RecordKind
from twin.registry import bug

log = logging.getLogger(__name__)

OPEN_S = 30.0
"""Longest time that a machine has to answer at the opening."""
CLOSE_S = 5.0
MEMORY_NS = 60_000_000_000
"""So late a machine may be told that it stands for a unit without losing anything of what it said since then."""
HOLD_NS = 30_000_000_000
"""Longest time for which a machine holds back what it says while another one is to take its place."""
WRITE_S = 5.0
"""Longest time that a machine has to take what is written."""
PAUSES_S = (0.5, 5.0)
"""First and longest pause before a machine is tried again; each is twice the one before."""
LOST, AWAY = "connection_lost", "not_connected"
"""Causes of a state that is not known."""


@dataclass(eq=False)
class RealUnit:
    """A unit that a real machine stands for, or may stand for later."""

    unit: DeviceUnit
    kind: str
    options: ConnectionOptions
    derivation: MachineDerivation
    speech: Speech
    made: tuple[float, float] = (0, 0)
    """Good and scrapped parts that it has said so far, whatever process it was."""

    def note(self, said: Iterable[Frame]) -> None:
        """Count the parts of what it says."""
        for frame in said:
            if frame.kind is RecordKind.PART:
                good, scrap = (math.fsum(frame.column(name)) for name in ("good", "scrap"))
                self.made = (self.made[0] + good, self.made[1] + scrap)

    @property
    def name(self) -> str:
        """What tells it from others that may stand for the same unit."""
        return str(self.unit.path) if self.kind == self.unit.driver else f"{self.unit.path} {self.kind}"


def real_units(config: PlantConfig, site: EquipmentPath) -> list[RealUnit]:
    """The units of a site that real machines stand for, or may stand for later; one for each kind of connection."""
    stations = {path: station for path, _, station in config.stations()}
    found = []
    for unit in site_units(config, site):
        for kind, given in unit.drivers.items():
            if is_real(kind):
                options = connections[kind].Options.model_validate(given)
                station = stations[unit.path]
                derivation = MachineDerivation(unit, options, tags_of(station), options.period)
                speech = Speech(unit.path, kind == unit.driver, MEMORY_NS, counting_tags(station))
                found.append(RealUnit(unit, kind, options, derivation, speech))
    return found


class MachineSession:
    """One session with one machine, for all units that it stands for; kept open for ever.

    Args:
        units: Units of the same endpoint.
        base: Folder that relative files of options start from.
        now_ns: Time of this computer, ns since 1970 UTC.
    """

    def __init__(self, units: Sequence[RealUnit], base: Path, now_ns: Callable[[], int] = time.time_ns):
        self.units, self._base, self._now_ns = units, base, now_ns
        self.open = False
        self.losses = 0
        self._met: Counter[str] = Counter()
        self._connection: MachineConnection | None = None
        self.reason = ""
        """Why it is not open."""
        self._of_item: dict[str, list[RealUnit]] = defaultdict(list)
        for unit in units:
            for item in dict(unit.options.items()):
                self._of_item[item].append(unit)

    @property
    def met(self) -> Counter[str]:
        """What its connections, one after the other, have counted on their way."""
        return self._met + Counter(_met(self._connection))

    @property
    def speaks(self) -> bool:
        """Whether it stands for a unit now."""
        return any(unit.speech.speaks for unit in self.units)

    @property
    def name(self) -> str:
        """Which machine it is, for people; says nothing of its options."""
        paths = [str(unit.unit.path) for unit in self.units]
        return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"

    def wanted(self) -> list[Wanted]:
        """The items of all units, each once, as often and as exactly as one of them wants it."""
        best: dict[str, Wanted] = {}
        for each in (one for unit in self.units for one in wanted(unit.options, unit.options.period)):
            other = best.get(each.item, each)
            period_s, deadband = min(each.period_s, other.period_s), min(each.deadband, other.deadband)
            best[each.item] = Wanted(each.item, period_s, deadband)
        return list(best.values())

    async def run(self) -> None:
        """Keep it open until cancelled: what goes wrong is told once, and tried again for ever."""
        pause_s, cause = PAUSES_S[0], AWAY
        while True:
            entry, options = connections[self.units[0].kind], self.units[0].options
            try:
                await self._live(entry(options, self.wanted(), self._base))
            except Exception as error:
                was_open, self.open = self.open, False
                self._tell(error, was_open)
                if was_open:
                    pause_s, cause = PAUSES_S[0], LOST
                    self.losses += 1
            for unit in self.units:
                unit.derivation.lose(self._now_ns(), cause)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSES_S[1])

    def _tell(self, error: Exception, was_open: bool) -> None:
        reason = str(error) or type(error).__name__
        if was_open or not self.reason:
            log.warning("machine %s: %s; trying again", self.name, reason)
        if not isinstance(error, FactoryError | OSError | TimeoutError) and reason != self.reason:
            log.exception("machine %s: %s", self.name, bug(error), exc_info=error)
        self.reason = reason

    async def _live(self, connection: MachineConnection) -> None:
        try:
            async with asyncio.timeout(OPEN_S):
                await connection.open()
            self.open, self._connection = True, connection
            if self.reason:
                log.warning("machine %s: is there again", self.name)
            self.reason = ""
            while True:
                self._take(await connection.readings())
        finally:
            self._connection = None
            self._met.update(_met(connection))
            with suppress(Exception):  # whatever it was, it is over
                async with asyncio.timeout(CLOSE_S):
                    await connection.close()

    async def write(self, item: str, value: Scalar) -> None:
        """Write an item; returns when the machine has taken it.

        Raises:
            RetriableError: The machine is not there, or does not answer.
            ProblemsError: It refuses, with its reason.
        """
        if self._connection is None:
            raise RetriableError(f"{self.name}: expected a machine that is there, got {self.reason or 'no answer yet'}")
        try:
            async with asyncio.timeout(WRITE_S):
                await self._connection.write(item, value)
        except TimeoutError:
            raise RetriableError(f"{self.name}: expected an answer within {WRITE_S:g} s, got none") from None

    def _take(self, values: Sequence[DataValue]) -> None:
        """Give each unit what is its own; nothing is a sign of life to all."""
        now_ns = self._now_ns()
        own: dict[int, list[DataValue]] = defaultdict(list)
        for value in values:
            for unit in self._of_item.get(value.item, ()):
                own[id(unit)].append(value)
        for unit in self.units:
            unit.derivation.take(own[id(unit)], now_ns)


def _met(connection: MachineConnection | None) -> Mapping[str, int]:
    return connection.met() if isinstance(connection, CountingConnection) else {}


class RealMachines:
    """All real machines of a site.

    Args:
        units: Its units.
        base: Folder that relative files of options start from.
        now_ns: Time of this computer.
    """

    def __init__(self, units: Sequence[RealUnit], base: Path, now_ns: Callable[[], int] = time.time_ns):
        self.units = units
        self.sessions = [MachineSession(some, base, now_ns) for some in _together(units)]
        self._frozen: dict[str, dict[str, Any]] = {}
        """What the next process goes on from, of machines that hold back what they say."""

    def frames(self, now_ns: int) -> list[Frame]:
        """What they say since the last call, up to a time."""
        said: list[Frame] = []
        for unit in self.units:
            unit.derivation.tick(now_ns)
            self._go_on(unit, now_ns)
            spoken = unit.speech.said(unit.derivation.frames(), now_ns)
            unit.note(spoken)
            said.extend(spoken)
        return merged(said)

    def made(self) -> dict[str, tuple[float, float, bool]]:
        """By unit that real machines drive: good and scrapped parts so far, and whether one stands for it."""
        found: dict[str, tuple[float, float, bool]] = {}
        for unit in self.units:
            if unit.unit.drives:
                good, scrap, speaks = found.get(str(unit.unit.path), (0, 0, False))
                now = (good + unit.made[0], scrap + unit.made[1], speaks or unit.speech.speaks)
                found[str(unit.unit.path)] = now
        return found

    def change(self, change: DriverChange, at_ns: int) -> None:
        """From a time on a driver, which need not be one of these, stands for a unit."""
        for unit in self._of(str(change.path)):
            unit.speech.change(at_ns, unit.kind == change.driver, dict(change.counted))
            self._frozen.pop(unit.name, None)

    def hold(self, path: str, driver: str, now_ns: int) -> int:
        """Say nothing of a unit from now on, until it is told which driver stands for it, or for half a minute.

        Args:
            path: Unit.
            driver: Driver that is to take its place.
            now_ns: Time of this computer.

        Returns:
            From when on nothing is said.

        Raises:
            ModelError: That driver is a real machine, and is not there.
        """
        units = self._of(path)
        for session in self.sessions:
            if not session.open and any(unit in units and unit.kind == driver for unit in session.units):
                hint = "it goes on with the driver that it has"
                got = session.reason or "no answer yet"
                raise ModelError([Problem(f"{path} driver {driver}", "a machine that is there", got, hint)])
        for unit in units:
            unit.speech.hold(now_ns)
            self._frozen.setdefault(unit.name, _kept(unit))
        return now_ns

    def counted(self, path: str) -> dict[str, float]:
        """Where the counters of a unit stand, as the real machine that stands for it has said them; else nothing."""
        found = (unit.speech.counted for unit in self._of(path) if unit.speech.speaks)
        return next(found, {})

    def _go_on(self, unit: RealUnit, now_ns: int) -> None:
        """As it was, where nobody has told what became of a change."""
        held_ns = unit.speech.held_ns
        if held_ns is not None and now_ns - held_ns > HOLD_NS:
            log.warning("machine %s: goes on with the driver that it has, no change of it was kept", unit.name)
            unit.speech.release()
            self._frozen.pop(unit.name, None)

    def _of(self, path: str) -> list[RealUnit]:
        return [unit for unit in self.units if str(unit.unit.path) == path]

    def offered(self) -> dict[str, dict[str, bool]]:
        """By unit, the commands that the scenario allows, and whether a value is given with each."""
        found: dict[str, dict[str, bool]] = {}
        for unit in self.units:
            for name, item in unit.options.commands.items():
                found.setdefault(str(unit.unit.path), {})[name] = item.value is None
        return found

    async def command(self, path: str, name: str, given: Scalar) -> tuple[str, Scalar]:
        """Write to a machine what a command of the scenario stands for.

        Args:
            path: Unit.
            name: Name of the command in the options of its device.
            given: Value that was given with it; None: none.

        Returns:
            Item and value that were written.

        Raises:
            ModelError: The scenario does not allow it, or the machine refuses it.
            RetriableError: The machine is not there.
        """
        unit, session = self._session_of(path)
        allowed = unit.options.commands
        if name not in allowed:
            names = ", ".join(sorted(allowed)) or "none"
            hint = did_you_mean(name, allowed, "add it to commands in the options of the device")
            raise ModelError([Problem(path, f"a command that the scenario allows ({names})", repr(name), hint)])
        try:
            value = allowed[name].chosen(given)
        except ValueError as error:
            raise ModelError([Problem(f"{path} {name}", *map(str, error.args))]) from None
        try:
            await session.write(allowed[name].item, value)
        except ProblemsError as error:
            raise ModelError(error.problems) from None
        return allowed[name].item, value

    def _session_of(self, path: str) -> tuple[RealUnit, MachineSession]:
        for session in self.sessions:
            for unit in session.units:
                if str(unit.unit.path) == path and unit.speech.speaks:
                    return unit, session
        raise ModelError([Problem(path, "a unit that a real machine stands for", "one that is simulated")])

    @property
    def counters(self) -> list[MachineCounters]:
        """What was met, by unit."""
        return [unit.derivation.counters for unit in self.units]

    def kept(self) -> dict[str, Any]:
        """What the next process goes on from."""
        return {unit.name: self._frozen.get(unit.name) or _kept(unit) for unit in self.units}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Go on from what the process before has kept."""
        for unit in self.units:
            if (known := kept.get(unit.name)) is not None:
                unit.derivation.recall(known)
                if "speech" in known:
                    unit.speech.recall(known["speech"])
                good, scrap = known.get("counted", (0, 0))
                unit.made = (good, scrap)


def _kept(unit: RealUnit) -> dict[str, Any]:
    return {**unit.derivation.kept(), "speech": unit.speech.kept(), "counted": unit.made}


def _together(units: Iterable[RealUnit]) -> Iterator[list[RealUnit]]:
    """Units of the same kind and endpoint: one session serves them all."""
    groups: dict[tuple[str, str], list[RealUnit]] = defaultdict(list)
    for unit in units:
        session = {name: str(value) for name, value in of_session(unit.options).items() if name != "period"}
        groups[unit.kind, repr(sorted(session.items()))].append(unit)
    yield from groups.values()
