"""Types of the columns of records, the same on every wire and in every store."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import NoneType
from typing import Any

from numpy.typing import NDArray

from twin.errors import RefusedRowsError
from twin.records import SPECS, Column, ColumnType, RecordKind
from twin.states import UnitState

__all__ = ["ColumnType", "cleaned", "column_type", "misfit", "name_states"]

_TYPES = {column.name: column.type for columns in SPECS.values() for column in columns}
INT64 = range(-(2**63), 2**63)
"""What fits an integer column."""


def column_type(name: str) -> ColumnType:
    """Type of a column of an event kind; TEXT for one that no kind has."""
    return _TYPES.get(name, ColumnType.TEXT)


def _integer(value: Any) -> int:
    number = int(value)
    if number not in INT64:
        raise OverflowError(number)
    if isinstance(value, float) and number != value:  # a part of it would go in silence
        raise ValueError(value)
    return number


_READ: dict[ColumnType, Callable[[Any], str | int | float]] = {
    ColumnType.TEXT: str,
    ColumnType.INTEGER: _integer,
    ColumnType.FLOAT: float,
}


def cleaned(name: str, value: Any) -> str | int | float | None:
    """A value as stores keep it: of the column's type, unknown as None. An empty text says nothing: unknown.

    Raises:
        RefusedRowsError: It cannot be of that type.

    >>> cleaned("value", float("nan")), cleaned("active", True), cleaned("item", "pack")
    (None, 1, 'pack')
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return _READ[column_type(name)](value)
    except (TypeError, ValueError, OverflowError):
        raise RefusedRowsError(f"store: {name}: expected {column_type(name).value}, got {value!r:.100}") from None


def name_states(kind: RecordKind, values: NDArray[Any]) -> str:
    """Take a state whose word or number nobody knows as UNKNOWN, with it as its cause, in object[rows, columns].

    That it has changed was said, so what it was before must not go on.

    Returns:
        What was expected and what came; empty when all words are known.

    >>> import numpy as np
    >>> values = np.array([["running", "o1", None]], dtype=object)
    >>> name_states(RecordKind.STATE, values).partition(",")[0], values.tolist()
    ('state: expected a canonical state (taken as UNKNOWN)', [['UNKNOWN', 'o1', 'running']])
    """
    if kind is not RecordKind.STATE:
        return ""
    words, problem = SPECS[kind][0].words, ""
    for row, (state, _, cause) in enumerate(values.tolist()):
        if isinstance(state, str | int | float) and state not in words:
            problem = f"state: expected a canonical state (taken as UNKNOWN), got {state!r:.100}"
            values[row, 0] = UnitState.UNKNOWN.name
            values[row, 2] = cause or str(state)[: SPECS[kind][2].longest] or None
    return problem


def misfit(kind: RecordKind, values: NDArray[Any]) -> str:
    """What does not fit the columns of an event kind, in object[rows, columns]; empty when all fits.

    Stricter than :func:`cleaned`: what comes from a wire is not converted, so that a peer's mistake shows;
    what a column requires must be there, and a number is finite.

    >>> import numpy as np
    >>> misfit(RecordKind.STOCK, np.array([["pack", "many"]], dtype=object))
    "on_hand: expected float, got 'many'"
    >>> misfit(RecordKind.STOCK, np.array([["", 3]], dtype=object))
    "item: expected a text that is not empty, got ''"
    """
    for column, given in zip(SPECS[kind], values.T.tolist(), strict=True):
        fits = _FITS[column.type]
        for value in () if len(given) > 3 and _all_fit(column, given) else given:
            wanted = fits(column, value) if value is not None else "a value" if column.required else ""
            if wanted:
                return f"{column.name}: expected {wanted}, got {_shown(value)}"
    return ""


def _all_fit(column: Column, given: list[Any]) -> bool:
    """Whether a whole column surely fits; False: look at each value."""
    types = set(map(type, given))
    if NoneType in types:
        if column.required:
            return False
        types.discard(NoneType)
        given = [value for value in given if value is not None]
    if not given:
        return True
    if column.type is ColumnType.TEXT:
        return types == {str} and all(map(column.words.__contains__, given)) if column.words else _short(column, given)
    low, high = _RANGES[column.type]
    low, high = max(low, column.low), min(high, column.high)
    return types <= _PLAIN[column.type] and all(low <= value <= high for value in given)


def _short(column: Column, given: list[Any]) -> bool:
    lengths = [len(value) if type(value) is str else 0 for value in given]
    return min(lengths) > 0 and max(lengths) <= column.longest


def _shown(value: object) -> str:
    return "none" if value is None else f"{value!r:.100}"


def _text(column: Column, value: object) -> str:
    if not isinstance(value, str):
        return ColumnType.TEXT.value
    if not value and not column.blank:
        return "a text that is not empty"
    if len(value) > column.longest:
        return f"at most {column.longest} characters"
    if column.words and value not in column.words:
        return f"one of {', '.join(sorted(column.words))}"
    return ""


def _whole(column: Column, value: object) -> str:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not whole or int(value) not in INT64:  # type: ignore[call-overload]  # a number by now
        return ColumnType.INTEGER.value
    return _within(column, value)


def _number(column: Column, value: object) -> str:
    if not isinstance(value, int | float):
        return ColumnType.FLOAT.value
    if value != value:  # NaN: not known
        return "a value" if column.required else ""
    if not _LEAST <= value <= _MOST:
        return "a finite number"
    return _within(column, value)


def _within(column: Column, value: Any) -> str:
    return "" if column.low <= value <= column.high else f"{column.low:g} to {column.high:g}"


_LEAST, _MOST = -1.7e308, 1.7e308
_PLAIN: dict[ColumnType, set[type]] = {ColumnType.INTEGER: {int, bool}, ColumnType.FLOAT: {float, int}}
_RANGES: dict[ColumnType, tuple[float, float]] = {
    ColumnType.INTEGER: (-(2**63), 2**63 - 1),
    ColumnType.FLOAT: (_LEAST, _MOST),
}
_FITS: dict[ColumnType, Callable[[Column, object], str]] = {
    ColumnType.TEXT: _text,
    ColumnType.INTEGER: _whole,
    ColumnType.FLOAT: _number,
}
