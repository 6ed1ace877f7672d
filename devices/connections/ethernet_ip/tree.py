"""What a Logix controller offers: its tags, taken apart to what is one value each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from devices.connection import BrowsedItem
from devices.connections.ethernet_ip.address import wrong_address
from devices.connections.ethernet_ip.values import BOOL_ARRAY, FORMS, NAMES, SHORT_TEXT, TEXT

MOST = 20_000
"""Items that are shown; a larger tree is shown so far."""
ELEMENTS = 100
"""Elements of an array that are shown."""
DEEPEST = 8
HIDDEN = ("__", "ZZZZZZZZZZ")
BITS_PER_WORD = 32


class Named(Protocol):
    """A tag or a member, as pylogix gives it: its name, the number of its type, how many dimensions it has and of
    what size, whether it is a structure, and whether it is there for the controller alone."""

    @property
    def TagName(self) -> str: ...  # noqa: N802
    @property
    def SymbolType(self) -> int: ...  # noqa: N802
    @property
    def DataTypeValue(self) -> int: ...  # noqa: N802
    @property
    def Array(self) -> int: ...  # noqa: N802
    @property
    def Struct(self) -> int: ...  # noqa: N802
    @property
    def Size(self) -> int: ...  # noqa: N802
    @property
    def Internal(self) -> bool | None: ...  # noqa: N802


class Structure(Protocol):
    """A type of several members."""

    @property
    def Name(self) -> str: ...  # noqa: N802
    @property
    def Fields(self) -> Sequence[Named]: ...  # noqa: N802


def items(tags: Sequence[Named], structures: Mapping[int, Structure]) -> Iterator[BrowsedItem]:
    """Everything that is one value, at most :data:`MOST`."""
    return islice((one for tag in tags for one in _of_tag(tag, structures)), MOST)


def _of_tag(tag: Named, structures: Mapping[int, Structure]) -> Iterator[BrowsedItem]:
    program, _, name = tag.TagName.rpartition(".")
    folders = (program.removeprefix("Program:"),) if program else ()
    for one in _below(tag, tag.TagName, name, folders, structures):
        if not wrong_address(one.item):
            yield one


def _below(
    tag: Named, item: str, name: str, folders: tuple[str, ...], structures: Mapping[int, Structure]
) -> Iterator[BrowsedItem]:
    for index in _indices(tag):
        yield from _one(tag, item + index, name + index, folders, structures)


def _indices(tag: Named) -> Sequence[str]:
    """Indices that are shown; the sizes of two and three dimensions are not told, so only their first element.

    A BOOL array is told as words.
    """
    if tag.Array > 1:
        return ["[" + ",".join("0" * tag.Array) + "]"]
    if not tag.Array:
        return [""]
    size = tag.Size * (BITS_PER_WORD if tag.SymbolType == BOOL_ARRAY else 1)
    return [f"[{at}]" for at in range(min(size, ELEMENTS))]


def _one(
    tag: Named, item: str, name: str, folders: tuple[str, ...], structures: Mapping[int, Structure]
) -> Iterator[BrowsedItem]:
    if not tag.Struct:
        if tag.SymbolType in FORMS:
            yield BrowsedItem(item, name, folders, NAMES[FORMS[tag.SymbolType]])
        elif tag.SymbolType in (TEXT, SHORT_TEXT):
            yield BrowsedItem(item, name, folders, "text")
        return
    structure = structures.get(tag.DataTypeValue)
    members = [one for one in structure.Fields if _shown(one)] if structure else []
    if structure and [one.TagName for one in members] == ["LEN", "DATA"]:
        yield BrowsedItem(item + ("" if structure.Name == "STRING" else ":string"), name, folders, "text")
    elif len(folders) < DEEPEST:
        for member in members:
            yield from _below(member, f"{item}.{member.TagName}", member.TagName, (*folders, name), structures)


def _shown(member: Named) -> bool:
    return not member.Internal and not member.TagName.startswith(HIDDEN)
