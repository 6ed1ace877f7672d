"""Formats that ``factory export`` writes, one module each.

A module registers a class that has an ``Options`` model and the methods of :class:`Exporter`; its name is
the name of the format, the first line of its docstring the summary. Exporters get the records that a
plant's devices send, frame by frame, so whatever is exported could as well come from a real plant. One that has
``equipment_only = True`` gets the master data and nothing else; nothing is simulated for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from twin.config.plant import Config
from twin.records import Frame
from twin.registry import Registry
from twin.zone import Zone


@dataclass(frozen=True)
class Subject:
    """What is exported.

    Args:
        name: Name of the scenario.
        titles: English title by path of a unit, and by id of an item; those that have one.
        units: Paths of all units, in the order of the document.
        zone: The scenario's local time.
        epoch_ns: Simulated second 0, ns since 1970 UTC.
        end_ns: End of the run, ns since 1970 UTC.
        manifest: Scenario, seed, horizon, as JSON can hold it.
    """

    name: str
    titles: dict[str, str]
    units: tuple[str, ...]
    zone: Zone
    epoch_ns: int
    end_ns: int
    manifest: dict[str, Any]


class NoOptions(Config):
    """A format without settings."""


class Exporter(Protocol):
    """Writes one format; made with where to write, what, and the options of its ``Options``."""

    Options: ClassVar[type[Config]]
    """What a user can set, as ``--set name=value``."""
    operations: ClassVar[bool]
    """Whether it wants the begin and end of every operation on a lot, which are not said otherwise."""

    def __init__(self, out: Path, subject: Subject, options: Any): ...

    def take(self, frame: Frame) -> None:
        """Records, in the order of their source times for each unit."""

    def close(self) -> None:
        """All is said; the file or folder is whole when this returns."""


exporters: Registry[Any] = Registry(
    "exporter", "scenarios.exporters", {"": 3, "take": 1, "close": 0}, ("Options", "operations")
)
"""Every format by name."""


def register(name: str) -> Any:
    """Decorator that registers a class of exporters under the name of its format."""

    def add(kind: Any) -> Any:
        return exporters.register(name, kind.Options)(kind)

    return add
