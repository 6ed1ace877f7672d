"""Types of the columns of records, the same on every wire and in every store."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any

from numpy.typing import NDArray

from twin.errors import RefusedRowsError
from twin.records import COLUMNS, RecordKind


class ColumnType(Enum):
    """Type of a column, the same in every store."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"


_INTEGERS = {
    "first_pass",
    "severity",
    "active",
    "sent",
    "dropped",
    "t0_ns",
    "due_ns",
    "flag_gt1",
    "overtime",
    "revision",
}
_FLOATS = {
    "good",
    "scrap",
    "rework",
    "ideal_s",
    "on_hand",
    "quantity",
    "lag_s",
    "value",
    "numerator",
    "denominator",
    "coverage",
    "low",
    "high",
}
_INT64 = range(-(2**63), 2**63)


def column_type(name: str) -> ColumnType:
    """Type of a column of an event kind."""
    if name in _INTEGERS:
        return ColumnType.INTEGER
    return ColumnType.FLOAT if name in _FLOATS else ColumnType.TEXT


def _integer(value: Any) -> int:
    number = int(value)
    if number not in _INT64:
        raise OverflowError(number)
    return number


_READ: dict[ColumnType, Callable[[Any], str | int | float]] = {
    ColumnType.TEXT: str,
    ColumnType.INTEGER: _integer,
    ColumnType.FLOAT: float,
}


def cleaned(name: str, value: Any) -> str | int | float | None:
    """A value as stores keep it: of the column's type, unknown as None.

    Raises:
        RefusedRowsError: It cannot be of that type.

    >>> cleaned("value", float("nan")), cleaned("active", True), cleaned("item", "pack")
    (None, 1, 'pack')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return _READ[column_type(name)](value)
    except (TypeError, ValueError, OverflowError):
        raise RefusedRowsError(f"store: {name}: expected {column_type(name).value}, got {value!r:.100}") from None


def misfit(kind: RecordKind, values: NDArray[Any]) -> str:
    """What does not fit the columns of an event kind, in object[rows, columns]; empty when all fits.

    Stricter than :func:`cleaned`: what comes from a wire is not converted, so that a peer's mistake shows.

    >>> import numpy as np
    >>> misfit(RecordKind.STOCK, np.array([["pack", "many"]], dtype=object))
    "on_hand: expected float, got 'many'"
    """
    for name, column in zip(COLUMNS[kind], values.T, strict=True):
        fits = _FITS[column_type(name)]
        for value in column:
            if value is not None and not fits(value):
                return f"{name}: expected {column_type(name).value}, got {value!r:.100}"
    return ""


def _whole(value: Any) -> bool:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return whole and int(value) in _INT64


_FITS: dict[ColumnType, Callable[[Any], bool]] = {
    ColumnType.TEXT: lambda value: isinstance(value, str),
    ColumnType.INTEGER: _whole,
    ColumnType.FLOAT: lambda value: isinstance(value, int | float),
}
