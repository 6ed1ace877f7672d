"""What a window computed anew says differently from what is stored of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.brain.told import AT, FIGURES, GONE
from twin.brain.windows import Window
from twin.equipment import EquipmentPath
from twin.kpi.spec import RULE_VERSION
from twin.records import Frame, RecordKind, records

CLOSE = 1e-9
"""Figures that lie nearer to each other than this, relatively, say the same: sums depend on their order."""
QUALITY, COVERAGE, VALUE, REVISION = (AT[name] for name in ("quality", "coverage", "value", "revision"))
Row = list[Any]


def revised(
    stored: Frame, new: Frame | None, window: Window, only: str | None, floor: bool
) -> tuple[Frame | None, int]:
    """The records that say something else than what is stored, one revision on; what has no value is taken back.

    Args:
        stored: Indicators that end with the window; those of other windows are passed over.
        new: What is to be said of the window; None: nothing.
        window: The window.
        only: Only of this path; None: of all.
        floor: The store forgets: what is known of less of the window than before stays as it is.

    Returns:
        The records, and how many stay as they are for that reason.
    """
    known = _rows(stored, window, only)
    told = {} if new is None else _rows(new, window, only)
    found, less = [], 0
    for key, row in told.items():
        old = known.pop(key, None)
        if old is not None and _same(old, row):
            continue
        if old is not None and floor and (row[COVERAGE] or 0.0) < (old[COVERAGE] or 0.0):
            less += 1
            continue
        row[REVISION] = 0 if old is None else int(old[REVISION] or 0) + 1
        found.append((key[0], window.t1_ns, tuple(row)))
    for key, old in known.items():
        if floor:
            less += 1
        elif old[VALUE] is not None or old[QUALITY] != GONE:
            found.append((key[0], window.t1_ns, _withdrawn(old, window)))
    return (records(RecordKind.KPI, found) if found else None), less


def _rows(frame: Frame, window: Window, only: str | None) -> dict[tuple[EquipmentPath, str], Row]:
    found = {}
    for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
        of_window = row[AT["window"]] == window.kind and (row[AT["t0_ns"]], time_ns) == (window.t0_ns, window.t1_ns)
        if of_window and only in (None, path):
            found[path, row[AT["kpi"]]] = row
    return found


def _same(old: Row, new: Row) -> bool:
    before, now = (np.array([row[index] for index in FIGURES], dtype=float) for row in (old, new))
    return old[QUALITY] == new[QUALITY] and np.allclose(before, now, rtol=CLOSE, atol=CLOSE, equal_nan=True)


def _withdrawn(old: Row, window: Window) -> tuple[Any, ...]:
    kpi, scope, revision = old[AT["kpi"]], old[AT["scope"]], int(old[REVISION] or 0) + 1
    return (
        kpi, scope, window.kind, window.t0_ns, None, None, None, 0.0, GONE, RULE_VERSION, None, None, 0, 0, revision,
    )  # fmt: skip
