"""What values of a Logix controller mean."""

from __future__ import annotations

import struct

from devices.connection import Scalar

STRUCTURE, TEXT, SHORT_TEXT = 0xA0, 0xD0, 0xDA
BOOL_ARRAY = 0xD3
FORMS = {
    0xC1: "?",
    0xC2: "b",
    0xC3: "h",
    0xC4: "i",
    0xC5: "q",
    0xC6: "B",
    0xC7: "H",
    0xC8: "I",
    0xC9: "Q",
    0xCA: "f",
    0xCB: "d",
    0xCC: "Q",
    0xD1: "B",
    0xD2: "H",
    BOOL_ARRAY: "?",
}
"""Letter of the module struct by the number of a type; source: CIP volume 1, appendix C."""
NAMES = {"?": "bool", "b": "int8", "h": "int16", "i": "int32", "q": "int64", "B": "uint8", "H": "uint16",
         "I": "uint32", "Q": "uint64", "f": "float32", "d": "float64"}  # fmt: skip
LONGEST_TEXT = {STRUCTURE: 82, SHORT_TEXT: 255}
"""Bytes of a text of a type that can be written; STRING of 82 is the only structure."""
NOT_ONE = "a structure is not one value (name a member)"


def as_value(raw: object, is_text: bool) -> tuple[Scalar, str]:
    """A value, and why there is none; the reason is empty when there is one.

    Args:
        raw: What was read; texts as Latin-1, so that each character is a byte.
        is_text: Whether a structure is a string type.

    >>> as_value("l\\xc3\\xa4uft", False), as_value(bytes([2, 0, 0, 0]) + b"ab\\0\\0", True)
    (('läuft', ''), ('ab', ''))
    """
    if isinstance(raw, bytes | bytearray):
        if not is_text:
            return None, NOT_ONE
        length = int.from_bytes(raw[:4], "little")
        if length > len(raw) - 4:
            return None, f"expected a text (LEN, DATA), got {len(raw)} bytes of something else"
        return _text(bytes(raw[4 : 4 + length])), ""
    if is_text:
        return None, "expected a string type, got something else"
    if isinstance(raw, str):
        return _text(raw.encode("latin-1")), ""
    if isinstance(raw, bool | int | float):
        return raw, ""
    return None, "no value"


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def misfit(value: Scalar, kind: int, is_bit: bool) -> str:
    """What is expected in place of a value that does not fit; empty when it does.

    Args:
        value: What is to be written.
        kind: Number of the type of the tag.
        is_bit: Whether it is a bit of it.

    >>> misfit(40_000, 0xC3, False), misfit(1, 0xCA, False), misfit(1, 0xC4, True), misfit("a", 0xD0, False)
    ('int16, within its range', '', 'bool', 'a number, a boolean, STRING or SHORT_STRING')
    """
    if kind in LONGEST_TEXT and not is_bit:
        longest = LONGEST_TEXT[kind]
        fits = isinstance(value, str) and len(value.encode()) <= longest
        return "" if fits else f"a text of at most {longest} bytes"
    form = "?" if is_bit else FORMS.get(kind)
    if form is None:
        return "a number, a boolean, STRING or SHORT_STRING"
    allowed: tuple[type, ...] = {"?": (bool,), "f": (int, float), "d": (int, float)}.get(form, (int,))
    if not isinstance(value, allowed) or (form != "?" and isinstance(value, bool)):
        return NAMES[form]
    try:
        struct.pack(f"<{form}", value)
    except (struct.error, OverflowError):
        return f"{NAMES[form]}, within its range"
    return ""
