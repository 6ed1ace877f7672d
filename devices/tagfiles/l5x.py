"""Projects and exports of Rockwell Studio 5000 (L5X): tags of controller and programs, taken apart by their types.

Source: Rockwell publication 1756-RM084 (Logix 5000 controllers import/export), chapters on data types and tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar
from xml.etree import ElementTree

from devices.connection import BrowsedItem
from devices.connections.ethernet_ip import tree
from devices.tagfiles import tagfiles
from devices.xml_tree import local, parsed, texts

ATOMS = {"BOOL": 0xC1, "BIT": 0xC1, "SINT": 0xC2, "INT": 0xC3, "DINT": 0xC4, "LINT": 0xC5, "USINT": 0xC6, "UINT": 0xC7,
         "UDINT": 0xC8, "ULINT": 0xC9, "REAL": 0xCA, "LREAL": 0xCB}  # fmt: skip
KNOWN = {
    "STRING": "LEN:DINT DATA:SINT[82]",
    "TIMER": "PRE:DINT ACC:DINT EN:BOOL TT:BOOL DN:BOOL",
    "COUNTER": "PRE:DINT ACC:DINT CU:BOOL CD:BOOL DN:BOOL OV:BOOL UN:BOOL",
    "CONTROL": "LEN:DINT POS:DINT EN:BOOL EU:BOOL DN:BOOL EM:BOOL ER:BOOL UL:BOOL IN:BOOL FD:BOOL",
}
"""Members of the types that every controller has."""


@dataclass(frozen=True)
class _Named:
    TagName: str
    SymbolType: int
    DataTypeValue: int
    Array: int
    Struct: int
    Size: int
    Internal: bool | None = False


@dataclass(frozen=True)
class _Structure:
    Name: str
    Fields: tuple[_Named, ...]


@tagfiles.register("l5x")
class L5xFile:
    """A project or export of Studio 5000: tags and data types of a Logix controller."""

    endings: ClassVar[tuple[str, ...]] = (".l5x",)

    def __init__(self, content: bytes, connection: str) -> None:
        self.connection = connection or "ethernet_ip"
        self._root = parsed(content)
        if local(self._root) != "RSLogix5000Content":
            raise ValueError(f"expected RSLogix5000Content, got {local(self._root)}")
        types = [one for one in self._root.iter() if local(one) == "DataType" and one.get("Name")]
        self._numbers = {name: number for number, name in enumerate([*KNOWN, *(str(one.get("Name")) for one in types)])}
        self._structures = {self._numbers[name]: self._known(name, members) for name, members in KNOWN.items()}
        self._structures |= {self._numbers[str(one.get("Name"))]: self._structure(one) for one in types}

    def items(self) -> Iterator[BrowsedItem]:
        """All tags, those of programs with their program."""
        for scope, tag in self._tags():
            name = f"{scope}{tag.get('Name', '')}"
            about = (texts(tag, "Description") or [""])[0]
            writable = tag.get("ExternalAccess", "Read/Write") == "Read/Write" and tag.get("Constant") != "true"
            if tag.get("ExternalAccess") == "None":
                continue
            found = self._named(name, tag.get("DataType", ""), tag.get("Dimensions", ""))
            for item in tree.items([found], self._structures):
                yield replace(item, about=about, writable=writable)

    def _tags(self) -> Iterator[tuple[str, ElementTree.Element]]:
        for part in self._root.iter():
            if local(part) not in ("Controller", "Program"):
                continue
            scope = f"Program:{part.get('Name')}." if local(part) == "Program" else ""
            lists = [one for one in part if local(one) == "Tags"]
            yield from ((scope, tag) for one in lists for tag in one if local(tag) == "Tag")

    def _structure(self, element: ElementTree.Element) -> _Structure:
        members = [one for some in element if local(some) == "Members" for one in some if local(one) == "Member"]
        fields = [
            replace(self._named(one.get("Name", ""), one.get("DataType", ""), one.get("Dimension", "")),
                    Internal=one.get("Hidden") == "true" or one.get("ExternalAccess") == "None")
            for one in members
        ]  # fmt: skip
        return _Structure(str(element.get("Name")), tuple(fields))

    def _known(self, name: str, members: str) -> _Structure:
        parts = [member.partition(":") for member in members.split()]
        fields = [
            self._named(one, kind.partition("[")[0], kind.partition("[")[2].rstrip("]")) for one, _, kind in parts
        ]
        return _Structure(name, tuple(fields))

    def _named(self, name: str, kind: str, dimensions: str) -> _Named:
        """A tag or member; several dimensions stand with blanks between, the innermost last."""
        sizes = [int(one) for one in dimensions.replace(",", " ").split() if one.isdigit() and int(one) > 0]
        if kind in ATOMS:
            return _Named(name, ATOMS[kind], ATOMS[kind], len(sizes), 0, sizes[0] if sizes else 0)
        return _Named(name, 0, self._numbers.get(kind, -1), len(sizes), 1, sizes[0] if sizes else 0)
