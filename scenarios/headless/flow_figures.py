"""What is inside the units of a headless run, how long it stays and how long it waits."""

from __future__ import annotations

from twin.brain.reports.summary import ScopeFigures, Summary
from twin.equipment import EquipmentPath
from twin.kpi.definitions.flow import PartFlow
from twin.kpi.spec import specs
from twin.plant.held import Held, holding
from twin.plant.plant import Plant


class FlowWatch:
    """Runs a plant from event to event and adds up what its units hold.

    Args:
        plant: The plant.
        from_s: Simulated time from which on it counts.
    """

    def __init__(self, plant: Plant, from_s: float):
        self._plant, self._from_s = plant, from_s
        self._units = holding(plant)
        self._held = Held(plant, self._units)
        stations = [plant.station(plant.units[unit]) for unit in self._units]
        self._stores = [station.role == "store" for station in stations]

    def run_until(self, sim_s: float) -> None:
        """Process everything strictly before a time; then it is that time."""
        if self._plant.now_s < self._from_s:
            self._plant.run_until(min(sim_s, self._from_s))
        self._held.run_until(sim_s)

    def add_to(self, summary: Summary) -> None:
        """Add the indicators of flow to the figures of units, lines and sites."""
        window_s = self._plant.now_s - self._from_s
        for level in (summary.units, summary.lines, summary.sites):
            for path, figures in level.items() if window_s > 0 else ():
                flow = self._flow(EquipmentPath(path), figures, window_s)
                for spec in specs("flow") if flow is not None else ():
                    value = spec.value(flow)
                    if value is not None:
                        figures.kpis[spec.id] = value

    def _flow(self, path: EquipmentPath, figures: ScopeFigures, window_s: float) -> PartFlow | None:
        """None where nothing is held."""
        rows = [row for row, unit in enumerate(self._units) if self._plant.units[unit].is_under(path)]
        if not rows:
            return None
        sums = [self._held.item_s[row] / window_s for row in rows]
        stored = sum(each for each, row in zip(sums, rows, strict=True) if self._stores[row])
        return PartFlow(sum(sums), stored, float(figures.counts.get("good", 0)), window_s)
