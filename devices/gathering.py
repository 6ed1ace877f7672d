"""Real machines of a site: sessions that are kept open, and what their units say."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.bank import merged, site_units
from devices.connection import ConnectionOptions, DataValue, MachineConnection, Wanted
from devices.connections import connections
from devices.derivation.machine import MachineCounters, MachineDerivation, wanted
from devices.derivation.options import of_session
from devices.drivers import is_real
from devices.master import tags_of
from devices.unit import DeviceUnit
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.errors import FactoryError
from twin.records import Frame
from twin.registry import bug

log = logging.getLogger(__name__)

OPEN_S = 30.0
"""Longest time that a machine has to answer at the opening."""
CLOSE_S = 5.0
PAUSES_S = (0.5, 5.0)
"""First and longest pause before a machine is tried again; each is twice the one before."""
LOST, AWAY = "connection_lost", "not_connected"
"""Causes of a state that is not known."""


@dataclass
class RealUnit:
    """A unit that a real machine stands for."""

    unit: DeviceUnit
    kind: str
    options: ConnectionOptions
    derivation: MachineDerivation


def real_units(config: PlantConfig, site: EquipmentPath) -> list[RealUnit]:
    """The units of a site that real machines stand for."""
    stations = {path: station for path, _, station in config.stations()}
    found = []
    for unit in site_units(config, site):
        if is_real(unit.driver):
            options = connections[unit.driver].Options.model_validate(unit.options)
            derivation = MachineDerivation(unit, options, tags_of(stations[unit.path]), options.period)
            found.append(RealUnit(unit, unit.driver, options, derivation))
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
        self.reason = ""
        """Why it is not open."""
        self._of_item: dict[str, list[RealUnit]] = defaultdict(list)
        for unit in units:
            for item in dict(unit.options.items()):
                self._of_item[item].append(unit)

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
            self.open = True
            if self.reason:
                log.warning("machine %s: is there again", self.name)
            self.reason = ""
            while True:
                self._take(await connection.readings())
        finally:
            with suppress(Exception):  # whatever it was, it is over
                async with asyncio.timeout(CLOSE_S):
                    await connection.close()

    def _take(self, values: Sequence[DataValue]) -> None:
        """Give each unit what is its own; nothing is a sign of life to all."""
        now_ns = self._now_ns()
        own: dict[int, list[DataValue]] = defaultdict(list)
        for value in values:
            for unit in self._of_item.get(value.item, ()):
                own[id(unit)].append(value)
        for unit in self.units:
            unit.derivation.take(own[id(unit)], now_ns)


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

    def frames(self, now_ns: int) -> list[Frame]:
        """What they say since the last call, up to a time."""
        said: list[Frame] = []
        for unit in self.units:
            unit.derivation.tick(now_ns)
            said.extend(unit.derivation.frames())
        return merged(said)

    @property
    def counters(self) -> list[MachineCounters]:
        """What was met, by unit."""
        return [unit.derivation.counters for unit in self.units]

    def kept(self) -> dict[str, Any]:
        """What the next process goes on from."""
        return {str(unit.unit.path): unit.derivation.kept() for unit in self.units}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Go on from what the process before has kept."""
        for unit in self.units:
            if (known := kept.get(str(unit.unit.path))) is not None:
                unit.derivation.recall(known)


def _together(units: Iterable[RealUnit]) -> Iterator[list[RealUnit]]:
    """Units of the same kind and endpoint: one session serves them all."""
    groups: dict[tuple[str, str], list[RealUnit]] = defaultdict(list)
    for unit in units:
        session = {name: str(value) for name, value in of_session(unit.options).items() if name != "period"}
        groups[unit.kind, repr(sorted(session.items()))].append(unit)
    yield from groups.values()
