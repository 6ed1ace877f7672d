"""The doors between the parts: six small protocols.

Implementations live in ``devices`` and ``brokers``; nothing here does input or output.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind


@dataclass(frozen=True, slots=True)
class Mark:
    """What is stored of one publisher's run.

    Args:
        publisher: The publisher.
        run: Its run.
        stored_to: All frames with ``seq < stored_to`` are in the store.
        missing: Half-open ranges of numbers above the mark that have not arrived.
        last: Number of the piece that arrived last, also if it had been there before; -1: not known.
    """

    publisher: str
    run: str
    stored_to: int
    missing: tuple[tuple[int, int], ...] = ()
    last: int = -1


@dataclass(frozen=True, slots=True)
class Delivery:
    """Frames as they came from the wire, and the way to say they are safe.

    ``ack`` is awaited after the store has written all the frames, never before.
    """

    frames: Sequence[Frame]
    ack: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Presence:
    """That a publisher has gone or is back.

    Args:
        publisher: The publisher.
        alive: Whether it is there.
        heard_ns: Source time of its last heartbeat, or of its last record when it gives none.
        paths: Units that it was heard to speak for, or those of them that have gone.
        whole: It is all of the publisher, also what was not heard of it: who tells may have begun to listen just now.
    """

    publisher: str
    alive: bool
    heard_ns: int
    paths: tuple[EquipmentPath, ...] = ()
    whole: bool = False


class Publisher(Protocol):
    """Sends frames over one protocol; one ordered writer per publisher id."""

    async def open(self) -> None:
        """Connect. Raises RetriableError or FatalError."""

    def split(self, frame: Frame) -> Sequence[Frame]:
        """Cut a frame into the pieces that this protocol sends as one message each."""

    async def publish(self, frame: Frame) -> None:
        """Send one stamped piece. Raises RetriableError when the counterpart is away."""

    async def close(self) -> None:
        """Say goodbye in the protocol's own way and disconnect."""


class Source(Protocol):
    """Receives what publishers or real equipment send."""

    async def open(self) -> None:
        """Connect and subscribe. Raises RetriableError or FatalError."""

    def deliveries(self) -> AsyncIterator[Delivery]:
        """What arrives, in order per publisher, until closed."""

    async def close(self) -> None:
        """Unsubscribe and disconnect."""


class Sink(Protocol):
    """The writing side of a store. The key of a row is kind + path + source time (+ item, KPI id or tag)."""

    async def open(self) -> None:
        """Connect or create. Raises StoreError."""

    async def write(self, frames: Sequence[Frame]) -> None:
        """Write all frames or none; returns when they are durable.

        Writing the same rows again changes nothing.
        """

    async def close(self) -> None:
        """Flush and let go."""


class History(Protocol):
    """The reading side of a store."""

    async def series(
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000, worst: int = 2
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)``; thinned by time buckets (mean) above ``max_points``.

        Rows of a quality above ``worst`` are left out; the quality of a row is that of its worst value.
        """

    async def rows(
        self,
        kind: RecordKind,
        under: str,
        t0_ns: int,
        t1_ns: int,
        limit: int = 10_000,
        where: Mapping[str, Any] | None = None,
    ) -> Frame:
        """Records of a kind at or below a path in ``[t0, t1)``.

        Oldest first; when there are more than ``limit``, the newest. ``where`` compares columns for equality.
        """

    async def latest(self, kind: RecordKind, under: str = "") -> Frame:
        """The last record of each key; any kind but telemetry.

        The key is the path; for KPI path + kpi + window, for META path + schema, for STOCK path + item.
        """

    async def before(self, kind: RecordKind, under: str, time_ns: int) -> Frame:
        """The last record of each key at or below a path with a source time before this: what held then.

        A store may look back a bounded time only, see its reference.
        """

    async def count(self, kind: RecordKind) -> int:
        """Number of stored rows of a kind (values for telemetry)."""


class Clock(Protocol):
    """Time of the machine, injected where real time matters; the only thing tests may fake."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970 UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
