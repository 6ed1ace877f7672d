"""Where the bottleneck of a scenario is: shares of active periods over some replications."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scenarios.experiments.account import read
from scenarios.experiments.kernels import EngineRun
from scenarios.format.document import Scenario
from twin.config.plant import ProcessConfig
from twin.engine.codes import WITH_ORDER
from twin.equipment import EquipmentPath
from twin.kpi.active_period import BottleneckTime, active_periods, shares
from twin.plant.plant import Plant
from twin.records import COLUMNS, RecordKind
from twin.states import UnitState
from twin.statistics.intervals import Interval, student

STATE = COLUMNS[RecordKind.STATE].index("state")


@dataclass(frozen=True)
class BottleneckShare:
    """A unit's part in limiting the plant, as intervals over the replications.

    Args:
        path: The unit.
        sole: Share of the time in which it alone was the bottleneck.
        shifting: Share in which the bottleneck shifted to it or from it.
        producing: Share in which it worked.
        waiting: Share in which it was starved or blocked.
    """

    path: EquipmentPath
    sole: Interval
    shifting: Interval
    producing: Interval
    waiting: Interval


def bottleneck_shares(
    scenario: Scenario,
    seed: int,
    window: tuple[float, float],
    replications: int,
    scope: str = "",
    progress: Callable[[int], None] | None = None,
) -> list[BottleneckShare]:
    """Shares of every unit that processes material, the strongest bottleneck first.

    Args:
        scenario: The scenario.
        seed: Seed of the first replication; the next have the next ones.
        window: Begin and end in simulated s.
        replications: How many.
        scope: Only units at or below this path; empty: all.
        progress: Told each replication that is done.
    """
    config = scenario.plant()
    units = [
        number
        for number, (path, _, station) in enumerate(config.stations())
        if isinstance(station, ProcessConfig) and (not scope or path.is_under(scope))
    ]
    rows = []
    for replication in range(replications):
        rows.append(_one(Plant(config, seed + replication), units, window))
        if progress is not None:
            progress(replication + 1)
    figures = np.array(rows)
    paths = [path for path, _, _ in config.stations()]
    found = [
        BottleneckShare(paths[number], *(student(figures[:, column, place]) for column in range(4)))
        for place, number in enumerate(units)
    ]
    return sorted(found, key=lambda share: -(share.sole.mean + share.shifting.mean))


def _one(plant: Plant, units: list[int], window: tuple[float, float]) -> list[list[float]]:
    """Sole, shifting, producing and waiting share by unit in one replication."""
    t0, t1 = window
    run, count = EngineRun(plant), len(plant.units)
    run.run_until(t0)
    begin = read(run, count)
    run.run_until(t1)
    spent = (read(run, count).seconds - begin.seconds)[units] / (t1 - t0)
    found = _shares(plant, units, window)
    both = spent[:, :WITH_ORDER] + spent[:, WITH_ORDER:]
    waiting, producing = both[:, UnitState.STARVED] + both[:, UnitState.BLOCKED], both[:, UnitState.PRODUCING]
    return [
        [share.sole for share in found], [share.shifting for share in found], producing.tolist(), waiting.tolist(),
    ]  # fmt: skip


def _shares(plant: Plant, units: list[int], window: tuple[float, float]) -> list[BottleneckTime]:
    times: dict[int, list[float]] = {unit: [] for unit in units}
    states: dict[int, list[int]] = {unit: [] for unit in units}
    for row in plant.drain():
        if row.kind is RecordKind.STATE and row.unit in times:
            times[row.unit].append(row.sim_s)
            states[row.unit].append(UnitState[row.values[STATE]])
    periods = [active_periods(np.array(times[u]), np.array(states[u], dtype=np.int64), window[1]) for u in units]
    return shares(periods, *window)
