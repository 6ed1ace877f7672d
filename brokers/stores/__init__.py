"""Stores: where records are kept and read back, chosen by the scheme of a URL.

====================================================  =======================================================
``duckdb://data/factory.duckdb?keep=30 day``          embedded file (default); three slashes: absolute path
``influxdb://host:8086?org=factory&bucket=telemetry``  InfluxDB 2; token from ``FF_INFLUX_TOKEN``
``influxdb1://host:8086?db=telemetry``                InfluxDB 1
``lines://data/telemetry``                            folder of line-protocol files
====================================================  =======================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from twin.errors import FatalError
from twin.ports import History, Sink
from twin.registry import Registry


class Store(Sink, History, Protocol):
    """A store: one port with two sides."""


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """Where a store is.

    Args:
        scheme: Kind of store.
        host: Host name, or first part of a relative path; empty for an absolute path.
        port: TCP port, None when not given.
        path: What follows the host.
        options: The query part; every kind refuses what it does not know.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    options: dict[str, str]

    @classmethod
    def of(cls, text: str) -> StoreUrl:
        """Read a URL.

        Raises:
            FatalError: It names a user or password, or has no scheme.

        >>> StoreUrl.of("duckdb://data/plant.duckdb?keep=30 day").file, StoreUrl.of("lines:///srv/lines").file
        ('data/plant.duckdb', '/srv/lines')
        """
        parts = urlsplit(text)
        if not parts.scheme:
            raise FatalError(f"store: expected a URL such as duckdb://data/factory.duckdb, got {text!r}")
        if parts.username or parts.password:
            raise FatalError(f"store {parts.scheme}: expected no user or password in the URL (use the environment)")
        host = parts.hostname or ""
        netloc = host if parts.scheme.startswith("influxdb") else parts.netloc
        port = parts.port if parts.scheme.startswith("influxdb") else None
        return cls(parts.scheme, netloc, port, parts.path, dict(parse_qsl(parts.query)))

    @property
    def file(self) -> str:
        """The URL read as a path in the file system."""
        return self.host + self.path

    def option(self, name: str, default: str = "") -> str:
        """One option."""
        return self.options.get(name, default)

    @property
    def run(self) -> str:
        """Run that has a part of the store for itself; empty: none.

        Raises:
            FatalError: It cannot be the name of a run.
        """
        run = self.option("run")
        if not re.fullmatch(r"[0-9a-z]{0,32}", run):
            raise FatalError(f"store {self.scheme}: expected a run of up to 32 letters and digits, got {run!r}")
        return run

    def allow(self, *names: str) -> None:
        """Refuse options with other names.

        Raises:
            FatalError: Names the option and the nearest known one.
        """
        for name in self.options:
            if name not in names:
                near = get_close_matches(name, names, n=1) or [", ".join(names)]
                raise FatalError(f"store {self.scheme}: expected a known option, got {name!r} (known: {near[0]})")


stores: Registry[Callable[[StoreUrl], Store]] = Registry("store", "brokers.stores")
"""Every kind of store, by the scheme of its URL."""


def apart(url: str, run: str) -> str:
    """Address of the part of a store that a run has for itself; what others wrote there is not seen in it.

    >>> apart("duckdb://plant.duckdb?keep=30 day", "5f0c")
    'duckdb://plant.duckdb?keep=30 day&run=5f0c'
    """
    return f"{url}{'&' if '?' in url else '?'}run={run}"


def open_store(url: str) -> Store:
    """A store by its URL, not yet open: ``await store.open()`` connects or creates.

    Args:
        url: See the module.

    Raises:
        FatalError: Unknown scheme or option.
    """
    place = StoreUrl.of(url)
    try:
        make = stores[place.scheme]
    except KeyError as error:
        raise FatalError(str(error.args[0])) from None
    return make(place)
