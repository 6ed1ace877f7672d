"""Values of metrics, both ways.

Source: Eclipse Sparkplug specification 3.0.0, 6.4.16 (data types), 6.4.13 (quality).
"""

from __future__ import annotations

import math
from typing import Any

from devices.connection import DataValue, Scalar
from twin.records import BAD, GOOD, UNCERTAIN
from twin.sparkplug.protobuf import SIGNED, UNSIGNED, DataType, Metric, set_value, whole

MS = 1_000_000
FLOATS = {DataType.FLOAT, DataType.DOUBLE}
TEXTS = {DataType.STRING, DataType.TEXT, DataType.UUID}
QUALITY = "Quality"
STALE, GOOD_CODE, BAD_CODE = 500, 192, 0
VALUES = {*SIGNED, *UNSIGNED, *FLOATS, *TEXTS, DataType.BOOLEAN}
LARGEST_FLOAT = 3.4028234663852886e38
"""Of 32 bits."""


def scalar_of(metric: Any, datatype: int) -> Scalar:
    """The value of a metric that has one.

    Raises:
        ValueError: It is of a data type that is not one value, or not of the one that the birth says.
    """
    field = metric.WhichOneof("value")
    value: Any = getattr(metric, field) if field else None
    if field in ("int_value", "long_value") and (datatype in SIGNED or datatype in UNSIGNED):
        number = whole(value, DataType(datatype), 64 if field == "long_value" else 32)
        if number is None:
            raise ValueError(f"expected a value of the data type {DataType(datatype).name}, got {value}")
        return number
    if datatype in FLOATS and field in ("float_value", "double_value"):
        return float(value)
    if (datatype in TEXTS and field == "string_value") or (datatype == DataType.BOOLEAN and field == "boolean_value"):
        found: Scalar = value
        return found
    if is_value(datatype):
        raise ValueError(f"expected a value of the data type {DataType(datatype).name}, got {field or 'none'}")
    raise ValueError(f"data type {datatype} is not one value")


def data_value(item: str, metric: Any, datatype: int, sent_ms: int) -> DataValue:
    """What a metric says."""
    time_ms = metric.timestamp or sent_ms
    time_ns = time_ms * MS if 0 < time_ms < 2**63 // MS else None
    if metric.is_null:
        return DataValue(item, None, time_ns, BAD, "null")
    try:
        value = scalar_of(metric, datatype)
    except ValueError as error:
        return DataValue(item, None, time_ns, BAD, str(error))
    code = _quality_of(metric)
    if code == GOOD_CODE:
        return DataValue(item, value, time_ns, GOOD)
    if code == BAD_CODE:
        return DataValue(item, None, time_ns, BAD, "quality 0 (bad)")
    return DataValue(item, value, time_ns, UNCERTAIN, f"quality {code}{' (stale)' if code == STALE else ''}")


def _quality_of(metric: Any) -> int:
    for key, said in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == QUALITY and said.WhichOneof("value") in ("int_value", "long_value"):
            return int(getattr(said, said.WhichOneof("value")))
    return GOOD_CODE


def is_value(datatype: int) -> bool:
    """Whether a data type is one value."""
    return datatype in VALUES


def misfit(value: Scalar, datatype: int) -> str:
    """What a data type expects where a value does not fit it; else empty.

    >>> misfit(300, DataType.UINT8), misfit(2.0, DataType.DOUBLE), misfit("x", DataType.INT32)
    ('a whole number from 0 to 255', '', 'a whole number from -2147483648 to 2147483647')
    """
    if datatype in SIGNED or datatype in UNSIGNED:
        bits = SIGNED.get(DataType(datatype)) or UNSIGNED[DataType(datatype)]
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if datatype in SIGNED else (0, (1 << bits) - 1)
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if fits else f"a whole number from {low} to {high}"
    if datatype in FLOATS:
        return "" if _is_float(value, datatype) else "a number that its data type can hold"
    if datatype == DataType.BOOLEAN:
        return "" if isinstance(value, bool) else "true or false"
    if datatype in TEXTS:
        return "" if isinstance(value, str) else "a text"
    return "a metric that is one value"


def _is_float(value: Scalar, datatype: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        number = float(value)
    except OverflowError:
        return False
    return datatype == DataType.DOUBLE or not math.isfinite(number) or abs(number) <= LARGEST_FLOAT


def metric_of(name: str, value: Scalar, datatype: int, now_ms: int) -> Any:
    """A metric that commands a value that fits."""
    metric = Metric(name=name, datatype=datatype, timestamp=now_ms)
    set_value(metric, datatype, value)
    return metric
