"""Metrics of a payload as a table of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brokers.columns import misfit, name_states
from brokers.sparkplug.metrics import QUALITIES, QUALITY, MetricSpec
from twin.records import BAD, COLUMNS, UNCERTAIN, RecordKind
from twin.sparkplug.protobuf import DataType, get_value

MOST_EXACT = 2**53
"""Beyond it a whole number is rounded when it becomes a float."""
Named = list[tuple[MetricSpec, Any]]


def width_of(data: Named) -> int:
    """Metrics of one row: those before the first of them comes again."""
    first = data[0][0]
    again = (at for at, (spec, _) in enumerate(data) if at and spec is first)
    return next(again, len(data))


def fitted(
    kind: RecordKind, specs: list[MetricSpec], values: NDArray[Any], told: Callable[[Exception], None]
) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Tags and values of a table, with all the columns of its kind; those that are left out are None.

    Args:
        kind: Kind of the records.
        specs: What stands in the columns.
        values: The values.
        told: Hears what is taken in another way than it was said.

    Raises:
        ValueError: The values do not fit the kind.
    """
    tags = tuple(spec.column for spec in specs)
    if any(spec.kind is not kind for spec in specs):
        raise ValueError(f"payload: expected metrics of {kind} only, got {sorted({str(s.kind) for s in specs})}")
    if len(set(tags)) < len(tags):
        raise ValueError(f"payload: expected each tag once in a row, got {tags[:20]}")
    if kind is RecordKind.TELEMETRY:
        return tags, values
    columns = COLUMNS[kind]
    if not set(tags) <= set(columns):
        raise ValueError(f"payload: expected {kind} metrics {columns}, got {tags}")
    if tags != columns:
        whole = np.full((len(values), len(columns)), None, dtype=object)
        whole[:, [columns.index(tag) for tag in tags]] = values
        values = whole
    if strange := name_states(kind, values):
        told(ValueError(f"payload: {strange}"))
    if problem := misfit(kind, values):
        raise ValueError(f"payload: {kind}: {problem}")
    return columns, values


def table(
    kind: RecordKind, specs: list[MetricSpec], metrics: list[Any]
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Values [rows, columns] and their quality, None when all are good.

    Telemetry is float64: a number that is null, missing or not finite is unknown (NaN) and bad; a whole number
    beyond 2**53 is rounded and uncertain.
    """
    width = len(specs)
    if kind is not RecordKind.TELEMETRY:
        read = [get_value(metric, specs[at % width].datatype) for at, metric in enumerate(metrics)]
        return np.array([*read, None], dtype=object)[:-1].reshape(-1, width), None
    if all(spec.datatype == DataType.DOUBLE for spec in specs):
        values, marks = _doubles(metrics), dict[int, int]()
    else:
        values, marks = _numbers(specs, metrics)
    unknown = np.flatnonzero(~np.isfinite(values)).tolist()
    marks |= dict.fromkeys(unknown, int(BAD))
    values[unknown] = np.nan
    for at, metric in enumerate(metrics):
        if metric.HasField("properties"):
            marks[at] = max(marks.get(at, 0), _quality(metric))
    return values.reshape(-1, width), _matrix(marks, len(values), width)


def _matrix(marks: dict[int, int], size: int, width: int) -> NDArray[np.uint8] | None:
    if not any(marks.values()):
        return None
    quality = np.zeros(size, np.uint8)
    quality[list(marks)] = list(marks.values())
    return quality.reshape(-1, width)


def _doubles(metrics: list[Any]) -> NDArray[np.float64]:
    values = np.array([metric.double_value for metric in metrics], dtype=np.float64)
    for at in np.flatnonzero(values == 0.0).tolist():  # what protobuf says of a value that is not there
        values[at] = _float(get_value(metrics[at], DataType.DOUBLE))
    return values


def _numbers(specs: list[MetricSpec], metrics: list[Any]) -> tuple[NDArray[np.float64], dict[int, int]]:
    width = len(specs)
    read = [get_value(metric, specs[at % width].datatype) for at, metric in enumerate(metrics)]
    large = {at: int(UNCERTAIN) for at, value in enumerate(read) if type(value) is int and abs(value) > MOST_EXACT}
    return np.array([_float(value) for value in read], dtype=np.float64), large


def _float(value: Any) -> float:
    if value is None:
        return np.nan
    if isinstance(value, str):
        raise ValueError(f"payload: expected a number as telemetry, got {value!r:.100}")
    return float(value)


def _quality(metric: Any) -> int:
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == QUALITY:
            return QUALITIES.get(value.int_value, int(BAD))
    return 0
