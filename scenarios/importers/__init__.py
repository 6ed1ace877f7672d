"""Formats of other tools that ``factory import`` reads, one module each.

A module registers a class that has an ``Options`` model and the methods of :class:`Importer`; its
name is the name of the format, the first line of its docstring the summary.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

from twin.config.plant import Config
from twin.registry import Registry

Document = dict[str, Any]
"""A scenario as plain data, as YAML would give it: texts with units, lists, mappings."""


class Importer(Protocol):
    """Reads one format."""

    Options: ClassVar[type[Config]]
    """What a user can set, as ``--set name=value``."""

    def detect(self, path: Path) -> bool:
        """Whether a file or folder looks like this format; reads no more than it must, raises nothing."""

    def read(self, path: Path, options: Any) -> Document:
        """The scenario that a file or folder describes.

        Args:
            path: File or folder, which exists.
            options: An instance of ``Options``.

        Raises:
            ScenarioError: Every problem, with file and line.
        """


importers: Registry[Any] = Registry("importer", "scenarios.importers", {"": 0, "detect": 1, "read": 2}, ("Options",))
"""Every format by name."""


def register(name: str) -> Any:
    """Decorator that registers a class of importers under the name of its format."""

    def add(kind: Any) -> Any:
        return importers.register(name, kind.Options)(kind)

    return add
