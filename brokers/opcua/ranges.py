"""IndexRange (Part 4, 7.27): a part of an array, of a text or of bytes, which asyncua does not look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AttributeService

DIMENSION = re.compile(r"(\d{1,10})(?::(\d{1,10}))?")
INVALID = ua.StatusCode(ua.StatusCodes.BadIndexRangeInvalid)
NO_DATA = ua.StatusCode(ua.StatusCodes.BadIndexRangeNoData)


def slices(text: str) -> tuple[slice, ...]:
    """The parts that an IndexRange names, one for each dimension.

    Raises:
        ValueError: It is none.

    >>> slices("2"), slices("0:3,1")
    ((slice(2, 3, None),), (slice(0, 4, None), slice(1, 2, None)))
    """
    return tuple(_slice(part) for part in text.split(","))


def _slice(text: str) -> slice:
    match = DIMENSION.fullmatch(text)
    if match is None or (match[2] is not None and int(match[2]) <= int(match[1])):
        raise ValueError(f"expected an index, or two with the lower one first, got {text!r}")
    return slice(int(match[1]), int(match[2] or match[1]) + 1)


def cut(value: Any, parts: Sequence[slice]) -> Any:
    """The part of a value, None where there is nothing of it.

    >>> cut([1, 2, 3], slices("1:9")), cut("abc", slices("0")), cut(["abc", "de"], slices("0:1,1:2"))
    ([2, 3], 'a', ['bc', 'e'])
    >>> cut([1, 2, 3], slices("3")), cut(5.0, slices("0"))
    (None, None)
    """
    if not isinstance(value, list | str | bytes):
        return None
    found = value[parts[0]]
    if len(parts) > 1:
        rows = [cut(row, parts[1:]) for row in found] if isinstance(found, list) else []
        found = [row for row in rows if row is not None]
    return found or None


def ranged(value: ua.DataValue, text: str | None) -> ua.DataValue:
    """A value, or the part of it that an IndexRange asks for; without one, all of it."""
    if not text:
        return value
    try:
        parts = slices(text)
    except ValueError:
        return ua.DataValue(StatusCode=INVALID)
    if value.Value is None or value.StatusCode is None or value.StatusCode.is_bad():
        return value
    found = cut(value.Value.Value, parts)
    if found is None:
        return ua.DataValue(StatusCode=NO_DATA)
    return replace(value, Value=ua.Variant(found, value.Value.VariantType, is_array=value.Value.is_array))


class RangedReads(AttributeService):  # type: ignore[misc]
    """asyncua's reading of attributes, which looks at the IndexRange."""

    def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        """The values asked for, each cut to its range."""
        found = super().read(params)
        return [ranged(value, one.IndexRange) for value, one in zip(found, params.NodesToRead, strict=True)]
