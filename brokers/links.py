"""What publishers and sources that acknowledge end to end do besides their ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import orjson

from brokers.attendance import Sign
from brokers.refusals import Refusals
from twin.ports import Mark, Publisher, Source
from twin.records import Frame, RecordKind

MOST_RANGES = 64
MOST_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Base:
    """What a publisher can still send: pieces numbered below ``first`` will not come (again).

    They were stored, or had to be dropped because the outbox was full.

    Args:
        publisher: The publisher.
        run: Its run.
        first: Lowest number it still holds.
    """

    publisher: str
    run: str
    first: int


class LinkPublisher(Publisher, Protocol):
    """A publisher that hears marks and can say what it still holds."""

    on_mark: Callable[[Mark], None]
    """Called in the event loop for each mark of this publisher."""
    refusals: Refusals
    """What the counterpart did not take or give, by reason."""

    def begin(self, run: str) -> None:
        """Name the run that is about to be sent; before ``open``."""

    async def wait_online(self) -> None:
        """Return when pieces can be sent."""

    async def announce(self, base: Base) -> None:
        """Say which pieces will not come."""

    async def flushed(self, limit_s: float = 5.0) -> None:
        """Wait until what was sent has left, at most so long."""


Command = Callable[[str, str, object], None]
"""Called with path, name and value of a command that came from outside."""
Offered = Mapping[str, Mapping[str, bool]]
"""Commands of each path that can be given one, by name: whether it has a size, else it is on or off."""


@runtime_checkable
class Commanded(Protocol):
    """A publisher over which others can give commands to what it speaks for."""

    on_command: Command
    """Called in the event loop for each command."""

    def offer(self, offered: Offered) -> None:
        """Say which commands are taken, in what is said first; before ``open``."""


class LinkSource(Source, Protocol):
    """A source that can send marks and hears what publishers still hold."""

    on_base: Callable[[Base], None]
    """Called in the event loop for each announcement."""
    on_sign: Callable[[Sign], None]
    """Called in the event loop when a publisher has gone or come."""
    malformed: int
    """Messages that were not what they should be."""
    refusals: Refusals
    """Why they were not, and what the broker refused, as ``broker: …``."""

    @property
    def dropped(self) -> int:
        """Messages dropped because nobody read them in time."""

    @property
    def online(self) -> bool:
        """Whether there is a connection to the broker."""

    @property
    def losses(self) -> int:
        """Times the connection was lost."""

    async def mark(self, mark: Mark) -> None:
        """Tell a publisher what is stored. Raises RetriableError."""


def ignore_mark(mark: Mark) -> None:
    """Nobody listens to marks."""


def ignore_sign(sign: Sign) -> None:
    """Nobody asks who is there."""


def ignore_base(base: Base) -> None:
    """Nobody listens to announcements."""


def mark_payload(mark: Mark) -> bytes:
    """A mark as JSON."""
    body = {"run": mark.run, "stored_to": mark.stored_to, "missing": mark.missing[:MOST_RANGES], "last": mark.last}
    return orjson.dumps(body)


def read_mark(publisher: str, payload: bytes) -> Mark:
    """A mark from JSON.

    Raises:
        ValueError: It is not one.
    """
    body = _body(payload)
    missing = tuple(_span(each) for each in _list(body.get("missing", [])))
    last = _number(body.get("last", -1), least=-1)
    return Mark(publisher, str(body["run"]), _number(body.get("stored_to")), missing[:MOST_RANGES], last)


def base_payload(base: Base) -> bytes:
    """An announcement as JSON."""
    return orjson.dumps({"run": base.run, "first": base.first})


def read_base(publisher: str, payload: bytes) -> Base:
    """An announcement from JSON.

    Raises:
        ValueError: It is not one.
    """
    body = _body(payload)
    return Base(publisher, str(body["run"]), _number(body.get("first")))


def online_payload(online: bool, run: str) -> bytes:
    """Whether a publisher is there, as JSON."""
    return orjson.dumps({"online": online, "run": run})


def read_online(payload: bytes) -> bool:
    """Whether a publisher is there, from JSON.

    Raises:
        ValueError: It does not say so.
    """
    online = _body(payload, "online")["online"]
    if not isinstance(online, bool):
        raise ValueError(f"control message: expected online to be true or false, got {online!r}")
    return online


def _body(payload: bytes, member: str = "run") -> dict[str, Any]:
    if len(payload) > MOST_BYTES:
        raise ValueError(f"control message: expected at most {MOST_BYTES} bytes, got {len(payload)}")
    try:
        body = orjson.loads(payload)
    except ValueError as error:
        raise ValueError(f"control message: expected JSON, got {error}") from None
    if not isinstance(body, dict) or member not in body:
        raise ValueError(f"control message: expected an object with {member}, got none")
    return body


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"control message: expected a list of spans, got {type(value).__name__}")
    return value


def _span(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("control message: expected two numbers of pieces, got something else")
    return _number(value[0]), _number(value[1])


def _number(value: object, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"control message: expected a number of a piece, got {value!r:.50}")
    return value


def pieces(frame: Frame, most_rows: int = 500, by_window: bool = False) -> list[Frame]:
    """Cut a frame into one piece per path, in the order in which the paths first appear.

    Args:
        frame: The frame.
        most_rows: Longest piece in rows.
        by_window: Cut indicators also by their window.
    """
    if len(frame) == 1:
        return [frame]
    windows = frame.column("window") if by_window and frame.kind is RecordKind.KPI else None
    groups: dict[object, list[int]] = {}
    for row, path in enumerate(frame.paths):
        groups.setdefault(path if windows is None else (path, windows[row]), []).append(row)
    if len(groups) == 1 and len(frame) <= most_rows:
        return [frame]
    return [frame.take(rows[at : at + most_rows]) for rows in groups.values() for at in range(0, len(rows), most_rows)]


def rough_bytes(frame: Frame) -> int:
    """About how much memory a frame takes; 64 B per value that is not a number."""
    each = 8 if frame.values.dtype == np.float64 else 64
    return 200 + frame.size * each + len(frame) * 60
