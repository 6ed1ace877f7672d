"""The indicators of transport: of the lanes, of every level above, and of a chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum

from twin.brain.meters import WindowEnergy
from twin.brain.reports.sheet import Coverage, Sheet
from twin.brain.scopes import Scope
from twin.brain.site import Table
from twin.brain.unit import Unit
from twin.brain.windows import Window
from twin.counters import TRANSPORT_ACTIVITY, TRANSPORT_CO2, TRANSPORT_COST, TRANSPORTED
from twin.equipment import EquipmentPath
from twin.kpi.definitions.transport import TransportFlow
from twin.kpi.spec import specs

NAMES = (TRANSPORT_COST.name, TRANSPORT_CO2.name, TRANSPORT_ACTIVITY.name)
PIECES = TRANSPORTED.name
Readings = Mapping[str, WindowEnergy]
"""Growth of the counters of a lane in a window, by name."""


def report_transport(sheet: Sheet, table: Table, scopes: Sequence[Scope]) -> None:
    """Write down the indicators of every unit that transports, and of every scope with such units."""
    lanes = _lanes(table, sheet.window)
    for scope in scopes if lanes else ():
        some = [lanes[row] for row in scope.units if row in lanes]
        if some:
            _write(sheet, scope.path, scope.name, some)


def report_chain_transport(sheet: Sheet, path: EquipmentPath, table: Table, shipped: float) -> None:
    """Write down the indicators of a chain that shipped some final products."""
    lanes = _lanes(table, sheet.window)
    if lanes:
        _write(sheet, path, "chain", list(lanes.values()), shipped)


def _lanes(table: Table, window: Window) -> dict[int, Readings]:
    """What transporting units counted, by row of the table."""
    return {row: _readings(unit, window) for row, unit in enumerate(table.units) if PIECES in unit.media}


def _readings(unit: Unit, window: Window) -> Readings:
    found = {name: unit.media[name].energy(window.t0_ns, window.t1_ns) for name in NAMES if name in unit.media}
    return found | {PIECES: unit.media[PIECES].energy(window.t0_ns, window.t1_ns)}


def _write(
    sheet: Sheet, path: EquipmentPath, scope: str, lanes: Sequence[Readings], shipped: float | None = None
) -> None:
    counts = [lane[PIECES] for lane in lanes]
    known = sum(count.known_ns for count in counts) / (len(counts) * sheet.window.length_ns)
    exact = not any(count.interpolated for lane in lanes for count in lane.values())
    certain = all(count.certain for lane in lanes for count in lane.values())
    coverage = Coverage(0.0, known, exact, certain)
    flow = _flow(lanes, shipped)
    for spec in specs("transport"):
        sheet.one(spec, path, scope, flow, coverage)


def _flow(lanes: Sequence[Readings], shipped: float | None) -> TransportFlow:
    cost, co2, tkm = (_sum(lanes, name, name) for name in NAMES)
    priced, weighed = (_sum(lanes, PIECES, name) for name in (TRANSPORT_COST.name, TRANSPORT_CO2.name))
    return TransportFlow(cost, priced or 0.0, co2, weighed or 0.0, tkm, shipped)


def _sum(lanes: Sequence[Readings], name: str, where: str) -> float | None:
    """Sum of a counter over the lanes that have another one; None when none has."""
    found = [lane[name].kwh for lane in lanes if where in lane]
    return fsum(found) if found else None
