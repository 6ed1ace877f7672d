"""Stores: where records are kept and read back, chosen by the scheme of a URL.

====================================================  =======================================================
``duckdb://data/factory.duckdb?keep=30 day``          embedded file (default); three slashes: absolute path
``influxdb://host:8086?org=factory&bucket=telemetry``  InfluxDB 2; token from ``FF_INFLUX_TOKEN``
``influxdb1://host:8086?db=telemetry``                InfluxDB 1
``lines://data/telemetry``                            folder of line-protocol files
====================================================  =======================================================

A mistake in a URL is bad input: its errors are those of a document. A character that ends a part of a URL stands in
a name as ``%`` and two hexadecimal digits (``%3F`` is ``?``, ``%25`` is ``%``); a ``#`` is one like any other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from twin.errors import Problem, ProblemsError, did_you_mean
from twin.ports import History, Sink
from twin.quantities import in_unit
from twin.records import Frame
from twin.registry import Registry

LONGEST_KEEP_S = 100 * 365.25 * 86_400
"""Longest time that records can be told to be kept: a century."""


class Store(Sink, History, Protocol):
    """A store: one port with two sides."""

    async def since_ns(self) -> int | None:
        """Time before which rows are deleted; None: everything is kept."""


@runtime_checkable
class Logged(Protocol):
    """A store whose last writes stand in a log that may be damaged; who keeps them too can write them again."""

    @property
    def recovered(self) -> bool:
        """Whether a process ended without closing it, and nobody has saved it since."""

    @property
    def lost_writes(self) -> int:
        """Writes that were acknowledged and were not there when it was opened."""

    @property
    def owed(self) -> tuple[int, int]:
        """Rows that are lost until somebody saves it, and when that was found: one loss is told from another by it."""

    async def write_again(self, frames: Sequence[Frame]) -> None:
        """Write what was written before and may be missing; the writes of it are not counted twice."""

    async def save(self) -> None:
        """Write everything into the store itself, so that its log is empty; what was lost is settled then."""


@runtime_checkable
class Counting(Protocol):
    """A store that counts what it does not have or cannot give although somebody wrote it."""

    def missed(self) -> Mapping[str, int]:
        """Numbers of rows that are ``lost``, ``retired`` or ``unreadable``; what is not named cannot happen."""


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """Where a store is.

    Args:
        scheme: Kind of store.
        host: Host name, or first part of a relative path; empty for an absolute path.
        port: TCP port, None when not given.
        path: What follows the host.
        options: The query part; every kind refuses what it does not know.
        now_ns: The clock of the run: what is too old is judged by it, never by a row's own time.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    options: dict[str, str]
    now_ns: Callable[[], int] = field(default=time.time_ns, compare=False)

    @classmethod
    def of(cls, text: str) -> StoreUrl:
        """Read a URL.

        Raises:
            ProblemsError: It names a user or password, has no scheme, or a port that is none.

        >>> StoreUrl.of("duckdb://data/plant.duckdb?keep=30 day").file, StoreUrl.of("lines:///srv/hall #3").file
        ('data/plant.duckdb', '/srv/hall #3')
        """
        if not text.isprintable():  # the reader of URLs would leave them out
            raise _problem("store", "a URL of printable characters", f"{text!r:.200}", "write e.g. %0A for them")
        try:
            parts = urlsplit(text.replace("#", "%23"))
            port = parts.port if parts.scheme.startswith("influxdb") else None
            options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
            place = [unquote(part, errors="strict") for part in (parts.netloc, parts.path)]
        except ValueError as error:
            raise _problem("store", "a URL such as duckdb://data/factory.duckdb", f"{text!r:.200} ({error})") from None
        if not parts.scheme:
            raise _problem("store", "a URL such as duckdb://data/factory.duckdb", f"{text!r:.200}")
        if parts.username or parts.password:
            raise _problem(f"store {parts.scheme}", "no user or password in the URL", "one", "use the environment")
        if len(dict(options)) < len(options):
            raise _problem(f"store {parts.scheme}", "each option once", f"{parts.query!r:.200}")
        if parts.scheme.startswith("influxdb"):
            if port == 0:
                raise _problem(f"store {parts.scheme}", "a port from 1 to 65535", "0")
            return cls(parts.scheme, parts.hostname or "", port, parts.path, dict(options))
        return cls(parts.scheme, place[0], port, place[1], dict(options))

    @property
    def file(self) -> str:
        """The URL read as a path in the file system.

        Raises:
            ProblemsError: It names none.
        """
        path = self.host + self.path
        if not path or "\0" in path:
            raise _problem(f"store {self.scheme}", "a path after ://", repr(path))
        return path

    def option(self, name: str, default: str = "") -> str:
        """One option."""
        return self.options.get(name, default)

    @property
    def run(self) -> str:
        """Run that has a part of the store for itself; empty: none.

        Raises:
            ProblemsError: It cannot be the name of a run.
        """
        run = self.option("run")
        if not re.fullmatch(r"[0-9a-z]{0,32}", run):
            raise _problem(f"store {self.scheme}: run", "up to 32 letters and digits", repr(run))
        return run

    def allow(self, *names: str) -> None:
        """Refuse options with other names.

        Raises:
            ProblemsError: Names the option and the nearest known one.
        """
        for name in self.options:
            if name not in names:
                hint = did_you_mean(name, names, f"known: {', '.join(names) or 'none'}")
                raise _problem(f"store {self.scheme}", "a known option", repr(name), hint)

    def seconds(self, name: str) -> float | None:
        """An option that is a duration, in s; None when it is not given.

        Raises:
            ProblemsError: It has no unit, is not positive or longer than a century.

        >>> StoreUrl.of("duckdb://x?keep=30 day").seconds("keep")
        2592000.0
        """
        if name not in self.options:
            return None
        text = self.options[name]
        try:
            seconds = in_unit(text, "s")
        except ValueError:
            seconds = -1.0
        if not 0 < seconds <= LONGEST_KEEP_S:
            wanted = "a duration above 0 and up to a century"
            raise _problem(f"store {self.scheme}: {name}", wanted, repr(text), f"e.g. {name}=30 day")
        return seconds

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """An option that is a whole number.

        Raises:
            ProblemsError: It is none, or outside its bounds.
        """
        text = self.options.get(name, str(default))
        if not (text.isdecimal() and len(text) < 12 and low <= int(text) <= high):
            raise _problem(f"store {self.scheme}: {name}", f"a whole number from {low} to {high}", repr(text))
        return int(text)

    def switch(self, name: str) -> bool:
        """An option that is on or off, off when it is not given.

        Raises:
            ProblemsError: It is neither.
        """
        text = self.options.get(name, "0")
        if text not in ("0", "1", "true", "false", "yes", "no"):
            raise _problem(f"store {self.scheme}: {name}", "1 or 0", repr(text))
        return text in ("1", "true", "yes")


def _problem(where: str, expected: str, got: str, hint: str = "") -> ProblemsError:
    return ProblemsError([Problem(where, expected, got, hint)])


stores: Registry[Callable[[StoreUrl], Store]] = Registry("store", "brokers.stores", {"": 1})
"""Every kind of store, by the scheme of its URL."""


def file_url(scheme: str, path: str | PathLike[str]) -> str:
    """Address of a store in a file or folder, whatever characters its path has.

    >>> file_url("duckdb", "/srv/hall #3/50%?.duckdb"), StoreUrl.of("duckdb:///srv/50%25%3F.duckdb").file
    ('duckdb:///srv/hall #3/50%25%3F.duckdb', '/srv/50%?.duckdb')
    """
    return f"{scheme}://{''.join(map(_quoted, fspath(path)))}"


def _quoted(character: str) -> str:
    plain = character.isprintable() and character not in "%?@[]"
    return character if plain else quote(character, errors="surrogatepass")


def apart(url: str, run: str) -> str:
    """Address of the part of a store that a run has for itself; what others wrote there is not seen in it.

    >>> apart("duckdb://plant.duckdb?keep=30 day", "5f0c")
    'duckdb://plant.duckdb?keep=30 day&run=5f0c'
    """
    return f"{url}{'&' if '?' in url else '?'}run={run}"


def open_store(url: str, now_ns: Callable[[], int] = time.time_ns) -> Store:
    """A store by its URL, not yet open: ``await store.open()`` connects or creates.

    Args:
        url: See the module.
        now_ns: The clock of the run, in ns since 1970 UTC.

    Raises:
        ProblemsError: Unknown scheme or option, or a value that an option cannot have.
        FatalError: A secret that the store needs is not there.
    """
    place = replace(StoreUrl.of(url), now_ns=now_ns)
    try:
        make = stores[place.scheme]
    except KeyError as error:
        text = str(error.args[0])
        raise _problem("store", f"one of {', '.join(stores.kinds())}", f"{place.scheme!r}", text) from None
    return make(place)
