"""Addresses of an S7 controller, and what its bytes say; the highest byte is first."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from devices.connection import Scalar

FORMS = "DB10.DBX2.3, DB10.DBW4:int, DB10.DBD8:real, M10.0, MW20, I0.1 or QB4"
NUMBERS = {
    "sint": "b",
    "usint": "B",
    "byte": "B",
    "int": "h",
    "uint": "H",
    "word": "H",
    "dint": "i",
    "udint": "I",
    "dword": "I",
    "lint": "q",
    "ulint": "Q",
    "lword": "Q",
    "real": "f",
    "lreal": "d",
}
"""Letters of the module struct."""
SIZES = {"X": "bool", "B": "byte", "W": "word", "D": "dword", "": "bool"}
"""Type of a size where none is said."""
LETTERS = {"I": "I", "E": "I", "Q": "Q", "A": "Q", "M": "M"}
_BLOCK = re.compile(r"DB([1-9]\d{0,4})\.DB([XBWD])(\d{1,5})(?:\.([0-7]))?(?::([a-z]+)(\d{0,3}))?", re.ASCII)
_AREA = re.compile(r"([IEQAM])([BWD]?)(\d{1,5})(?:\.([0-7]))?(?::([a-z]+)(\d{0,3}))?", re.ASCII)
LONGEST_TEXT = {"string": 254, "wstring": 999}


class UnheldError(Exception):
    """A value that an item cannot hold."""


class PlaceError(ValueError):
    """A text that is no address."""


@dataclass(frozen=True, slots=True)
class MemoryArea:
    """Where a value is.

    Args:
        table: ``DB``, ``M``, ``I`` or ``Q``.
        unit: Number of the data block; 0 elsewhere.
        address: First byte.
        width: Bytes.
        kind: Type of the value.
        bit: Of a boolean.
        longest: Characters of a text.
    """

    table: str
    unit: int
    address: int
    width: int
    kind: str
    bit: int | None = None
    longest: int = 0

    def value(self, raw: bytes) -> tuple[Scalar, str]:
        """The value, and why there is none; the reason is empty when there is one."""
        if self.bit is not None:
            return bool(raw[0] >> self.bit & 1), ""
        if self.kind == "string":
            return raw[2 : 2 + min(raw[1], self.longest)].decode("latin-1"), ""
        if self.kind == "wstring":
            length = min(int.from_bytes(raw[2:4], "big"), self.longest)
            try:
                return raw[4 : 4 + 2 * length].decode("utf-16-be"), ""
            except UnicodeDecodeError:
                return None, "no UTF-16"
        found: int | float = struct.unpack(f">{NUMBERS[self.kind]}", raw)[0]
        return found, ""

    def raw(self, value: Scalar) -> bytes:
        """The bytes of a value.

        Raises:
            UnheldError: It cannot be held.
        """
        if self.bit is not None:
            if not isinstance(value, bool):
                raise UnheldError("a boolean")
            return bytes([value])
        if self.longest:
            return self._text(value)
        real = self.kind in ("real", "lreal")
        if isinstance(value, bool) or not isinstance(value, int | float if real else int):
            raise UnheldError(self.kind)
        try:
            return struct.pack(f">{NUMBERS[self.kind]}", value)
        except (struct.error, OverflowError):
            raise UnheldError(f"{self.kind}, within its range") from None

    def _text(self, value: Scalar) -> bytes:
        """A text with its length before it; what was behind it stays, as in the controller."""
        expected = f"a text of at most {self.longest} characters{' of Latin-1' if self.kind == 'string' else ''}"
        if not isinstance(value, str):
            raise UnheldError(expected)
        try:
            raw = value.encode("latin-1" if self.kind == "string" else "utf-16-be")
        except UnicodeEncodeError:
            raise UnheldError(expected) from None
        if self.kind == "string" and len(raw) <= self.longest:
            return bytes([self.longest, len(raw)]) + raw
        if self.kind == "wstring" and len(raw) <= 2 * self.longest:
            return struct.pack(">HH", self.longest, len(raw) // 2) + raw
        raise UnheldError(expected)


def wrong_address(item: str) -> str:
    """What is wrong with an address; empty when it is one.

    >>> wrong_address("DB10.DBD8:real"), wrong_address("M10.0"), wrong_address("DB10")[:18]
    ('', '', 'expected DB10.DBX2')
    """
    try:
        area_of(item)
    except PlaceError as error:
        return str(error)
    return ""


def area_of(item: str) -> MemoryArea:
    """Where an address leads.

    Raises:
        PlaceError: It is none.
    """
    block, other = _BLOCK.fullmatch(item), _AREA.fullmatch(item)
    if block:
        table, unit = "DB", int(block[1])
    elif other:
        table, unit = LETTERS[other[1]], 0
    else:
        raise PlaceError(f"expected {FORMS}, got {item[:80]!r}")
    size, address, bit, kind, longest = (block or other).groups()[1:]  # type: ignore[union-attr]
    kind = kind or SIZES[size]
    is_bit = size in ("X", "")
    if unit > 65_535 or int(address) > 65_535 or is_bit != (bit is not None) or is_bit != (kind == "bool"):
        raise PlaceError(f"expected {FORMS}, got {item[:80]!r}")
    if kind in LONGEST_TEXT and longest and 0 < int(longest) <= LONGEST_TEXT[kind]:
        width = 2 + int(longest) if kind == "string" else 4 + 2 * int(longest)
        return MemoryArea(table, unit, int(address), width, kind, None, int(longest))
    if longest or kind not in (*NUMBERS, "bool"):
        known = f"{', '.join(NUMBERS)}, string1 to string254, wstring1 to wstring999"
        raise PlaceError(f"expected one of {known}, got {kind + (longest or '')!r}")
    width = 1 if kind == "bool" else struct.calcsize(NUMBERS[kind])
    return MemoryArea(table, unit, int(address), width, kind, int(bit) if bit is not None else None)
