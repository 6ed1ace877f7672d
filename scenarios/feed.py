"""A plant and the devices of its sites: simulated time in, frames per site out."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from devices.bank import DeviceBank
from devices.master import chain_meta
from scenarios.document import Scenario
from twin.config import PlantConfig
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records
from twin.sim.events import TraceRow
from twin.sim.plant import Plant

Row = tuple[EquipmentPath, int, tuple[Any, ...]]
LASTING = (RecordKind.STATE, RecordKind.STOCK)
"""Kinds whose last row holds until the next."""
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
    return config.model_copy(update={"epoch": start.astimezone(config.epoch.tzinfo)})


def last_full_hour(now: datetime, before: timedelta) -> datetime:
    """The full hour at or before ``now - before``."""
    return (now - before).replace(minute=0, second=0, microsecond=0)


class Feed:
    """Runs the plant and lets every site's devices say what happened.

    Args:
        config: The plant.
        seed: Seed of all random streams.
        base: Folder that relative file names of drivers start from.
        operations: Say the begin and end of every operation on a lot too.
    """

    def __init__(self, config: PlantConfig, seed: int, base: Path, operations: bool = False):
        self.config = config
        self.seed = seed
        self.plant = Plant(config, seed, operations=operations)
        self.banks = {path: DeviceBank(config, path, seed, base=base) for path, _ in config.sites()}
        self._site_of = self._sites()
        self._last: dict[tuple[RecordKind, str, str], Row] = {}

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

    def meta(self) -> list[tuple[EquipmentPath, Frame]]:
        """Master data by publisher: each site's own; the chain's with the first site."""
        frames = [(site, bank.meta()) for site, bank in self.banks.items()]
        chain = chain_meta(self.config, self.plant.epoch_ns)
        return frames if chain is None else [*frames, (frames[0][0], chain)]

    def advance(self, until_s: float) -> list[tuple[EquipmentPath, list[Frame]]]:
        """Run to a time and give what each site has to say about the way there."""
        self.plant.run_until(until_s)
        rows: list[list[TraceRow]] = [[] for _ in self.banks]
        for row in self.plant.drain():
            rows[self._site_of[row.unit]].append(row)
        view = self.plant.view()
        said = [
            (site, bank.frames(until_s, view, mine))
            for (site, bank), mine in zip(self.banks.items(), rows, strict=True)
        ]
        for _, frames in said:
            self._note(frames)
        return said

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
        for (kind, path, _), row in self._last.items():
            rows.setdefault((EquipmentPath(path).site, kind), []).append(row)
        return [(site, records(kind, sorted(some, key=lambda row: row[1]))) for (site, kind), some in rows.items()]

    def steps(self, until_s: float, tick_s: float) -> Iterator[float]:
        """Times at which to report on the way to ``until_s``: multiples of the tick, and the end."""
        step = math.floor(self.now_s / tick_s) + 1
        while step * tick_s < until_s:
            yield step * tick_s
            step += 1
        yield until_s

    def save(self, path: Path) -> None:
        """Write everything to a file from which :meth:`resume` goes on as if nothing had happened."""
        path.touch(mode=0o600)
        path.write_bytes(pickle.dumps((self.config, self.seed, self.plant.snapshot(), self.banks, self._last)))

    @classmethod
    def resume(cls, path: Path) -> Feed:
        """Continue from a file this program wrote itself; never read one from elsewhere."""
        config, seed, snapshot, banks, last = pickle.loads(path.read_bytes())  # noqa: S301 - our own file, mode 0600
        feed = cls.__new__(cls)
        feed.config, feed.seed, feed.banks, feed._last = config, seed, banks, last
        feed.plant = Plant.restore(snapshot)
        feed._site_of = feed._sites()
        return feed
