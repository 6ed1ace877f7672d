"""Answers of the API from the store: series, state intervals, KPI histories."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from dashboards.model import PlantModel
from dashboards.rows import MS, figure, kpi_row, shown
from twin.equipment import EquipmentPath
from twin.kpi.running import FigureKey, RunningFigures
from twin.ports import History
from twin.records import Frame, RecordKind

Row = dict[str, Any]

LAST = 100_000
"""Readings of the last of the spans that are thinned to a point each; of more of them also the last is a mean."""


async def series(history: History, path: EquipmentPath, tag: str, span: tuple[int, int], points: int) -> Row:
    """One tag: times in ms and values, None where unknown; the last is a reading also where others are means."""
    time_ns, values = await history.series(path, tag, *span, max_points=points)
    if time_ns.size:
        last_ns, last = await history.series(path, tag, int(time_ns[-1]), span[1], max_points=LAST)
        time_ns, values = np.append(time_ns[:-1], last_ns[-1:]), np.append(values[:-1], last[-1:])
    known = [value if math.isfinite(value) else None for value in values.tolist()]
    return {"path": path, "tag": tag, "t": (time_ns / MS).tolist(), "v": known}


async def raw(history: History, path: EquipmentPath, tag: str, span: tuple[int, int], points: int) -> Row:
    """One tag: times in ns and values, None where unknown; all of them, up to so many."""
    time_ns, values = await history.series(path, tag, *span, max_points=points)
    known = [value if math.isfinite(value) else None for value in values.tolist()]
    return {"path": path, "tag": tag, "t_ns": time_ns.tolist(), "v": known}


async def states(
    history: History, model: PlantModel, under: EquipmentPath, span: tuple[int, int], limit: int
) -> dict[str, list[Row]]:
    """State changes of every unit at or below a path, by unit.

    The first entry of a unit holds the state at the begin of the span, UNKNOWN when the store does not know it.
    """
    rows = await history.rows(RecordKind.STATE, under, *span, limit=limit)
    found: dict[str, list[Row]] = {unit: [] for unit in model.units_under(under)}
    complete_from_ns = span[0] if len(rows) < limit else int(rows.time_ns[0])
    held: dict[str, Any] = {
        path: tuple(values)
        for path, _, values in shown(await history.before(RecordKind.STATE, under, complete_from_ns))
    }
    for unit, changes in found.items():
        changes.append(_state(complete_from_ns, held.get(unit) or ("UNKNOWN", None, None)))
    for path, time_ns, values in shown(rows):
        found.setdefault(path, []).append(_state(time_ns, values))
    return found


def _state(time_ns: int, values: Iterable[Any]) -> Row:
    state, order, cause = values
    return {"t": time_ns // MS, "s": state, "order": order, "cause": cause}


async def stock(history: History, under: EquipmentPath, span: tuple[int, int], limit: int) -> list[Row]:
    """Stock after each change, oldest first; before them what there was at the begin of the span, where it is known."""
    rows = await history.rows(RecordKind.STOCK, under, *span, limit=limit)
    complete_from_ns = span[0] if len(rows) < limit else int(rows.time_ns[0])
    held = shown(await history.before(RecordKind.STOCK, under, complete_from_ns))
    return [
        {"path": path, "t": time_ns // MS, "item": item, "n": figure(n)}
        for path, time_ns, (item, n) in (*((path, complete_from_ns, values) for path, _, values in held), *shown(rows))
    ]


async def kpi_series(history: History, path: EquipmentPath, span: tuple[int, int], where: dict[str, str]) -> list[Row]:
    """Values of one KPI window by window, each at the end of its window; of a revised one the last."""
    rows = await history.rows(RecordKind.KPI, path, *span, limit=10_000, where=where)
    found = {row["t"]: row for row in kpi_rows(rows) if row["path"] == path}
    return [found[time] for time in sorted(found)]


def kpi_rows(frame: Frame) -> list[Row]:
    """KPI records as the pages want them."""
    return [{"path": path, **kpi_row(time_ns, values)} for path, time_ns, values in shown(frame)]


def holding(rows: list[Row]) -> list[Row]:
    """Of the last row of each figure those that hold: figures of the running window that are no longer said do not."""
    kept: dict[FigureKey, Row] = {(row["path"], row["kpi"], row["window"]): row for row in rows}
    running = RunningFigures()
    for key, row in kept.items():
        running.take(key, row)
    gone = {key for path in dict.fromkeys(row["path"] for row in rows) for key in running.ended(path, kept)}
    return [row for key, row in kept.items() if key not in gone]


async def alarms(history: History, under: EquipmentPath, span: tuple[int, int], limit: int) -> list[Row]:
    """Alarms raised and cleared, oldest first."""
    rows = await history.rows(RecordKind.ALARM, under, *span, limit=limit)
    return [
        {"path": path, "t": time_ns // MS, "code": code, "severity": severity, "active": bool(active), "text": text}
        for path, time_ns, (code, severity, active, text) in shown(rows)
    ]
