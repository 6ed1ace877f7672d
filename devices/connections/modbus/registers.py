"""Where a value is in a Modbus device, and what its registers say.

Source: MODBUS Application Protocol 1.1b3, section 4.3 (tables) and 4.2 (order of bytes).
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from devices.connection import Scalar

TABLES = {"coil": "0", "discrete": "1", "input": "3", "holding": "4"}
"""Tables, and the first digit of the numbers that manuals give."""
BITS = ("coil", "discrete")
NUMBERS = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
"""Letters of the module struct."""
FORMS = "table:address:type (holding:100:float32), a number of a manual (40101:float32) or @name of the map"
_TEXT = re.compile(r"text([1-9]\d{0,2})")
_MANUAL = re.compile(r"([0134])(\d{4,5})")
MOST_TEXT = 120
"""Registers of a text; so many fit into one request."""


class UnfitError(Exception):
    """A value that a register cannot hold."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        super().__init__(expected)


@dataclass(frozen=True, slots=True)
class Register:
    """Where a value is.

    Args:
        table: ``coil``, ``discrete``, ``holding`` or ``input``.
        address: As it is sent, from zero.
        kind: Type of the value; ``bool`` for single bits, ``textN``.
        width: Registers, or bits of the two tables of bits.
        order: ``abcd``, ``cdab``, ``badc`` or ``dcba``.
        unit: Unit id.
        bit: Bit of the register; None: all of it.
        absent: Registers, or ``nan``, that mean: not available; empty: none.
    """

    table: str
    address: int
    kind: str
    width: int
    order: str
    unit: int
    bit: int | None = None
    absent: str = ""

    def value(self, words: Sequence[int]) -> tuple[Scalar, str]:
        """The value, and why there is none; the reason is empty when there is one."""
        if self.table in BITS:
            return bool(words[0]), ""
        raw = _ordered(words, self.order if self.width > 1 or self.order in ("badc", "dcba") else "abcd", self.text)
        if self.absent and self._is_absent(raw):
            return None, f"not available ({self.absent})"
        if self.bit is not None:
            return bool(words[0] >> self.bit & 1), ""
        if self.text:
            try:
                return raw.split(b"\0")[0].decode("utf-8"), ""
            except UnicodeDecodeError:
                return None, "no UTF-8"
        found: int | float = struct.unpack(f">{NUMBERS[self.kind]}", raw)[0]
        return found, ""

    @property
    def text(self) -> bool:
        """Whether it holds a text."""
        return self.kind.startswith("text")

    def _is_absent(self, raw: bytes) -> bool:
        if self.absent == "nan":
            return math.isnan(struct.unpack(f">{NUMBERS[self.kind]}", raw)[0])
        return int.from_bytes(raw, "big") == int(self.absent, 16)

    def words(self, value: Scalar, before: Sequence[int]) -> list[int]:
        """What to write for a value.

        Args:
            value: The value.
            before: What the register of a bit holds now.

        Raises:
            UnfitError: It cannot be held.
        """
        if self.table in BITS or self.bit is not None:
            if not isinstance(value, bool):
                raise UnfitError("a boolean")
            if self.bit is None:
                return [int(value)]
            return [before[0] | 1 << self.bit if value else before[0] & ~(1 << self.bit)]
        raw = self._text_bytes(value) if self.text else self._number_bytes(value)
        raw = _swapped(raw, self.order if self.width > 1 or self.order in ("badc", "dcba") else "abcd", self.text)
        return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]

    def _text_bytes(self, value: Scalar) -> bytes:
        raw = value.encode() if isinstance(value, str) else b""
        if not isinstance(value, str) or "\0" in value or len(raw) > 2 * self.width:
            raise UnfitError(f"a text of at most {2 * self.width} bytes in UTF-8, without zeros")
        return raw.ljust(2 * self.width, b"\0")

    def _number_bytes(self, value: Scalar) -> bytes:
        real = self.kind.startswith("float")
        if isinstance(value, bool) or not isinstance(value, int | float if real else int):
            raise UnfitError(self.kind)
        try:
            return struct.pack(f">{NUMBERS[self.kind]}", value)
        except (struct.error, OverflowError):
            raise UnfitError(f"{self.kind}, within its range") from None


def _ordered(words: Sequence[int], order: str, text: bool) -> bytes:
    """The bytes of registers, the highest first."""
    return _swapped(b"".join(word.to_bytes(2, "big") for word in words), order, text)


def _swapped(raw: bytes, order: str, text: bool) -> bytes:
    """Bytes in another order; doing it twice gives them back. The words of a text stay where they are."""
    pairs = [raw[at : at + 2] for at in range(0, len(raw), 2)]
    if order in ("cdab", "dcba") and not text:
        pairs.reverse()
    return b"".join(pair[::-1] if order in ("badc", "dcba") else pair for pair in pairs)


class AddressError(ValueError):
    """A text that is no address."""


def wrong_address(item: str) -> str:
    """What is wrong with an address; empty when it is one.

    >>> wrong_address("holding:100:float32"), wrong_address("40101:int16"), wrong_address("holding")[:14]
    ('', '', 'expected table')
    """
    if item.startswith("@"):
        return "" if 1 < len(item) <= 200 and item.isprintable() else f"expected {FORMS}, got {item[:80]!r}"
    try:
        parsed(item, "abcd", 1)
    except AddressError as error:
        return str(error)
    return ""


def parsed(item: str, order: Literal["abcd", "cdab", "badc", "dcba"], unit: int) -> Register:
    """Where an address leads.

    Args:
        item: The address.
        order: Order of bytes where it says none.
        unit: Unit id where it says none.

    Raises:
        AddressError: It is none.
    """
    words = item.split(":") if len(item) <= 200 and item.isascii() else []
    table, address, rest = _place(words, item)
    kind, facts = _facts(rest)
    bits = table in BITS
    bit = int(facts["bit"]) if "bit" in facts else None
    text = _TEXT.fullmatch(kind)
    width = 1 if bits or bit is not None else int(text[1]) if text else struct.calcsize(NUMBERS[kind or "uint16"]) // 2
    if (bits and rest and rest != [f"unit={facts.get('unit')}"]) or (bit is not None and kind):
        raise AddressError(f"expected no type of a bit, got {item!r}")
    if address + width > 65_536 or width > MOST_TEXT:
        raise AddressError(f"expected registers up to 65535 and texts up to {MOST_TEXT}, got {item!r}")
    if facts.get("na") == "nan" and not kind.startswith("float"):
        raise AddressError(f"expected na=nan of a float, got {item!r}")
    named = "bool" if bits or bit is not None else kind or "uint16"
    asked = int(facts.get("unit", unit))
    return Register(table, address, named, width, facts.get("order", order), asked, bit, facts.get("na", ""))


def _place(words: list[str], item: str) -> tuple[str, int, list[str]]:
    """Table and address, and the words behind them."""
    manual = _MANUAL.fullmatch(words[0]) if words else None
    if manual and 1 <= int(manual[2]) <= 65_536:
        table = next(name for name, digit in TABLES.items() if digit == manual[1])
        return table, int(manual[2]) - 1, words[1:]
    if len(words) > 1 and words[0] in TABLES and re.fullmatch(r"\d{1,5}", words[1]) and int(words[1]) < 65_536:
        return words[0], int(words[1]), words[2:]
    raise AddressError(f"expected {FORMS}, got {item[:80]!r}")


FACTS = {
    "order": re.compile(r"(abcd|cdab|badc|dcba)"),
    "bit": re.compile(r"bit=(\d|1[0-5])"),
    "na": re.compile(r"na=(nan|0x[0-9a-f]{1,16})"),
    "unit": re.compile(r"unit=(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])"),
}
"""Words behind an address."""


def _facts(words: list[str]) -> tuple[str, dict[str, str]]:
    """Type, empty where none is said, and the other words behind an address."""
    kind, facts = "", {}
    for word in words:
        match = next(((name, one[1]) for name, form in FACTS.items() if (one := form.fullmatch(word))), None)
        if match and match[0] not in facts:
            facts[match[0]] = match[1]
        elif not kind and (word in NUMBERS or _TEXT.fullmatch(word)):
            kind = word
        else:
            raise AddressError(f"expected {', '.join(NUMBERS)}, textN, an order, bit=, na= or unit=, got {word!r}")
    return kind, facts
