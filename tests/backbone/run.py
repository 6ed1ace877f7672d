"""A plant, its devices and the brain, joined in memory: nothing is lost, nothing is delayed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.bank import DeviceBank
from devices.master import chain_meta
from twin.brain import Brain, BrainConfig
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.records import Frame

Key = tuple[str, str, str, int]
Wire = Callable[[Frame], Iterable[Frame]]


def unchanged(frame: Frame) -> Iterable[Frame]:
    """The perfect wire."""
    return (frame,)


def tell(plant: Plant, config: PlantConfig, hours: float, tick_s: float, base: Path = Path()) -> Iterator[Frame]:
    """Run a plant and give everything its devices say."""
    banks = [DeviceBank(config, path, plant.seed, base=base) for path, _ in config.sites()]
    chain = chain_meta(config, plant.epoch_ns)
    yield from (bank.meta() for bank in banks)
    yield from () if chain is None else (chain,)
    for step in range(round(hours * 3600 / tick_s) + 1):
        plant.run_until(step * tick_s)
        rows, view = plant.drain(), plant.view()
        for bank in banks:
            yield from bank.frames(step * tick_s, view, rows)


@dataclass
class Heard:
    """Last record of each (path, indicator, window, end), as a store keeps it."""

    rows: dict[Key, dict[str, Any]] = field(default_factory=dict)
    brain: Brain = field(default_factory=lambda: Brain(BrainConfig(live_s=None)))

    def listen(self, frames: Iterable[Frame], wire: Wire = unchanged) -> None:
        """Take frames through a wire."""
        for frame in frames:
            for piece in wire(frame):
                self.keep(self.brain.process(piece))

    def keep(self, given: Iterable[Frame]) -> None:
        for frame in given:
            for row in frame.rows():
                self.rows[row["path"], row["kpi"], row["window"], row["time_ns"]] = row
