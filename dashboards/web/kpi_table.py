"""The last KPI values of one level and window as one small table: what the KPI board asks for again and again."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

DIGITS = 6
Entry = tuple[str, str, dict[str, Any]]
"""Path, KPI and the row of the live state."""


def table(entries: Iterable[Entry]) -> dict[str, Any]:
    """Values by element and KPI.

    Args:
        entries: The rows to show.

    Returns:
        ``kpis``: the columns; ``rows``: by path the values to six significant digits in the order of the columns,
        None where there is none; ``marks``: by path the qualities that are not good, by KPI; ``overtime``: by path the
        KPIs in which work outside the planned time took part.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path, kpi, row in entries:
        found.setdefault(path, {})[kpi] = row
    columns = sorted({kpi for mine in found.values() for kpi in mine})
    rows = {path: [_short(mine.get(kpi)) for kpi in columns] for path, mine in sorted(found.items())}
    marks = {
        path: doubts
        for path, mine in sorted(found.items())
        if (doubts := {kpi: row["q"] for kpi, row in sorted(mine.items()) if row["q"] != "good"})
    }
    overtime = {
        path: late for path, mine in sorted(found.items()) if (late := [k for k in columns if _late(mine.get(k))])
    }
    return {"kpis": columns, "rows": rows, "marks": marks, "overtime": overtime}


def _late(row: dict[str, Any] | None) -> bool:
    return row is not None and bool(row.get("overtime"))


def _short(row: dict[str, Any] | None) -> float | None:
    """A value to six significant digits, whole numbers without a point.

    >>> _short({"v": 0.123456789}), _short({"v": 1200.0}), _short(None)
    (0.123457, 1200, None)
    """
    value = None if row is None else row["v"]
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded
