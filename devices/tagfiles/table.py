"""Tables of tags (CSV), as Kepware and other servers of tags export them.

The first line names the columns, whatever else the table has: ``Tag Name`` (also ``Name``, ``quantity``), ``Address``
(also ``item``), and where there are some ``Data Type``, ``Eng Units`` (also ``unit``), ``Client Access``,
``Description``. Addresses in Kepware's words for Modbus (``400101``) and Siemens (``DB10,REAL4``, ``DB1,X0.1``) are
taken over into ours; others stay as they are. The kind of connection is the one that knows most of the addresses.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from devices.connection import BrowsedItem
from devices.connections import connections
from devices.tagfiles import tagfiles

COLUMNS = {
    "name": ("tag name", "name", "tag", "quantity"),
    "address": ("address", "item", "nodeid", "node id", "register"),
    "type": ("data type", "datatype", "type", "data_type"),
    "unit": ("eng units", "engineering units", "units", "unit", "unit_after"),
    "access": ("client access", "access"),
    "about": ("description", "comment", "about"),
}
"""Names of columns, in small letters, by what they say."""
TYPES = {"boolean": "bool", "bool": "bool", "char": "int8", "byte": "uint8", "short": "int16", "int": "int16",
         "word": "uint16", "long": "int32", "dint": "int32", "dword": "uint32", "llong": "int64", "qword": "uint64",
         "float": "float32", "real": "float32", "double": "float64", "string": "text"}  # fmt: skip
"""Plain words for the types of tables."""
_SIEMENS = re.compile(r"(DB\d+)[,.](REAL|LREAL|DINT|DWORD|INT|WORD|BYTE|X|B|W|D|S?STRING)(\d+)(?:\.(\d+))?")
_FORMS = {"REAL": "D{}:real", "LREAL": "B{}:lreal", "DINT": "D{}:dint", "DWORD": "D{}", "D": "D{}", "INT": "W{}:int",
          "WORD": "W{}", "W": "W{}", "BYTE": "B{}", "B": "B{}", "X": "X{}"}  # fmt: skip
_REGISTER = re.compile(r"[0134]\d{4,5}")
MOST_TRIED = 1000
MEANINGLESS = ("x", "x y", "Ramp.Up", "a/b", "7", "?")
"""Texts that are addresses of kinds which take nearly any text."""
WIDE = ("int32", "uint32", "int64", "uint64", "float32", "float64", "int16")


@tagfiles.register("table")
class TableFile:
    """A table of tags as Kepware and others export it: names, addresses, types and units."""

    endings: ClassVar[tuple[str, ...]] = (".csv",)

    def __init__(self, content: bytes, connection: str) -> None:
        text = _text(content)
        rows = list(csv.reader(text.splitlines(), delimiter=_separator(text)))
        names = [name.strip().lower() for name in rows[0]] if rows else []
        self._places = {
            what: next((names.index(one) for one in some if one in names), -1) for what, some in COLUMNS.items()
        }
        if min(self._places["name"], self._places["address"]) < 0:
            raise ValueError("expected columns such as Tag Name and Address in the first line")
        found = [self._row(row) for row in rows[1:] if any(row)]
        self._items = [item for item in found if item.item]
        self.connection = connection or _kind_of(self._items)

    def _row(self, row: list[str]) -> BrowsedItem:
        told = {what: row[at].strip() if 0 <= at < len(row) else "" for what, at in self._places.items()}
        kind = told["type"].lower()
        plain = TYPES.get(kind.removesuffix(" array"), kind.partition(" ")[0])
        *folders, name = told["name"].split(".")
        writable = told["access"].lower() in ("r/w", "rw", "read/write", "w")
        address = _address(told["address"], plain)
        return BrowsedItem(address, name, tuple(folders), plain, told["unit"], writable, about=told["about"])

    def items(self) -> Iterator[BrowsedItem]:
        """What is named, as far as the connection knows the address."""
        wrong = connections[self.connection].wrong if self.connection in connections else str
        return (item for item in self._items if not wrong(item.item))


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        if encoding != "utf-16" or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise ValueError("expected text")


def _separator(text: str) -> str:
    """The one that the first line has most of."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _address(address: str, kind: str) -> str:
    """An address in our words.

    >>> _address("DB10,REAL4", "float32"), _address("DB1,X0.1", "bool"), _address("400101", "float32")
    ('DB10.DBD4:real', 'DB1.DBX0.1', '400101:float32')
    """
    if found := _SIEMENS.fullmatch(address):
        block, form, at, bit = found.groups()
        if form in _FORMS:
            return f"{block}.DB{_FORMS[form].format(at)}" + (f".{bit}" if bit else "")
    if _REGISTER.fullmatch(address) and address[0] in "34" and kind in WIDE:
        return f"{address}:{kind}"
    return address


def _kind_of(items: list[BrowsedItem]) -> str:
    """The kind of connection that knows at least half of the addresses; of several the one that takes least.

    Empty where there is none but those that take nearly any text for an address.
    """
    some = [item.item for item in items[:MOST_TRIED]]
    fit = [kind for kind in connections.kinds() if 2 * len(_wrong(kind, some)) <= len(some)]
    taken = {kind: len(MEANINGLESS) - len(_wrong(kind, MEANINGLESS)) for kind in fit}
    strict = [kind for kind in sorted(fit, key=lambda kind: (taken[kind], kind)) if 2 * taken[kind] < len(MEANINGLESS)]
    return strict[0] if some and strict else ""


def _wrong(kind: str, addresses: Sequence[str]) -> list[str]:
    return [address for address in addresses if connections[kind].wrong(address)]
