"""Files that name what a controller has, as engineering tools export them; a module registers its format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from devices.connection import BrowsedItem
from twin.errors import Problem, ScenarioError
from twin.registry import Registry

LARGEST = 64 * 1024 * 1024
"""Bytes of a file."""


class TagFile(Protocol):
    """A format. Made by ``kind(content)``."""

    endings: ClassVar[tuple[str, ...]]
    """Ends of names of such files, in small letters."""
    connection: str
    """Kind of connection whose addresses it has; empty: the user has to say."""

    def items(self) -> Iterator[BrowsedItem]:
        """What is named, with addresses of the connection.

        Raises:
            ValueError: It is no such file, with what is wrong.
        """


class TagFileKind(Protocol):
    """What is registered for a format, a class."""

    endings: tuple[str, ...]

    def __call__(self, content: bytes, connection: str) -> TagFile:
        """Make one.

        Args:
            content: The file.
            connection: Kind of connection that the user names; empty: none.

        Raises:
            ValueError: It is no such file, with what is wrong.
        """


tagfiles: Registry[TagFileKind] = Registry("tagfile", "devices.tagfiles", {"": 2, "items": 0}, has=("endings",))
"""Every format. An entry is made by ``kind(content, connection)``."""


def read_tags(file: Path, connection: str = "") -> tuple[str, list[BrowsedItem]]:
    """Kind of connection and items of a file.

    Args:
        file: The file; its ending says the format.
        connection: Kind of connection; empty: that of the file.

    Raises:
        ScenarioError: It cannot be read, or is none.
    """
    name = file.name.lower()
    found = next((tagfiles[kind] for kind in tagfiles.kinds() if name.endswith(tagfiles[kind].endings)), None)
    if found is None:
        endings = ", ".join(ending for kind in tagfiles.kinds() for ending in tagfiles[kind].endings)
        raise ScenarioError([Problem(str(file), f"a file that ends with one of {endings}", file.suffix or "none")])
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError(f"expected at most {LARGEST} bytes, got {file.stat().st_size}")
        made = found(file.read_bytes(), connection)
        items = list(made.items())
    except (OSError, ValueError) as error:
        raise ScenarioError([Problem(str(file), "a list of tags", str(error))]) from None
    if not made.connection:
        hint = "factory browse KIND FILE; factory list shows the kinds of connection"
        raise ScenarioError([Problem(str(file), "addresses of one protocol that is known", "none", hint)])
    return made.connection, items
