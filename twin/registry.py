"""One registry for everything that can be added by one file."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import pkgutil
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from twin.errors import FactoryError, PluginError, Problem, did_you_mean
from twin.quantities import Measure

log = logging.getLogger(__name__)

T = TypeVar("T")
Stability = Literal["stable", "beta", "experimental"]
"""How far a component can be relied on: kept compatible; complete, but may change; may go again."""

REGISTRIES: dict[str, Registry[Any]] = {}
"""Every registry by what is registered in it, as far as the modules that define them were imported."""
OWN = {"", "twin", "devices", "brokers", "dashboards", "scenarios", "tests"}
"""Packages of the platform."""
_REGISTERED: dict[str, str] = {}
"""Modules of others that have registered something without an entry point: a notebook, a file beside a test."""
_PLUGINS: dict[str, str] = {}
"""Name and version of the distribution by module, of all plug-ins loaded so far."""


@dataclass
class Registry(Generic[T]):
    """Kinds of one sort of component, found by scanning a package and by entry points.

    The name of the module is the kind, the configuration key, the name of the test and of the
    reference page. Registration fails when a summary or a field's description is missing.

    Args:
        sort: What is registered, e.g. ``"station"``; plug-ins name the group of entry points ``futurefactory.<sort>``.
        package: Package whose modules register themselves when imported.
        calls: How many values each of its methods is called with; an empty name: the component itself.
        has: Further names that each has.
    """

    sort: str
    package: str
    calls: Mapping[str, int] = field(default_factory=dict)
    has: tuple[str, ...] = ()
    _entries: dict[str, T] = field(default_factory=dict)
    _levels: dict[str, Stability] = field(default_factory=dict)
    _origins: dict[str, str] = field(default_factory=dict)
    _scanned: bool = False
    _broken: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        REGISTRIES.setdefault(self.sort, self)

    def register(
        self, kind: str, config: type[BaseModel] | None = None, *, stability: Stability | None = None
    ) -> Callable[[T], T]:
        """Decorator that registers a component under its kind.

        Args:
            kind: Its kind.
            config: Its configuration, which is checked.
            stability: How far it can be relied on; default: stable, or experimental when a plug-in brings it.
        """

        def add(component: T) -> T:
            self._check(kind, component, config)
            self._entries[kind] = component
            module = _running()
            if module.partition(".")[0] not in OWN:
                _REGISTERED.setdefault(module, module)
            self._origins[kind] = origin = plugin_of(module)
            self._levels[kind] = stability or ("experimental" if origin else "stable")
            return component

        return add

    def forget(self, kind: str) -> None:
        """Take a component out again, e.g. that of a plug-in."""
        del self._entries[kind], self._levels[kind], self._origins[kind]

    def stability(self, kind: str) -> Stability:
        """How far a component can be relied on."""
        return self._levels[kind]

    def origin(self, kind: str) -> str:
        """Name and version of the plug-in that a component comes from; empty for those of the platform."""
        return self._origins[kind]

    def _check(self, kind: str, component: T, config: type[BaseModel] | None) -> None:
        if kind in self._entries:
            raise TypeError(f"{self.sort} {kind!r} is registered twice")
        if not (component.__doc__ or "").strip():
            raise TypeError(f"{self.sort} {kind!r}: expected a summary in its docstring, got none")
        if config is not None:
            undescribed_fields(config, f"{self.sort} {kind!r}")
        for name, values in self.calls.items():
            if wrong := uncallable(component, name, values):
                raise TypeError(f"{self.sort} {kind!r}: {wrong}")
        if lacks := [name for name in self.has if not hasattr(component, name)]:
            raise TypeError(f"{self.sort} {kind!r}: expected {' and '.join(lacks)}, got none")

    def scan(self) -> None:
        """Import every module of the package and every entry point, once; of a broken plug-in is told."""
        if self._scanned:
            return
        self._scanned = True
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                importlib.import_module(f"{self.package}.{module.name}")
        for point in entry_points(group=f"futurefactory.{self.sort}"):
            self._try(point)

    def _try(self, point: EntryPoint) -> None:
        """Load a plug-in; a broken one brings nothing, and only who asks for what nobody brings fails by it."""
        before = set(self._entries)
        try:
            self._load(point)
        except PluginError as error:
            for kind in self._entries.keys() - before:
                self.forget(kind)
            self._broken += error.problems
            log.warning("warning: %s", error)

    def _unless_broken(self) -> None:
        """Called where a kind is not known, as it might be of a broken plug-in.

        Raises:
            PluginError: There is one.
        """
        if self._broken:
            raise PluginError(self._broken)

    def _load(self, point: EntryPoint) -> None:
        """Load a plug-in.

        Raises:
            PluginError: Names it, and what is wrong.
        """
        name = f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.name
        _PLUGINS[point.module] = name
        try:
            point.load()
            if not self._brought_by(name):
                raise TypeError(f"nothing that is registered as a {self.sort}")
        except Exception as error:
            got = str(error) if isinstance(error, FactoryError) else f"{type(error).__name__}: {error}"
            where, hint = f"plug-in {name}, {self.sort} {point.value}", "repair it, or take it out with pip uninstall"
            raise PluginError([Problem(where, "a module that registers what it brings", got, hint)]) from error

    def _brought_by(self, plugin: str) -> bool:
        """Whether a plug-in has registered something here, perhaps in a module that belongs to no entry point."""
        known = set(_PLUGINS.values()) - {plugin}
        return any(origin and origin not in known for origin in self._origins.values())

    def _find(self, kind: str) -> None:
        """Import the module that has the kind's name; everything where there is none."""
        if kind in self._entries or self._scanned:
            return
        if self._has_module(kind):
            importlib.import_module(f"{self.package}.{kind}")
        if kind not in self._entries:
            self.scan()

    def _has_module(self, kind: str) -> bool:
        module = f"{self.package}.{kind}"
        return kind.isidentifier() and not kind.startswith("_") and importlib.util.find_spec(module) is not None

    def knows(self, kind: str) -> bool:
        """Whether there is a kind; one that has its module is not imported for that."""
        return kind in self._entries or self._has_module(kind) or kind in self

    def kinds(self) -> list[str]:
        """All kinds, sorted."""
        self.scan()
        return sorted(self._entries)

    def hint(self, kind: object) -> str:
        """What to say to a kind that there is not: the nearest known one, and the command that names all."""
        return f"{did_you_mean(kind, self.kinds())} factory list names all".lstrip()

    def __contains__(self, kind: str) -> bool:
        self._find(kind)
        if kind not in self._entries:
            self._unless_broken()
        return kind in self._entries

    def __getitem__(self, kind: str) -> T:
        """The component of a kind.

        Raises:
            KeyError: With the nearest known kind, or all of them.
            PluginError: There is no such kind, and a plug-in that might bring it is broken.
        """
        self._find(kind)
        if kind not in self._entries:
            self._unless_broken()
            hint = did_you_mean(kind, self._entries, f"known: {', '.join(sorted(self._entries))}")
            raise KeyError(f"{self.sort}: expected a known kind, got {kind!r} ({hint})")
        return self._entries[kind]


def _running() -> str:
    """Name of the module that is being executed, from which something is registered; empty for none."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))


def plugin_of(module: str) -> str:
    """Name and version of the plug-in that a module belongs to; empty for none.

    Args:
        module: Its full name; modules beside the one that an entry point names, in one package, belong to it too.
            A module of nobody's that registers something is a plug-in under its own name.
    """
    package = module.partition(".")[0]
    known = (name for one, name in _PLUGINS.items() if one == module or one.startswith(f"{package}."))
    return next(known, _REGISTERED.get(module, ""))


def culprit_of(error: BaseException) -> str:
    """The plug-in in whose code an error arose, or that called what failed; empty when none had a part in it."""
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return next((name for module in reversed(modules) if (name := plugin_of(module))), "")


def bug(error: BaseException) -> str:
    """What to say below the traceback of an error that nobody expected: whose bug it is, or might be."""
    if plugin := culprit_of(error):
        return f"this is a bug of the plug-in {plugin}; please report it to its authors with the lines above"
    loaded = sorted({*_PLUGINS.values(), *_REGISTERED.values()})
    doubt = f" (without {', '.join(loaded)}, if it comes then too)" if loaded else ""
    return f"this is a bug; please report it with the lines above{doubt}"


def uncallable(component: object, name: str, values: int) -> str:
    """Why something cannot be called as it will be; empty when it can.

    Args:
        component: What is registered.
        name: Its method; empty for itself.
        values: With how many values.

    >>> uncallable(len, "", 2)
    'expected something that takes 2 values, got (obj, /)'
    """
    called = getattr(component, name, None) if name else component
    told = f"{name} that takes" if name else "something that takes"
    wanted = f"expected {told} {values} value{'' if values == 1 else 's'}"
    if not callable(called):
        return f"{wanted}, got {'none' if called is None else repr(called)}"
    unbound = isinstance(component, type) and inspect.isfunction(called)
    try:
        signature = inspect.signature(called)
        signature.bind(*range(values + unbound))
    except TypeError:
        return f"{wanted}, got {signature}"
    except ValueError:
        return ""  # it does not say
    return ""


def undescribed_fields(config: type[BaseModel], owner: str) -> None:
    """Refuse a configuration with a field that has no description, or a bare float.

    Raises:
        TypeError: Names the field and what it lacks.
    """
    for name, info in config.model_fields.items():
        if not info.description:
            raise TypeError(f"{owner}: field {name!r} lacks a description")
        if info.annotation is float and not any(
            isinstance(m, Measure) or m in ("ratio", "number") for m in info.metadata
        ):
            raise TypeError(f"{owner}: field {name!r} is a bare number; give it a quantity of twin.quantities")
