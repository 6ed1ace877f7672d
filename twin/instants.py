"""Instants of a run: when something comes, as a time since the begin of the run or as a local date-time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, PlainSerializer, WithJsonSchema

from twin.quantities import Measure, duration_s
from twin.zone import WIDEST_NS, Axis, epoch_ns
from twin.zone import Instant as Time

FORM = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
YEARS = range(1971, 2200)
"""In them lies every instant: times on the wire are whole ns since 1970 in 64 bits."""
LONGEST_YEARS = 50
LONGEST_S = LONGEST_YEARS * 366 * 86_400.0
"""A run is not longer."""
INSTANT = Measure("s", "instant", "2 h")
LOCAL = "2026-03-02 08:00"


def instant(value: object) -> Time:
    """Read an instant.

    Args:
        value: Number and unit of time since the begin, or a local date-time, with its offset from UTC or without.

    Returns:
        The time since the begin in s, or the date-time.

    Raises:
        ValueError: It is neither, or before the begin.

    >>> instant("26 h"), instant("2026-03-02 08:00").isoformat()
    (93600.0, '2026-03-02T08:00:00')
    """
    if isinstance(value, datetime):
        return _in_years(value)
    text = value.strip() if isinstance(value, str) else ""
    if is_date(text):
        return _in_years(_date_time(text))
    try:
        since = duration_s(text)
    except ValueError as error:
        either = f"a time since the begin such as '2 h', or a local date-time such as {LOCAL!r}"
        raise ValueError(str(error) if re.match(r"[-+]?\d", text) else f"expected {either}, got {value!r}") from None
    if since < 0:
        raise ValueError(f"expected at least 0, got {value!r}")
    return since


def is_date(text: str) -> bool:
    """Whether a text is written as a date-time, right or wrong, rather than as a time since the begin.

    >>> is_date("2026-03-02 8:00"), is_date("8 h")
    (True, False)
    """
    return re.match(r"\s*\d{4}-\d", text) is not None


def _date_time(text: str) -> datetime:
    try:
        if FORM.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"expected a date-time that there is, such as {LOCAL!r}, got {text!r}")


def _in_years(time: datetime) -> datetime:
    if time.year not in YEARS:
        raise ValueError(f"expected a year from {YEARS[0]} to {YEARS[-1]}, got {time.year}")
    return time


def _written(value: Time) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else f"{value!r} s"


if TYPE_CHECKING:
    Instant = Time
else:
    _SCHEMA = {"type": "string", "description": "instant", "examples": ["2 h", LOCAL], "pattern": r"^\s*[-+]?\d"}
    Instant = Annotated[
        float | datetime,
        INSTANT,
        BeforeValidator(instant),
        PlainSerializer(_written, return_type=str),
        WithJsonSchema(_SCHEMA),
    ]


def misplaced(time: Time | None, axis: Axis) -> tuple[str, str, str] | None:
    """What was expected, what was got and a hint, of an instant that a run does not have; None when all is well.

    Args:
        time: The instant.
        axis: Simulated time with the local time where it is; that of the document, not moved.
    """
    if not isinstance(time, datetime) or axis.moved_days:
        return None
    got, name = time.isoformat(" "), axis.zone.name
    if time.tzinfo is None and name and (found := _never_or_twice(time, axis)):
        return f"a local time that the clocks of {name} show once", f"{got}, {found[0]}", found[1]
    if axis.second(time) < 0:
        begin = axis.zone.at_ns(axis.origin_ns)
        return f"a time from the begin of the run on, {begin.isoformat(' ')}", got, ""
    return None


def _never_or_twice(time: datetime, axis: Axis) -> tuple[str, str] | None:
    zone, local = axis.zone, epoch_ns(time.replace(tzinfo=UTC))
    first = zone.utc_ns(local)
    if zone.local_ns(first) != local:
        return "which they leave out", f"they go on with {zone.at_ns(first).isoformat(' ')}"
    again = (local - zone.offset_ns(change) for change in zone.changes(first, first + WIDEST_NS))
    for moment in again:
        if moment > first and zone.local_ns(moment) == local:
            both = " or ".join(zone.at_ns(each).isoformat()[19:] for each in (first, moment))
            return "which comes twice", f"write its offset too: {both}"
    return None


@lru_cache(maxsize=1024)
def _may_hold(kind: Any) -> bool:
    """Whether a type may have instants in it."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return bool(_fields(kind))
    marked = INSTANT in getattr(kind, "__metadata__", ())
    return marked or any(_may_hold(inner) for inner in get_args(kind))


@lru_cache(maxsize=1024)
def _fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Fields that are instants or may have some in them."""
    kinds: list[tuple[str, Any]] = [(name, info.annotation) for name, info in model.model_fields.items()]
    return tuple(name for name, kind in kinds if INSTANT in model.model_fields[name].metadata or _may_hold(kind))


def dates_in(node: object, place: str = "") -> Iterator[tuple[str, datetime]]:
    """Instants of a configuration that are date-times, with the keys that lead there, joined by dots."""
    if isinstance(node, datetime):
        yield place, node
    elif isinstance(node, BaseModel):
        for name in _fields(type(node)):
            yield from dates_in(getattr(node, name), _below(place, name))
    elif isinstance(node, list | tuple):
        for number, each in enumerate(node):
            yield from dates_in(each, _below(place, number))
    elif isinstance(node, Mapping):
        for name, each in node.items():
            yield from dates_in(each, _below(place, name))


def _below(place: str, key: object) -> str:
    return f"{place}.{key}" if place else str(key)
