"""Rows of records as the pages want them: what a row must have, its key, its figures.

What came into a store before its door knew a column to be needed is still there; such a row is left
out and counted, and harms no other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from twin.equipment import EquipmentPath
from twin.records import COLUMNS, Frame, RecordKind

MS = 1_000_000
Key = tuple[str, ...]
"""Path and what else tells rows of a section apart."""

NEEDED: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.STATE: ("state",),
    RecordKind.STOCK: ("item",),
    RecordKind.SHIPMENT: ("event",),
    RecordKind.ALARM: ("code",),
    RecordKind.META: ("schema", "body"),
    RecordKind.KPI: ("kpi", "window", "t0_ns"),
}
"""Columns without which a row cannot be shown."""

FLAGS = {"flag_gt1": "gt1", "overtime": "overtime", "revision": "rev"}
"""Columns of a KPI record that are 0 in most, with their names on the pages."""


@cache
def _needed(kind: RecordKind) -> tuple[int, ...]:
    return tuple(COLUMNS[kind].index(name) for name in NEEDED.get(kind, ()))


def lacking(kind: RecordKind, values: Any) -> str:
    """Names of the needed columns that a row does not have; empty when it can be shown.

    >>> lacking(RecordKind.STOCK, (None, 3.0)), lacking(RecordKind.STOCK, ("pack", None))
    ('item', '')
    """
    return ", ".join(COLUMNS[kind][index] for index in _needed(kind) if values[index] is None)


def rows(frame: Frame) -> Iterator[tuple[EquipmentPath, int, Any]]:
    """Path, source time in ns and values of each row."""
    return zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True)


def shown(frame: Frame) -> Iterator[tuple[EquipmentPath, int, Any]]:
    """The rows that have what they need."""
    return (row for row in rows(frame) if not lacking(frame.kind, row[2]))


def figure(value: Any) -> float | None:
    """A number for JSON; None when it is unknown or not finite.

    >>> figure(2), figure(None), figure(float("inf")), figure(10**400)
    (2.0, None, None, None)
    """
    try:
        number = math.nan if value is None else float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def kpi_row(time_ns: int, values: Iterable[Any]) -> dict[str, Any]:
    """A KPI record for pages: window as [t0, t) in ms; unknown figures are None, never 0.

    Bounds, flags and revision are there only where the record has them.
    """
    row = dict(zip(COLUMNS[RecordKind.KPI], values, strict=False))
    bounds = {name: value for name in ("low", "high") if (value := figure(row.get(name))) is not None}
    flags = {short: value for name, short in FLAGS.items() if (value := row.get(name))}
    return {
        "kpi": row["kpi"],
        "window": row["window"],
        "t": time_ns // MS,
        "t0": int(row["t0_ns"]) // MS,
        "v": figure(row["value"]),
        "num": figure(row["numerator"]),
        "den": figure(row["denominator"]),
        "cov": figure(row["coverage"]),
        "q": row["quality"],
        "rule": row["rule_version"],
        **bounds,
        **flags,
    }


def wire_key(key: Key) -> str:
    """A key as JSON writes it: cut at ``|`` from the left it gives its parts, of which only the last may hold one.

    >>> wire_key(("a/b", "oee", "hour")), wire_key(("a/b", "door|left")), wire_key(("a/b", "x|y", "hour"))
    ('a/b|oee|hour', 'a/b|door|left', 'a/b|x%7Cy|hour')
    """
    *parts, last = key
    return "|".join([*(part.replace("%", "%25").replace("|", "%7C") for part in parts), last])
