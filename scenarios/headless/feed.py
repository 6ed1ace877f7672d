"""A plant and the devices of its sites: simulated time in, frames per site out."""

from __future__ import annotations

import logging
import math
import pickle
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devices.bank import DeviceBank
from devices.change import DriverChange
from devices.drivers import is_real
from devices.master import chain_meta
from devices.unit import DeviceUnit
from scenarios.headless.boundaries import boundaries
from scenarios.headless.driven import AheadOfFeed, MadeParts, Taken, driven_units
from twin.behaviours.calendar import DAYS
from twin.config.plant import PlantConfig
from twin.engine.clock import to_ns
from twin.engine.events import TraceRow
from twin.equipment import EquipmentPath
from twin.errors import FactoryError, Problem
from twin.plant.locks import Lock
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind, records

if TYPE_CHECKING:
    from scenarios.format.document import Scenario

log = logging.getLogger(__name__)

Row = tuple[EquipmentPath, int, tuple[Any, ...]]
LASTING = (RecordKind.STATE, RecordKind.STOCK)
"""Kinds whose last row holds until the next."""
SAME_S = 1e-6
"""Times closer than this are the same."""
TICKS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900)
"""Telemetry periods that divide the hour, so that window boundaries are sampled."""


def tick_for(wanted_s: float) -> float:
    """The shortest period that divides the hour and is not shorter than wanted; the longest if none is.

    >>> tick_for(0.4), tick_for(7), tick_for(5000)
    (1.0, 10.0, 900.0)
    """
    return float(next((tick for tick in TICKS_S if tick >= wanted_s), TICKS_S[-1]))


def anchored(config: PlantConfig, start: datetime) -> PlantConfig:
    """The same plant with simulated second 0 at another moment, in the scenario's own time zone."""
    return config.begun(start)


def anchor(config: PlantConfig, now: datetime, before: timedelta) -> datetime:
    """The newest moment for simulated second 0 that leaves so much history and keeps the hours of the scenario.

    Shifts and tariffs go by the clock, caps, perturbations, recordings and orders by the time since second 0: both
    say the same hours only when second 0 is at the scenario's own time of day, and on its weekday where days differ.
    Where all goes by the clock it is a full hour.

    >>> config = PlantConfig.model_construct(epoch=datetime.fromisoformat("2026-03-02T06:00+08:00"), enterprises=())
    >>> now, before = datetime.fromisoformat("2026-05-07T05:30+08:00"), timedelta(hours=8)
    >>> anchor(config, now, before).isoformat()
    '2026-05-06T21:00:00+08:00'
    """
    zone, latest = config.zone_of(), now - before
    if not dated(config):
        return zone.at(latest).replace(minute=0, second=0, microsecond=0)
    day = zone.at(latest).date()
    if zone.moment(datetime.combine(day, config.epoch.time())) > latest:
        day -= timedelta(days=1)
    if _days_differ(config.model_dump()):
        day -= timedelta(days=(day.weekday() - config.epoch.weekday()) % 7)
    return zone.moment(datetime.combine(day, config.epoch.time()))


def dated(config: PlantConfig) -> bool:
    """Whether anything of a plant comes at a time, or in a period, that counts from simulated second 0."""
    limited = config.envelopes or any(site.envelope is not None for _, site in config.sites())
    return bool(config.perturbations or limited) or any(station.dated for _, _, station in config.stations())


def _days_differ(node: Any) -> bool:
    """Whether anything of a plant happens on some days of the week only."""
    if isinstance(node, dict):
        days = node.get("days")
        some = isinstance(days, tuple) and 0 < len(set(days) & set(DAYS)) < len(DAYS)
        return some or any(map(_days_differ, node.values()))
    return isinstance(node, list | tuple) and any(map(_days_differ, node))


class Feed:
    """Runs the plant and lets every site's devices say what happened.

    Args:
        config: The plant.
        seed: Seed of all random streams.
        base: Folder that relative file names of drivers start from.
        operations: Say the begin and end of every operation on a lot too.
        live: What real machines stand for is not said here, only simulated.
    """

    def __init__(self, config: PlantConfig, seed: int, base: Path, operations: bool = False, live: bool = False):
        self.config = config
        self.seed = seed
        self.plant = Plant(config, seed, operations=operations)
        self.banks = {path: DeviceBank(config, path, seed, base=base, live=live) for path, _ in config.sites()}
        self._site_of = self._sites()
        self._last: dict[tuple[RecordKind, str, str], Row] = {}
        self.locks: list[Lock] = []
        self.changes: tuple[DriverChange, ...] = ()
        """Changes of drivers so far, and those to come."""
        self.taken: dict[str, Taken] = {}
        """What real machines have made of which the plant knows, by unit that they drive."""
        self._ahead = AheadOfFeed()
        self._begin()

    def _begin(self) -> None:
        self._served = set(self.banks)
        self.joined = False
        self.drivable = driven_units(self.config)
        """Units that real machines drive while they stand for them."""

    def join(self) -> None:
        """It goes in step with real machines from now on: they drive their units."""
        self.joined = True

    def serve(self, serves: Callable[[str], bool]) -> None:
        """Let only the devices of some sites speak from now on; the plant is simulated whole."""
        self._served = {site for site in self.banks if serves(str(site))}

    def _sites(self) -> tuple[int, ...]:
        order = list(self.banks)
        return tuple(order.index(unit.site) for unit in self.plant.units)

    @classmethod
    def of(cls, scenario: Scenario, seed: int | None = None, operations: bool = False) -> Feed:
        """The feed of a scenario."""
        return cls(scenario.plant(), scenario.run.seed if seed is None else seed, scenario.base, operations)

    @property
    def now_s(self) -> float:
        """Simulated seconds since the epoch."""
        return self.plant.now_s

    @property
    def notes(self) -> list[str]:
        """What the user should know, e.g. a recording that is not there."""
        return [note for bank in self.banks.values() for note in bank.notes]

    def change(self, change: DriverChange) -> None:
        """From a simulated time on, not before now, another driver stands for a unit.

        Raises:
            FactoryError: Its time has passed.
        """
        if change.at_s < self.now_s:
            expected = f"a time from {self.now_s:g} s on"
            raise FactoryError(str(Problem(f"{change.path} driver", expected, f"{change.at_s:g} s")))
        self.banks[change.path.site].change(change)
        self.changes = (*self.changes, change)
        if self.joined and change.path in self.drivable and is_real(change.driver):
            self.plant.drive(str(change.path), True, change.at_s)

    def stands_for(self, path: str) -> tuple[bool, float]:
        """Whether a real machine stands for a unit now, and since when as far as that has changed, in simulated s."""
        told = [change for change in self.changes if str(change.path) == path and change.at_s <= self.now_s]
        if told:
            return is_real(told[-1].driver), told[-1].at_s
        unit, _ = self.driver_of(path)
        return unit is not None and is_real(unit.driver), 0.0

    def new(self, made: MadeParts) -> bool:
        """Whether the plant does not know yet of parts that a real machine has made."""
        return any(self.taken.get(made.path, Taken()).after(made)[1:])

    def begin_with(self, made: Iterable[MadeParts]) -> None:
        """What real machines have counted before they drive anything: it has long left them."""
        self.taken = {one.path: Taken().after(one)[0] for one in made}

    def hear(self, made: Iterable[MadeParts]) -> None:
        """What real machines have counted, and whether they drive their units from now on."""
        for one in made:
            driven = one.path in self.plant.driven
            if one.speaks and not driven:
                self.plant.drive(one.path, True)
            self.taken[one.path], good, scrap = self.taken.get(one.path, Taken()).after(one)
            self.plant.count(one.path, good, scrap)
            if driven and not one.speaks:
                self.plant.drive(one.path, False)

    def driver_of(self, path: str) -> tuple[DeviceUnit | None, str]:
        """A unit whose driver may change, and its driver as last told; None where there is none."""
        for bank in self.banks.values():
            unit = next((unit for one, unit in bank.changing.items() if str(one) == path), None)
            if unit is not None:
                told = [change.driver for change in self.changes if str(change.path) == path]
                return unit, told[-1] if told else unit.driver
        return None, ""

    def real(self) -> dict[EquipmentPath, str]:
        """Units that real machines stand for as last told, each with its driver."""
        drivers = {path: unit.driver for bank in self.banks.values() for path, unit in bank.changing.items()}
        drivers |= {change.path: change.driver for change in self.changes}
        return {path: driver for path, driver in drivers.items() if is_real(driver)}

    def meta(self) -> list[tuple[EquipmentPath, Frame]]:
        """Master data by publisher: each site's own; the chain's with the first site."""
        frames = [(site, bank.meta()) for site, bank in self.banks.items()]
        chain = chain_meta(self.config, self.plant.epoch_ns)
        return frames if chain is None else [*frames, (frames[0][0], chain)]

    def advance(self, until_s: float) -> list[tuple[EquipmentPath, list[Frame]]]:
        """Run to a time and give what each site that is served has to say about the way there."""
        self.plant.run_until(until_s)
        self._watch_locks()
        rows: list[list[TraceRow]] = [[] for _ in self.banks]
        for row in self.plant.drain():
            rows[self._site_of[row.unit]].append(row)
        view, ahead = self.plant.view(), self._alarms()
        said = [
            (site, [*ahead.get(site, ()), *bank.frames(until_s, view, mine)])
            for (site, bank), mine in zip(self.banks.items(), rows, strict=True)
            if site in self._served
        ]
        for _, frames in said:
            self._note(frames)
        return said

    def _alarms(self) -> dict[EquipmentPath, list[Frame]]:
        """Of machines that are ahead of the units that they drive, by site; said by the plant, not by the unit."""
        found: dict[EquipmentPath, list[Row]] = {}
        ahead = self.plant.driven if self.drivable else {}
        for path, values in self._ahead.rows(ahead, self.now_s):
            time_ns = to_ns(self.plant.epoch_ns, self.now_s)
            found.setdefault(path.site, []).append((path, time_ns, values))
        return {site: [records(RecordKind.ALARM, rows)] for site, rows in found.items()}

    def _watch_locks(self) -> None:
        """Tell of units that have come to wait for one another, once."""
        lock = self.plant.lock()
        if lock is not None and all(lock.ring != known.ring for known in self.locks):
            self.locks.append(lock)
            self.plant.tell_lock(lock)
            log.warning("%s", lock.told(self.config))

    def _note(self, frames: list[Frame]) -> None:
        for frame in frames:
            if frame.kind in LASTING:
                for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
                    item = values[0] if frame.kind is RecordKind.STOCK else ""
                    self._last[frame.kind, path, item] = (path, time_ns, tuple(values))

    def current(self) -> list[tuple[EquipmentPath, Frame]]:
        """The last state of every unit and stock of every item, by site, with the times they began.

        Said again at the start of a live run, so that those who join later know them; the stores and
        the brain have these rows already and nothing changes there.
        """
        rows: dict[tuple[EquipmentPath, RecordKind], list[Row]] = {}
        silent = {path for bank in self.banks.values() for path in bank.silent}
        for (kind, path, _), row in self._last.items():
            if path in silent:
                continue
            rows.setdefault((EquipmentPath(path).site, kind), []).append(row)
        return [(site, records(kind, sorted(some, key=lambda row: row[1]))) for (site, kind), some in rows.items()]

    def steps(self, until_s: float, tick_s: float) -> Iterator[float]:
        """Times at which to report on the way to ``until_s``: multiples of the tick from midnight on, and the end.

        So hours, shifts and days end with a report wherever the epoch lies, and whatever the clock does: where one of
        any site does not, there is a report more.
        """
        late_s = self.config.axis().of_day(0.0) % tick_s
        step = math.floor((self.now_s + late_s) / tick_s) + 1
        edges = boundaries(self.config, self.now_s, until_s)
        edge = next(edges, until_s)
        while (time := step * tick_s - late_s) < until_s or edge < until_s:
            on_grid = time <= edge + SAME_S
            yield (time := time if on_grid else edge)
            step += on_grid
            while edge < min(time + SAME_S, until_s):
                edge = next(edges, until_s)
        yield until_s

    def dump(self) -> bytes:
        """Everything as bytes from which :meth:`of_bytes` goes on as if nothing had happened."""
        heard = (self.taken, self._ahead)
        state = (self.config, self.seed, self.plant.snapshot(), self.banks, self._last, self.changes, heard)
        return pickle.dumps(state)

    def save(self, path: Path) -> None:
        """Write everything to a file from which :meth:`resume` goes on."""
        path.touch(mode=0o600)
        path.write_bytes(self.dump())

    @classmethod
    def resume(cls, path: Path) -> Feed:
        """Continue from a file this program wrote itself; never read one from elsewhere."""
        return cls.of_bytes(path.read_bytes())

    @classmethod
    def of_bytes(cls, saved: bytes) -> Feed:
        """Continue from bytes that this installation made; never read others."""
        config, seed, snapshot, banks, last, changes, heard = pickle.loads(saved)  # noqa: S301 - sealed by their keepers
        feed = cls.__new__(cls)
        feed.config, feed.seed, feed.banks, feed._last, feed.changes = config, seed, banks, last, changes
        feed.taken, feed._ahead = heard
        feed._begin()
        feed.plant = Plant.restore(snapshot)
        feed._site_of = feed._sites()
        feed.locks = [lock] if (lock := feed.plant.lock()) is not None else []
        return feed
