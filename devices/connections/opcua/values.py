"""Values of OPC UA as plain ones, and back."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

import numpy as np
from asyncua import ua

from devices.connection import DataValue, Scalar
from twin.errors import Problem, ProblemsError
from twin.records import BAD, GOOD, UNCERTAIN

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OVERFLOW = 0x480
"""InfoType DataValue with the bit Overflow (OPC 10000-4, 7.39): the server lost values of this item."""
WHOLE = {
    ua.VariantType.SByte: ("int8", -(2**7), 2**7 - 1),
    ua.VariantType.Byte: ("uint8", 0, 2**8 - 1),
    ua.VariantType.Int16: ("int16", -(2**15), 2**15 - 1),
    ua.VariantType.UInt16: ("uint16", 0, 2**16 - 1),
    ua.VariantType.Int32: ("int32", -(2**31), 2**31 - 1),
    ua.VariantType.UInt32: ("uint32", 0, 2**32 - 1),
    ua.VariantType.Int64: ("int64", -(2**63), 2**63 - 1),
    ua.VariantType.UInt64: ("uint64", 0, 2**64 - 1),
}
"""Name and range of the whole numbers."""
NAMES = {kind: name for kind, (name, _, _) in WHOLE.items()} | {
    ua.VariantType.Boolean: "bool",
    ua.VariantType.Float: "float32",
    ua.VariantType.Double: "float64",
    ua.VariantType.String: "text",
    ua.VariantType.LocalizedText: "text",
    ua.VariantType.DateTime: "time",
    ua.VariantType.ByteString: "bytes",
}
"""Types in plain words."""


class ManyValuesError(Exception):
    """A value that is not one: an array or a structure."""


def plain(value: Any) -> Scalar:
    """A value as one of ours; times and identifiers as texts, bytes as hexadecimal digits.

    Raises:
        ManyValuesError: It is an array or a structure.
    """
    if value is None or isinstance(value, bool | float | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int | IntEnum):
        return int(value)
    if isinstance(value, datetime):
        return _aware(value).isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, ua.LocalizedText):
        return str(value.Text or "")
    if isinstance(value, ua.NodeId | ua.QualifiedName):
        return str(value.to_string())
    if isinstance(value, list | tuple):
        raise ManyValuesError(f"an array of {len(value)} values is not one value")
    if hasattr(value, "hex") and hasattr(value, "urn"):  # a GUID
        return str(value)
    raise ManyValuesError(f"{type(value).__name__} is not one value")


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def time_ns(value: Any) -> int | None:
    """Time of a value, that of its source, else that of the server; None where neither is said."""
    time = value.SourceTimestamp or value.ServerTimestamp
    return None if time is None else (_aware(time) - EPOCH) // timedelta(microseconds=1) * 1000


def read_value(item: str, value: Any) -> DataValue:
    """What a server says of an item."""
    status = value.StatusCode if value.StatusCode is not None else ua.StatusCode(0)
    quality, reason = quality_of(status)
    try:
        told = plain(None if value.Value is None else value.Value.Value)
    except ManyValuesError as error:
        return DataValue(item, None, time_ns(value), BAD, str(error))
    if quality != BAD and told is None:
        return DataValue(item, None, time_ns(value), BAD, "BadNoData")
    return DataValue(item, None if quality == BAD else told, time_ns(value), quality, reason)


def quality_of(status: Any) -> tuple[np.uint8, str]:
    """Quality of a status code, and its name where it says something; the two highest bits are the severity."""
    code = int(status.value)
    quality = (GOOD, UNCERTAIN, BAD, BAD)[code >> 30]
    if code & OVERFLOW == OVERFLOW:
        return quality, "Overflow"
    return quality, "" if code == 0 else str(status.name)


def variant(value: Scalar, kind: Any, where: str) -> Any:
    """A value in the type that a variable has.

    Raises:
        ProblemsError: It does not fit.
    """
    if kind in WHOLE:
        name, low, high = WHOLE[kind]
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return ua.Variant(value, kind)
        raise _unfit(where, f"{name}, {low} to {high}", value)
    if kind == ua.VariantType.Boolean and isinstance(value, bool):
        return ua.Variant(value, kind)
    if kind in (ua.VariantType.Float, ua.VariantType.Double) and _is_number(value, kind):
        return ua.Variant(float(value), kind)  # type: ignore[arg-type]
    if kind == ua.VariantType.String and isinstance(value, str):
        return ua.Variant(value, kind)
    if kind == ua.VariantType.LocalizedText and isinstance(value, str):
        return ua.Variant(ua.LocalizedText(value), kind)
    raise _unfit(where, NAMES.get(kind, f"a value of the type {kind.name}, which is not written here"), value)


def _is_number(value: Scalar, kind: Any) -> bool:
    if isinstance(value, bool | str) or value is None:
        return False
    return kind == ua.VariantType.Double or not math.isfinite(value) or abs(value) <= float(np.finfo(np.float32).max)


def _unfit(where: str, expected: str, value: Scalar) -> ProblemsError:
    return ProblemsError([Problem(where, expected, repr(value)[:80])])
