"""Node sets of OPC UA (UANodeSet XML), as makers of machines hand them out: the variables of their instances.

Addresses have the URI of the namespace, as its number is the server's. What belongs to types is left out, and what the
node set only refers to is not known.

Source: OPC UA part 6, annex F (UANodeSet).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple
from xml.etree import ElementTree

from devices.connection import BrowsedItem
from devices.tagfiles import tagfiles
from devices.xml_tree import local, parsed, texts

OBJECTS = {"i=85", "ObjectsFolder"}
BACKWARD = {"HasComponent", "Organizes", "HasProperty", "HasOrderedComponent", "i=47", "i=35", "i=46", "i=49"}
PROPERTY = {"HasProperty", "i=46"}
INSTANCES = {"UAVariable", "UAObject"}
TYPES = {
    "i=1": "bool",
    "i=2": "int8",
    "i=3": "uint8",
    "i=4": "int16",
    "i=5": "uint16",
    "i=6": "int32",
    "i=7": "uint32",
    "i=8": "int64",
    "i=9": "uint64",
    "i=10": "float32",
    "i=11": "float64",
    "i=12": "text",
    "i=13": "time",
    "i=21": "text",
    "i=29": "int32",
}
"""Plain words for the data types of the standard."""
WORDS = {"Boolean": "bool", "SByte": "int8", "Byte": "uint8", "Int16": "int16", "UInt16": "uint16", "Int32": "int32",
         "UInt32": "uint32", "Int64": "int64", "UInt64": "uint64", "Float": "float32", "Double": "float64",
         "String": "text", "DateTime": "time", "LocalizedText": "text"}  # fmt: skip
WRITABLE = 2
"""Bit CurrentWrite of an access level."""
DEEPEST = 50


class _Node(NamedTuple):
    element: ElementTree.Element
    parent: str
    is_property: bool

    @property
    def name(self) -> str:
        """Browse name without its namespace."""
        return self.element.get("BrowseName", "").rpartition(":")[2]


@tagfiles.register("nodeset")
class NodeSetFile:
    """A node set of OPC UA: variables of instances, by the URI of their namespace."""

    endings: ClassVar[tuple[str, ...]] = (".nodeset2.xml", ".xml")

    def __init__(self, content: bytes, connection: str) -> None:
        self.connection = connection or "opcua"
        root = parsed(content)
        if local(root) != "UANodeSet":
            raise ValueError(f"expected UANodeSet, got {local(root)}")
        lists = {local(one): one for one in root}
        self._uris = (
            ["http://opcfoundation.org/UA/", *texts(lists["NamespaceUris"], "Uri")] if "NamespaceUris" in lists else []
        )
        aliases = lists.get("Aliases", ())
        self._aliases = {str(one.get("Alias")): (one.text or "").strip() for one in aliases}
        self._nodes = {str(one.get("NodeId")): self._node(one) for one in root if one.get("NodeId")}

    def _node(self, element: ElementTree.Element) -> _Node:
        """A node with what it is below."""
        parent, is_property = element.get("ParentNodeId", ""), False
        for one in (one for some in element if local(some) == "References" for one in some):
            kind = one.get("ReferenceType", "")
            if one.get("IsForward") == "false" and kind in BACKWARD:
                parent = parent or (one.text or "").strip()
                is_property = is_property or kind in PROPERTY
        return _Node(element, parent, is_property)

    def items(self) -> Iterator[BrowsedItem]:
        """Variables of instances, with the names of what they stand in."""
        units = {node.parent: _unit(node.element) for node in self._nodes.values() if node.name == "EngineeringUnits"}
        for id_, node in self._nodes.items():
            folders = self._folders(node)
            address = self._address(id_)
            if local(node.element) != "UAVariable" or node.is_property or folders is None or not address:
                continue
            access = node.element.get("AccessLevel", "1")
            yield BrowsedItem(
                address,
                node.name,
                folders,
                self._type(node.element),
                units.get(id_, ""),
                access.isdigit() and bool(int(access) & WRITABLE),
                about=(texts(node.element, "Description") or [""])[0],
            )

    def _folders(self, node: _Node) -> tuple[str, ...] | None:
        """Names of what a node stands in, outermost first; None when that is a type."""
        found: list[str] = []
        while node.parent and node.parent not in OBJECTS:
            above = self._nodes.get(node.parent)
            if above is None:
                break
            if local(above.element) not in INSTANCES or len(found) > DEEPEST:
                return None
            found.append(above.name)
            node = above
        return tuple(reversed(found))

    def _address(self, id_: str) -> str:
        """The node id with the URI of its namespace; empty for those of the standard, and where it is not named."""
        space, _, own = id_.partition(";")
        number = space.removeprefix("ns=")
        if not own or not number.isdigit() or not 0 < int(number) < len(self._uris):
            return ""
        return f"nsu={self._uris[int(number)]};{own}"

    def _type(self, element: ElementTree.Element) -> str:
        kind = element.get("DataType", "")
        plain = WORDS.get(kind) or TYPES.get(self._aliases.get(kind, kind), kind)
        rank = element.get("ValueRank", "-1")
        return plain + ("[]" if rank not in ("-1", "-2", "-3") else "")


def _unit(element: ElementTree.Element) -> str:
    """The symbol of a unit: the text of its display name."""
    for one in element.iter():
        if local(one) == "DisplayName" and (text := next(iter(texts(one, "Text")), "")):
            return text
    return ""
