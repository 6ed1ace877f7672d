"""Sparkplug's protobuf messages, built at run time from the field numbers of the specification.

Source: Eclipse Sparkplug specification 3.0.0, chapter 6 (payloads).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PB: Any = descriptor_pb2
_POOL: Any = descriptor_pool
_FACTORY: Any = message_factory
_FIELD = _PB.FieldDescriptorProto
_PACKAGE = "factory.sparkplug"


class DataType(IntEnum):
    """Data types of metrics that this project reads or writes."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15


_MESSAGES: dict[str, list[tuple[str, int, Any, str]]] = {
    "PropertyValue": [
        ("type", 1, _FIELD.TYPE_UINT32, ""),
        ("is_null", 2, _FIELD.TYPE_BOOL, ""),
        ("int_value", 3, _FIELD.TYPE_UINT32, "value"),
        ("long_value", 4, _FIELD.TYPE_UINT64, "value"),
        ("float_value", 5, _FIELD.TYPE_FLOAT, "value"),
        ("double_value", 6, _FIELD.TYPE_DOUBLE, "value"),
        ("boolean_value", 7, _FIELD.TYPE_BOOL, "value"),
        ("string_value", 8, _FIELD.TYPE_STRING, "value"),
    ],
    "PropertySet": [
        ("keys", 1, _FIELD.TYPE_STRING, "*"),
        ("values", 2, "PropertyValue", "*"),
    ],
    "Metric": [
        ("name", 1, _FIELD.TYPE_STRING, ""),
        ("alias", 2, _FIELD.TYPE_UINT64, ""),
        ("timestamp", 3, _FIELD.TYPE_UINT64, ""),
        ("datatype", 4, _FIELD.TYPE_UINT32, ""),
        ("is_historical", 5, _FIELD.TYPE_BOOL, ""),
        ("is_transient", 6, _FIELD.TYPE_BOOL, ""),
        ("is_null", 7, _FIELD.TYPE_BOOL, ""),
        ("properties", 9, "PropertySet", ""),
        ("int_value", 10, _FIELD.TYPE_UINT32, "value"),
        ("long_value", 11, _FIELD.TYPE_UINT64, "value"),
        ("float_value", 12, _FIELD.TYPE_FLOAT, "value"),
        ("double_value", 13, _FIELD.TYPE_DOUBLE, "value"),
        ("boolean_value", 14, _FIELD.TYPE_BOOL, "value"),
        ("string_value", 15, _FIELD.TYPE_STRING, "value"),
        ("bytes_value", 16, _FIELD.TYPE_BYTES, "value"),
    ],
    "Payload": [
        ("timestamp", 1, _FIELD.TYPE_UINT64, ""),
        ("metrics", 2, "Metric", "*"),
        ("seq", 3, _FIELD.TYPE_UINT64, ""),
        ("uuid", 4, _FIELD.TYPE_STRING, ""),
        ("body", 5, _FIELD.TYPE_BYTES, ""),
    ],
}


def _built() -> dict[str, Any]:
    file = _PB.FileDescriptorProto(name="factory/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if any(kind == "value" for *_, kind in fields):
            message.oneof_decl.add(name="value")
        for field in fields:
            _add_field(message, *field)
    pool = _POOL.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{_PACKAGE}.{name}") for name in _MESSAGES}
    return {name: _FACTORY.GetMessageClass(descriptor) for name, descriptor in found.items()}


def _add_field(message: Any, name: str, number: int, type_: Any, kind: str) -> None:
    field = message.field.add(name=name, number=number)
    field.label = _FIELD.LABEL_REPEATED if kind == "*" else _FIELD.LABEL_OPTIONAL
    if isinstance(type_, str):
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{type_}"
    else:
        field.type = type_
    if kind == "value":
        field.oneof_index = 0


_CLASSES = _built()
Payload: Any = _CLASSES["Payload"]
Metric: Any = _CLASSES["Metric"]

SIGNED = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
"""Width of the signed types."""
UNSIGNED = {DataType.UINT8: 8, DataType.UINT16: 16, DataType.UINT32: 32, DataType.UINT64: 64, DataType.DATETIME: 64}
"""Width of the types without sign."""
_INTS = {DataType.INT8, DataType.INT16, DataType.INT32, DataType.UINT8, DataType.UINT16, DataType.UINT32}
_LONGS = {DataType.INT64, DataType.UINT64, DataType.DATETIME}
_TEXTS = {DataType.STRING, DataType.TEXT, DataType.UUID}


def set_value(metric: Any, datatype: int, value: Any) -> None:
    """Put a value into a metric; None makes it null.

    >>> metric = Metric()
    >>> set_value(metric, DataType.INT32, -7)
    >>> metric.int_value, get_value(metric, DataType.INT32)
    (4294967289, -7)
    """
    if value is None:
        metric.is_null = True
    elif datatype == DataType.DOUBLE:
        metric.double_value = value
    elif datatype in _LONGS:
        metric.long_value = int(value) & 0xFFFF_FFFF_FFFF_FFFF
    elif datatype in _TEXTS:
        metric.string_value = str(value)
    elif datatype in _INTS:
        metric.int_value = int(value) & 0xFFFF_FFFF
    elif datatype == DataType.BOOLEAN:
        metric.boolean_value = bool(value)
    elif datatype == DataType.FLOAT:
        metric.float_value = value
    else:
        raise ValueError(f"metric: expected a data type of this project, got {datatype}")


def get_value(metric: Any, datatype: int) -> Any:
    """The value of a metric; None when it is null, of a type that is not read here, or none of its data type.

    >>> metric = Metric(int_value=249)
    >>> get_value(metric, DataType.INT8), get_value(metric, DataType.UINT8), get_value(metric, DataType.INT16)
    (-7, 249, 249)
    """
    field = metric.WhichOneof("value")
    if field is None or metric.is_null:
        return None
    value = getattr(metric, field)
    if field in ("int_value", "long_value") and (datatype in SIGNED or datatype in UNSIGNED):
        return whole(value, DataType(datatype), 64 if field == "long_value" else 32)
    return None if field == "bytes_value" else value


def whole(value: int, datatype: DataType, field: int) -> int | None:
    """A whole number from the bits of a field, whose writer may have extended the sign further than it had to.

    Args:
        value: The bits.
        datatype: Its data type, one of ``SIGNED`` and ``UNSIGNED``.
        field: Bits of the field.

    Returns:
        The number; None: it is none of that data type.

    >>> whole(249, DataType.INT8, 32), whole(2**32 - 7, DataType.INT8, 32), whole(300, DataType.INT8, 32)
    (-7, -7, None)
    >>> whole(249, DataType.UINT8, 32), whole(2**32 - 7, DataType.UINT8, 32), whole(300, DataType.UINT8, 32)
    (249, 249, None)
    """
    if datatype in SIGNED:
        return _signed(value, SIGNED[datatype], field)
    width = UNSIGNED[datatype]
    if value >> width == 0:
        return value
    number = _signed(value, width, field)
    return None if number is None else number + (1 << width)


def _signed(value: int, width: int, field: int) -> int | None:
    limit = 1 << (width - 1)
    for bits in (8, 16, 32, 64):
        if min(width, field) <= bits <= field:
            number = value - (1 << bits) if value >> (bits - 1) == 1 else value
            if -limit <= number < limit:
                return number
    return None


def parse(payload: bytes) -> Any:
    """A payload from its bytes.

    Raises:
        ValueError: They are not a payload.
    """
    message = Payload()
    try:
        message.ParseFromString(payload)
    except Exception as error:  # DecodeError has no common base over implementations of protobuf
        raise ValueError(f"payload: expected Sparkplug B, got {len(payload)} bytes: {error}") from None
    return message
