"""What a window computed anew says differently from what is stored of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from twin.brain.told import AT, FIGURES, GONE
from twin.brain.windows import Window
from twin.equipment import EquipmentPath
from twin.kpi.spec import KNOWN, RATED, RULE_VERSION, kpis
from twin.records import Frame, RecordKind, records

CLOSE = 1e-9
"""Figures that lie nearer to each other than this, relatively, say the same: sums depend on their order."""
KPI, QUALITY, COVERAGE, VALUE, REVISION = (AT[name] for name in ("kpi", "quality", "coverage", "value", "revision"))
COMPLETE = "good"
STATED = {"known_ns", "rated_known_ns", "people_known_ns", "things_known_ns"}
METERED = {basis for basis, shares in KNOWN.items() if STATED.isdisjoint(known for known, _ in shares)} - RATED
"""What needs no state of any unit and no rates, only readings of meters."""
Row = list[Any]


class Differences(NamedTuple):
    """What a window computed anew says differently.

    Args:
        frame: The records that say something else; None: there are none.
        less: How many stay as they are, because less is known of them than before.
        unsure: How many stay as they are, because they would be good where it is not known who was silent.
    """

    frame: Frame | None
    less: int = 0
    unsure: int = 0


def revised(
    stored: Frame, new: Frame | None, window: Window, only: str | None, floor: bool, blind: bool = False
) -> Differences:
    """The records that say something else than what is stored, one revision on; what has no value is taken back.

    Args:
        stored: Indicators that end with the window; those of other windows are passed over.
        new: What is to be said of the window; None: nothing.
        window: The window.
        only: Only of this path; None: of all.
        floor: The store forgets: what is known of less of the window than before stays as it is.
        blind: Nobody knows which publisher was silent: of a window of which something is stored no indicator is known
            of more, or where there was none, but by meters.
    """
    known = _rows(stored, window, only)
    told = {} if new is None else _rows(new, window, only)
    found, less, unsure = [], 0, 0
    any_known = bool(known)
    for key, row in told.items():
        old = known.pop(key, None)
        if old is not None and _same(old, row):
            continue
        if old is not None and floor and (row[COVERAGE] or 0.0) < (old[COVERAGE] or 0.0):
            less += 1
            continue
        if blind and any_known and _rises(old, row):
            unsure += 1
            continue
        row[REVISION] = 0 if old is None else int(old[REVISION] or 0) + 1
        found.append((key[0], window.t1_ns, tuple(row)))
    for key, old in known.items():
        if floor:
            less += 1
        elif old[VALUE] is not None or old[QUALITY] != GONE:
            found.append((key[0], window.t1_ns, _withdrawn(old, window)))
    return Differences(records(RecordKind.KPI, found) if found else None, less, unsure)


def _rows(frame: Frame, window: Window, only: str | None) -> dict[tuple[EquipmentPath, str], Row]:
    found = {}
    for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
        of_window = row[AT["window"]] == window.kind and (row[AT["t0_ns"]], time_ns) == (window.t0_ns, window.t1_ns)
        if of_window and only in (None, path):
            found[path, row[AT["kpi"]]] = row
    return found


def _rises(old: Row | None, new: Row) -> bool:
    """Whether an indicator would be known of more of its window, or be good, where it was not."""
    if kpis.knows(new[KPI]) and kpis[new[KPI]].basis in METERED:
        return False
    if old is None:
        return True
    more = (new[COVERAGE] or 0.0) > (old[COVERAGE] or 0.0) + CLOSE
    return more or (new[QUALITY] == COMPLETE and old[QUALITY] != COMPLETE)


def _same(old: Row, new: Row) -> bool:
    before, now = (np.array([row[index] for index in FIGURES], dtype=float) for row in (old, new))
    return old[QUALITY] == new[QUALITY] and np.allclose(before, now, rtol=CLOSE, atol=CLOSE, equal_nan=True)


def _withdrawn(old: Row, window: Window) -> tuple[Any, ...]:
    kpi, scope, revision = old[AT["kpi"]], old[AT["scope"]], int(old[REVISION] or 0) + 1
    return (
        kpi, scope, window.kind, window.t0_ns, None, None, None, 0.0, GONE, RULE_VERSION, None, None, 0, 0, revision,
    )  # fmt: skip
