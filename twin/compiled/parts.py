"""Numbers for parts: one per item and number of reworks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twin.config.plant import PlantConfig
from twin.engine.links import Items
from twin.engine.station import Load, Part, Station
from twin.equipment import EquipmentPath
from twin.plant.flow import check_flow
from twin.stations.assembly import Assembly


class PartNumbers:
    """The number of each part: item times ``reworks`` plus number of reworks.

    Args:
        config: The plant.
        stations: Its stations, linked.
    """

    def __init__(self, config: PlantConfig, stations: Sequence[Station]):
        self.items: tuple[str, ...] = tuple(config.items)
        self._index = {item: index for index, item in enumerate(self.items)}
        most = [getattr(s.setting.config, "rework_max", 0) for s in stations if getattr(s.setting.config, "rework", 0)]
        self.reworks = max(most, default=0) + 1
        self.count = len(self.items) * self.reworks
        self._flow = _flow(config, stations)

    def __getitem__(self, part: Load) -> int:
        return self._index[part.item] * self.reworks + part.reworks

    def coming(self, station: Station) -> Iterator[tuple[Part, int]]:
        """The parts that a station may work on, with their numbers."""
        items = (
            {product.item for product, _ in station.boms} if isinstance(station, Assembly) else self._flow[station.path]
        )
        for item in self.items:
            if item in items:
                for reworks in range(self.reworks):
                    part = Part(item, reworks)
                    yield part, self[part]


def _flow(config: PlantConfig, stations: Sequence[Station]) -> Items:
    successors = {s.path: _paths(s.successors) for s in stations}
    reworks = {s.path: _paths(getattr(s, "rework_takers", ())) for s in stations}
    return check_flow(config, successors, reworks)[0]


def _paths(stations: Sequence[Station]) -> tuple[EquipmentPath, ...]:
    return tuple(station.path for station in stations)
