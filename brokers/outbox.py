"""The one door between the synchronous simulation and asynchronous input and output."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from brokers.links import Base, rough_bytes
from twin.errors import BackPressure
from twin.ports import Mark
from twin.records import Frame

Policy = Literal["wait", "drop_oldest"]


@dataclass(frozen=True)
class OutboxConfig:
    """Bounds of an outbox.

    Args:
        policy: When full: ``wait`` for room (runs as fast as possible) or ``drop_oldest`` (real time).
        pieces: Most pieces held.
        bytes: Most memory held, about.
        window: Under ``wait``, most pieces sent and not yet stored; keeps queues in the broker short.
        resend_after_s: A piece is not sent again sooner than this.
        probe_s: Without progress of the mark, the newest piece sent is sent again after this,
            then after twice as long, up to 30 s; what is missing before it is then named.
    """

    policy: Policy = "drop_oldest"
    pieces: int = 100_000
    bytes: int = 256 * 1024 * 1024
    window: int = 2_000
    resend_after_s: float = 1.0
    probe_s: float = 2.0


@dataclass
class OutboxCounters:
    """What happened to the pieces of one run.

    Args:
        put: Pieces stamped.
        sent: Sent for the first time.
        resent: Sent again.
        stored: Confirmed by a mark.
        dropped: Dropped without ever being sent, because the outbox was full.
        unconfirmed: Sent, but dropped before a mark confirmed them.
        held: Held now.
        held_bytes: Memory of what is held, about.
    """

    put: int = 0
    sent: int = 0
    resent: int = 0
    stored: int = 0
    dropped: int = 0
    unconfirmed: int = 0
    held: int = 0
    held_bytes: int = 0


@dataclass(slots=True)
class _Piece:
    frame: Frame
    bytes: int
    sent_at: float | None = None


@dataclass
class Outbox:
    """Numbers pieces, keeps them until they are stored, and gives them to the pump.

    ``put`` is for the thread of the simulation; everything else runs in the event loop.

    Args:
        publisher: Publisher id, usually the site's path.
        split: Cuts a frame into the pieces the protocol sends; ``Publisher.split``.
        config: Bounds and policy.
        run: Id of this life of the publisher; default random.
        first: Number of the next piece; all before it are stored.

    Example::

        outbox = Outbox(publisher.publisher, publisher.split)
        outbox.put(frames)  # any thread
    """

    publisher: str
    split: Callable[[Frame], Sequence[Frame]]
    config: OutboxConfig = field(default_factory=OutboxConfig)
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    first: int = 0

    def __post_init__(self) -> None:
        self.counters = OutboxCounters()
        self._held: dict[int, _Piece] = {}
        self._base = self._cursor = self._next = self.first
        self._again: deque[int] = deque()
        self._answer: Base | None = None
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._progress_at, self._pause_s = time.monotonic(), self.config.probe_s

    # the simulation's side

    def put(self, frames: Iterable[Frame], timeout_s: float | None = None) -> None:
        """Take frames; under ``wait`` blocks while full, so never call it in the event loop then.

        Args:
            frames: What to send, in order.
            timeout_s: Longest wait for room; None: as long as it takes.

        Raises:
            BackPressure: There was no room in time; the frames before the refused one were taken.
        """
        for frame in frames:
            with self._changed:
                self._make_room(timeout_s)
                self._take(frame)
        self._tell()

    async def put_soon(self, frames: Iterable[Frame]) -> None:
        """The same as ``put`` for a simulation that runs in the event loop."""
        for frame in frames:
            while self.config.policy == "wait" and self.full:
                self._room.clear()
                await self._room.wait()
            with self._changed:
                self._make_room(0.0)
                self._take(frame)
            self._tell()

    @property
    def full(self) -> bool:
        """Whether a bound is reached."""
        return len(self._held) >= self.config.pieces or self.counters.held_bytes >= self.config.bytes

    def _make_room(self, timeout_s: float | None) -> None:
        if self.config.policy == "drop_oldest":
            while self.full:
                self._drop_oldest()
        elif not self._changed.wait_for(lambda: not self.full, timeout_s):
            raise BackPressure(f"outbox of {self.publisher}: full with {len(self._held)} pieces for {timeout_s} s")

    def _drop_oldest(self) -> None:
        piece = self._forget(self._base)
        if piece.sent_at is None:
            self.counters.dropped += 1
        else:
            self.counters.unconfirmed += 1
        self._advance(self._base + 1)

    def _take(self, frame: Frame) -> None:
        for piece in self.split(frame):
            held = _Piece(piece.stamped(self.publisher, self.run, self._next), rough_bytes(piece))
            self._held[self._next] = held
            self._next += 1
            self.counters.put += 1
            self.counters.held_bytes += held.bytes
        self.counters.held = len(self._held)

    def _forget(self, seq: int) -> _Piece:
        piece = self._held.pop(seq)
        self.counters.held_bytes -= piece.bytes
        self.counters.held = len(self._held)
        return piece

    def _advance(self, base: int) -> None:
        self._base = base
        self._cursor = max(self._cursor, base)

    def _tell(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    # the pump's side

    def attach(self) -> None:
        """Bind to the running event loop; the pump does it."""
        self._loop = asyncio.get_running_loop()

    async def take(self) -> Frame | Base:
        """The next piece to send, or an announcement of what will not come; waits for one."""
        while True:
            self._wake.clear()
            with self._changed:
                found = self._pick(time.monotonic())
            if found is not None:
                return found
            with suppress(TimeoutError):  # timeout(), as wait_for may swallow a cancellation in Python 3.11
                async with asyncio.timeout(self.config.probe_s / 4):
                    await self._wake.wait()

    def _pick(self, now: float) -> Frame | Base | None:
        if self._answer is not None:
            answer, self._answer = self._answer, None
            return answer
        while self._again:
            piece = self._held.get(self._again.popleft())
            if piece is not None:
                return self._send_again(piece, now)
        if self._cursor < self._next and self._window_open():
            piece = self._held[self._cursor]
            piece.sent_at = now
            self._cursor += 1
            self.counters.sent += 1
            return piece.frame
        return self._probe(now)

    def _send_again(self, piece: _Piece, now: float) -> Frame:
        went_before, piece.sent_at = piece.sent_at is not None, now
        if not went_before:
            return piece.frame
        self.counters.resent += 1
        return replace(piece.frame, historical=True)

    def _window_open(self) -> bool:
        return self.config.policy == "drop_oldest" or self._cursor - self._base < self.config.window

    def _probe(self, now: float) -> Frame | None:
        if self._cursor == self._base:
            self._progress_at = now
            return None
        if now - self._progress_at < self._pause_s:
            return None
        self._progress_at, self._pause_s = now, min(2 * self._pause_s, 30.0)
        return self._send_again(self._held[self._cursor - 1], now)

    def unsent(self, piece: Frame) -> None:
        """Take back a piece that could not be sent; it is the next one again."""
        with self._changed:
            if piece.seq in self._held:
                self._held[piece.seq].sent_at = None
                self._again.appendleft(piece.seq)

    def reconnected(self) -> None:
        """The connection is back: ask at once, by sending the newest piece again, what was lost."""
        with self._changed:
            self._pause_s = self.config.probe_s
            if self._cursor > self._base:
                self._again.append(self._cursor - 1)
        self._tell()

    def base(self) -> Base:
        """What is held now."""
        return Base(self.publisher, self.run, self._base)

    @property
    def next(self) -> int:
        """Number of the piece that is put next."""
        return self._next

    def held(self) -> list[Frame]:
        """What was put and is not known to be stored, in order."""
        with self._changed:
            return [piece.frame for piece in self._held.values()]

    def mark(self, mark: Mark) -> None:
        """Let go of what is stored and send again what is missing; marks of other runs are ignored."""
        if mark.run != self.run or mark.publisher != self.publisher:
            return
        with self._changed:
            progress = self._store_to(min(mark.stored_to, self._cursor))
            if progress:
                self._progress_at, self._pause_s = time.monotonic(), self.config.probe_s
            if mark.stored_to < self._base:
                self._answer = self.base()
            self._queue_missing(mark.missing)
            self._changed.notify_all()
        self._room.set()
        self._wake.set()

    def _store_to(self, stored_to: int) -> bool:
        progress = stored_to > self._base
        for seq in range(self._base, stored_to):
            self._forget(seq)
            self.counters.stored += 1
        if progress:
            self._advance(stored_to)
        return progress

    def _queue_missing(self, missing: Sequence[tuple[int, int]]) -> None:
        now, queued = time.monotonic(), set(self._again)
        for first, last in missing:
            for seq in range(max(first, self._base), min(last, self._cursor)):
                piece = self._held[seq]
                due = piece.sent_at is None or now - piece.sent_at >= self.config.resend_after_s
                if due and seq not in queued:
                    self._again.append(seq)

    async def below(self, pieces: int) -> None:
        """Wait until fewer pieces than this are held."""
        while len(self._held) >= pieces:
            self._room.clear()
            await self._room.wait()

    async def settled(self, timeout_s: float | None = None) -> bool:
        """Wait until everything put so far is stored; False when it is not in time."""
        target = self._next
        try:
            async with asyncio.timeout(timeout_s):
                while self._base < target:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return False
        return True
