"""Running small lines and reading what they did."""

from __future__ import annotations

from typing import Any

from twin.config.plant import PlantConfig
from twin.engine.events import TraceRow
from twin.plant.plant import Plant
from twin.records import RecordKind


class Run:
    """A plant that has run, with its rows.

    Args:
        config: The plant.
        until: Simulated time in s.
        seed: Seed.
    """

    def __init__(self, config: PlantConfig, until: float = 1_000.0, seed: int = 1):
        self.plant = Plant(config, seed, intervals=True)
        self.plant.run_until(until)
        self.rows = self.plant.drain()
        self.names = [path.name for path in self.plant.units]

    def _of(self, unit: str, kind: RecordKind) -> list[TraceRow]:
        number = self.names.index(unit)
        return [row for row in self.rows if row.unit == number and row.kind is kind]

    def parts(self, unit: str) -> list[tuple[float, str, int]]:
        """Time, item and good quantity of the operations of a unit."""
        return [(row.sim_s, row.values[0], row.values[1]) for row in self._of(unit, RecordKind.PART)]

    def times(self, unit: str) -> list[float]:
        """Times of its operations, once for each good item."""
        return [time for time, _, number in self.parts(unit) for _ in range(number)]

    def items(self, unit: str) -> list[str]:
        """Items of its operations in order."""
        return [item for _, item, number in self.parts(unit) for _ in range(number)]

    def states(self, unit: str) -> list[tuple[float, str]]:
        """When it entered which state."""
        return [(row.sim_s, row.values[0]) for row in self._of(unit, RecordKind.STATE)]

    def stock(self, unit: str) -> list[tuple[float, str, int]]:
        """Its levels by time and item."""
        return [(row.sim_s, *row.values) for row in self._of(unit, RecordKind.STOCK)]

    def station(self, unit: str) -> Any:
        """The living unit."""
        return self.plant.station(self.plant.units[self.names.index(unit)])
