"""One registry for everything that can be added by one file."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from pydantic import BaseModel

from twin.units import Unit

T = TypeVar("T")


@dataclass
class Registry(Generic[T]):
    """Kinds of one sort of component, found by scanning a package and by entry points.

    The name of the module is the kind, the configuration key, the name of the test and of the
    reference page. Registration fails when a summary or a field's description is missing.

    Args:
        sort: What is registered, e.g. ``"station"``.
        package: Package whose modules register themselves when imported.
    """

    sort: str
    package: str
    _entries: dict[str, T] = field(default_factory=dict)
    _scanned: bool = False

    def register(self, kind: str, config: type[BaseModel] | None = None) -> Callable[[T], T]:
        """Decorator that registers a component under its kind."""

        def add(component: T) -> T:
            self._check(kind, component, config)
            self._entries[kind] = component
            return component

        return add

    def forget(self, kind: str) -> None:
        """Take a component out again, e.g. that of a plug-in."""
        del self._entries[kind]

    def _check(self, kind: str, component: T, config: type[BaseModel] | None) -> None:
        if kind in self._entries:
            raise TypeError(f"{self.sort} {kind!r} is registered twice")
        if not (component.__doc__ or "").strip():
            raise TypeError(f"{self.sort} {kind!r}: expected a summary in its docstring, got none")
        if config is not None:
            undescribed_fields(config, f"{self.sort} {kind!r}")

    def scan(self) -> None:
        """Import every module of the package and every entry point, once."""
        if self._scanned:
            return
        self._scanned = True
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                importlib.import_module(f"{self.package}.{module.name}")
        for point in entry_points(group=f"futurefactory.{self.sort}"):
            point.load()

    def _find(self, kind: str) -> None:
        """Import the module that has the kind's name; everything where there is none."""
        if kind in self._entries or self._scanned:
            return
        module = f"{self.package}.{kind}"
        if kind.isidentifier() and not kind.startswith("_") and importlib.util.find_spec(module) is not None:
            importlib.import_module(module)
        if kind not in self._entries:
            self.scan()

    def kinds(self) -> list[str]:
        """All kinds, sorted."""
        self.scan()
        return sorted(self._entries)

    def hint(self, kind: object) -> str:
        """What to say to a kind that there is not: the nearest known one, and the command that names all."""
        near = get_close_matches(str(kind), self.kinds(), n=1)
        return (f"did you mean {near[0]!r}? " if near else "") + "factory list names all"

    def __contains__(self, kind: str) -> bool:
        self._find(kind)
        return kind in self._entries

    def __getitem__(self, kind: str) -> T:
        """The component of a kind.

        Raises:
            KeyError: With the nearest known kind, or all of them.
        """
        self._find(kind)
        if kind not in self._entries:
            near = get_close_matches(kind, self._entries, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(self._entries))}"
            raise KeyError(f"{self.sort}: expected a known kind, got {kind!r} ({hint})")
        return self._entries[kind]


def undescribed_fields(config: type[BaseModel], owner: str) -> None:
    """Refuse a configuration with a field that has no description, or a bare float.

    Raises:
        TypeError: Names the field and what it lacks.
    """
    for name, info in config.model_fields.items():
        if not info.description:
            raise TypeError(f"{owner}: field {name!r} lacks a description")
        if info.annotation is float and not any(isinstance(m, Unit) or m in ("ratio", "number") for m in info.metadata):
            raise TypeError(f"{owner}: field {name!r} is a bare number; give it a quantity of twin.units")
