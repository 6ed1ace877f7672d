"""Our values as OPC UA data values: types, status codes, times."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua

from brokers.opcua.gate import Change
from brokers.opcua.lives import ENDED, GONE, LOST
from twin.records import BAD, GOOD, UNCERTAIN

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

STATUS = {
    int(GOOD): ua.StatusCode(ua.StatusCodes.Good),
    int(UNCERTAIN): ua.StatusCode(ua.StatusCodes.Uncertain),
    int(BAD): ua.StatusCode(ua.StatusCodes.Bad),
    ENDED: ua.StatusCode(ua.StatusCodes.UncertainLastUsableValue),
    LOST: ua.StatusCode(ua.StatusCodes.UncertainNoCommunicationLastUsableValue),
    GONE: ua.StatusCode(ua.StatusCodes.BadNoCommunication),
}
UNKNOWN = ua.StatusCode(ua.StatusCodes.BadDataUnavailable)
WAITING = ua.StatusCode(ua.StatusCodes.BadWaitingForInitialData)
MISMATCH = ua.StatusCode(ua.StatusCodes.BadTypeMismatch)

PYTHON_TYPES: dict[ua.VariantType, tuple[type, ...]] = {
    ua.VariantType.Double: (float, int),
    ua.VariantType.Int64: (int,),
    ua.VariantType.UInt32: (int,),
    ua.VariantType.String: (str,),
    ua.VariantType.LocalizedText: (ua.LocalizedText,),
    ua.VariantType.NodeId: (ua.NodeId,),
}
"""What a variable of each type takes; anything else is refused."""


RANGES = {ua.VariantType.Int64: range(-(2**63), 2**63), ua.VariantType.UInt32: range(2**32)}
DOUBLES = range(-(10**308), 10**308)
"""Whole numbers that a double can stand for."""


def moment(time_ns: int) -> datetime:
    """A time of ours as OPC UA sends it, cut to microseconds (asyncua's resolution).

    >>> moment(1_500).isoformat()
    '1970-01-01T00:00:00.000001+00:00'
    """
    return EPOCH + timedelta(microseconds=time_ns // 1000)


def nanoseconds(time: datetime) -> int:
    """The integer time of an OPC UA time.

    >>> nanoseconds(moment(7_000))
    7000
    """
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(microseconds=1) * 1000


def fits(value: object, variant: ua.VariantType) -> bool:
    """Whether a variable of a type takes a value; a truth value is no number.

    >>> fits(3, ua.VariantType.Double), fits(True, ua.VariantType.Double), fits("3", ua.VariantType.Double)
    (True, False, False)
    >>> fits(-1, ua.VariantType.UInt32), fits(2**63, ua.VariantType.Int64), fits(10**400, ua.VariantType.Double)
    (False, False, False)
    """
    if not isinstance(value, PYTHON_TYPES[variant]) or isinstance(value, bool):
        return False
    return not isinstance(value, int) or value in RANGES.get(variant, DOUBLES)


def data_value(change: Change, variant: ua.VariantType, now_ns: int) -> ua.DataValue:
    """A change as a data value of the variable's own type, always with both timestamps.

    A value that is unknown, not finite or of another type has a bad status and no value, never 0.
    """
    status = _status(change, variant)
    value: Any = None if status.is_bad() else change.value
    if variant is ua.VariantType.Double and value is not None:
        value = float(value)
    return ua.DataValue(
        ua.Variant(value, ua.VariantType.Null if status.is_bad() else variant),
        StatusCode=status,
        SourceTimestamp=moment(change.time_ns),
        ServerTimestamp=moment(now_ns),
    )


def _status(change: Change, variant: ua.VariantType) -> ua.StatusCode:
    value = change.value
    if value is None and variant is ua.VariantType.String:
        return STATUS[change.quality]
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return UNKNOWN
    return STATUS[change.quality] if fits(value, variant) else MISMATCH
