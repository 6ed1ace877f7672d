"""The one door between the synchronous simulation and asynchronous input and output."""

from __future__ import annotations

import asyncio
import logging
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
from twin.records import Frame, RecordKind

log = logging.getLogger(__name__)

Policy = Literal["wait", "drop_oldest"]
ROOM_AGAIN = 0.5
"""Share of the bounds below which an outbox is no longer taken as full."""


@dataclass(frozen=True)
class OutboxConfig:
    """Bounds of an outbox.

    Args:
        policy: When full: ``wait`` for room (a simulated plant slows down) or ``drop_oldest`` (a real machine
            does not wait): the oldest piece not sent yet goes, counted and told.
        pieces: Most pieces held.
        bytes: Most memory held, about.
        window: Most pieces sent and not yet stored; keeps queues in the broker short.
        resend_after_s: A piece that was lost is not sent again sooner than this, then after twice as long, up to
            32 times.
        probe_s: Without progress of the mark, the newest piece sent is sent again after this,
            then after twice as long, up to 30 s; what is missing before it is then named.
        told_s: Whoever waits for room says so after this: a burst, such as what a plant says of itself at its start,
            is none of the user's business. What is dropped is told at once.
    """

    policy: Policy = "drop_oldest"
    pieces: int = 100_000
    bytes: int = 256 * 1024 * 1024
    window: int = 10_000
    resend_after_s: float = 1.0
    probe_s: float = 2.0
    told_s: float = 5.0


@dataclass
class OutboxCounters:
    """What happened to the pieces of one run.

    Args:
        put: Pieces taken.
        sent: Sent for the first time.
        resent: Sent again.
        stored: Confirmed by a mark.
        dropped: Dropped without ever being sent, because the outbox was full.
        unconfirmed: Held when the publisher ended: not known to be stored.
        held: Held now.
        held_bytes: Memory of what is held, about.
        waited_s: Seconds for which whoever puts has waited for room.
    """

    put: int = 0
    sent: int = 0
    resent: int = 0
    stored: int = 0
    dropped: int = 0
    unconfirmed: int = 0
    held: int = 0
    held_bytes: int = 0
    waited_s: float = 0.0

    @property
    def lost(self) -> int:
        """Pieces that are not known to have arrived and will not be sent again."""
        return self.dropped + self.unconfirmed


@dataclass(slots=True)
class _Piece:
    """A piece; its frame has a number once it was sent."""

    frame: Frame
    bytes: int
    sent_at: float | None = None
    turn: int = 0
    times: int = 0


@dataclass
class Outbox:
    """Numbers pieces, keeps them until they are stored, and gives them to the pump.

    ``put`` is for the thread of the simulation; everything else runs in the event loop. A piece gets its number
    when it is first sent, so that what is dropped before leaves no gap.

    A heartbeat tells what was dropped before it, in the order of what is sent, so it is counted when it is first sent.

    A piece is sent again when it is named as missing and one sent after it has arrived: the way from here to the
    ingest keeps the order, so what merely waits in a queue is not sent twice.

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
        self._sent: dict[int, _Piece] = {}
        self._unsent: deque[_Piece] = deque()
        self._base = self._cursor = self.first
        self._again: deque[int] = deque()
        self._answer: Base | None = None
        self._turn = self._heard = 0
        self._full_at: float | None = None
        self._full_told = False
        self._dropped_before = 0
        self._ending = False
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
                self._wait_for_room(timeout_s)
                self._take(frame)
        self._tell()

    async def put_soon(self, frames: Iterable[Frame]) -> None:
        """The same as ``put`` for a simulation that runs in the event loop."""
        for frame in frames:
            if self._must_wait:
                await self._room_again()
            with self._changed:
                self._take(frame)
            self._tell()

    def finish(self) -> None:
        """Who puts is about to end: what it has in hand is taken beyond the bounds, and it waits no more."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._room.set()

    @property
    def full(self) -> bool:
        """Whether a bound is reached."""
        return self._filled(1.0)

    @property
    def _must_wait(self) -> bool:
        return self.config.policy == "wait" and self.full and not self._ending

    def _filled(self, share: float) -> bool:
        held, most = self.counters, self.config
        return held.held >= share * most.pieces or held.held_bytes >= share * most.bytes

    def _wait_for_room(self, timeout_s: float | None) -> None:
        if not self._must_wait:
            return
        self._begin_full()
        began = time.monotonic()
        first_s = self._untold_s if timeout_s is None else min(self._untold_s, timeout_s)
        roomy = self._changed.wait_for(lambda: not self._must_wait, first_s)
        if not roomy and (timeout_s is None or timeout_s > first_s):
            self._tell_full()
            rest_s = None if timeout_s is None else timeout_s - first_s
            roomy = self._changed.wait_for(lambda: not self._must_wait, rest_s)
        self.counters.waited_s += time.monotonic() - began
        if not roomy:
            raise BackPressure(f"outbox of {self.publisher}: full with {self.counters.held} pieces for {timeout_s} s")

    async def _room_again(self) -> None:
        self._begin_full()
        began = time.monotonic()
        while self._must_wait:
            self._room.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._full_told else self._untold_s):
                    await self._room.wait()
            self._tell_full()
        self.counters.waited_s += time.monotonic() - began

    def _take(self, frame: Frame) -> None:
        for frame_of_one in self.split(frame):
            piece = _Piece(frame_of_one, rough_bytes(frame_of_one))
            self._unsent.append(piece)
            self.counters.put += 1
            self._count(piece, 1)
        while self.config.policy == "drop_oldest" and self._unsent and self._overfull:
            self._begin_full()
            self.counters.dropped += 1
            self._count(self._unsent.popleft(), -1)

    @property
    def _overfull(self) -> bool:
        return self.counters.held > self.config.pieces or self.counters.held_bytes > self.config.bytes

    def _count(self, piece: _Piece, sign: int) -> None:
        self.counters.held += sign
        self.counters.held_bytes += sign * piece.bytes

    def _begin_full(self) -> None:
        if self._full_at is None:
            self._full_at, self._dropped_before = time.monotonic(), self.counters.dropped
            self._full_told = self.config.policy != "wait"
            if self._full_told:
                held = self.counters.held
                log.warning(
                    "outbox of %s: full with %d pieces; the oldest not sent yet are dropped", self.publisher, held
                )

    @property
    def _untold_s(self) -> float:
        """How long it may be full before that is told."""
        return 0.0 if self._full_at is None else max(self._full_at + self.config.told_s - time.monotonic(), 0.0)

    def _tell_full(self) -> None:
        if self._full_at is not None and not self._full_told and self._untold_s == 0.0:
            self._full_told = True
            full_s = time.monotonic() - self._full_at
            text = "outbox of %s: full with %d pieces for %.1f s; who says more waits until the store has taken some"
            log.warning(text, self.publisher, self.counters.held, full_s)

    def _end_full(self) -> None:
        if self._full_at is None:
            return
        full_s, self._full_at = time.monotonic() - self._full_at, None
        if self._full_told:
            dropped = self.counters.dropped - self._dropped_before
            log.warning("outbox of %s: has room again after %.1f s, %d dropped", self.publisher, full_s, dropped)

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
            piece = self._sent.get(self._again.popleft())
            if piece is not None:
                return self._send_again(piece, now)
        if self._unsent and self._cursor - self._base < self.config.window:
            return self._send_first(now)
        return self._probe(now)

    def _send_first(self, now: float) -> Frame:
        piece = self._unsent.popleft()
        piece.frame = _counting(piece.frame, self.counters.dropped).stamped(self.publisher, self.run, self._cursor)
        self._sent[self._cursor] = piece
        self._cursor += 1
        self.counters.sent += 1
        self._note_sent(piece, now)
        return piece.frame

    def _send_again(self, piece: _Piece, now: float) -> Frame:
        went_before = piece.sent_at is not None
        self._note_sent(piece, now)
        if not went_before:
            return piece.frame
        self.counters.resent += 1
        return replace(piece.frame, historical=True)

    def _note_sent(self, piece: _Piece, now: float) -> None:
        self._turn += 1
        piece.sent_at, piece.turn = now, self._turn
        piece.times += 1

    def _probe(self, now: float) -> Frame | None:
        if self._cursor == self._base:
            self._progress_at = now
            return None
        if now - self._progress_at < self._pause_s:
            return None
        self._progress_at, self._pause_s = now, min(2 * self._pause_s, 30.0)
        return self._send_again(self._sent[self._cursor - 1], now)

    def unsent(self, piece: Frame) -> None:
        """Take back a piece that could not be sent; it is the next one again."""
        with self._changed:
            if piece.seq in self._sent:
                self._sent[piece.seq].sent_at = None
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
        """Number that the piece put next will get, if none before it is dropped."""
        return self._cursor + len(self._unsent)

    def held(self) -> list[Frame]:
        """What was put and is not known to be stored, in order."""
        with self._changed:
            later = enumerate(self._unsent, self._cursor)
            coming = [piece.frame.stamped(self.publisher, self.run, number) for number, piece in later]
            return [piece.frame for piece in self._sent.values()] + coming

    def mark(self, mark: Mark) -> None:
        """Let go of what is stored and send again what is missing; marks of other runs are ignored."""
        if mark.run != self.run or mark.publisher != self.publisher:
            return
        with self._changed:
            self._hear(mark.last)
            if self._store_to(min(mark.stored_to, self._cursor)):
                self._progress_at, self._pause_s = time.monotonic(), self.config.probe_s
            if mark.stored_to < self._base:
                self._answer = self.base()
            self._queue_missing(mark)
            if not self._filled(ROOM_AGAIN):
                self._end_full()
            self._changed.notify_all()
        self._room.set()
        self._wake.set()

    def _hear(self, seq: int) -> None:
        """A piece has arrived: what was sent before it has arrived too, or is lost."""
        piece = self._sent.get(seq)
        if piece is not None:
            self._heard = max(self._heard, piece.turn)

    def _store_to(self, stored_to: int) -> bool:
        progress = stored_to > self._base
        for seq in range(self._base, stored_to):
            self._hear(seq)
            self._count(self._sent.pop(seq), -1)
            self.counters.stored += 1
        self._base = max(self._base, stored_to)
        return progress

    def _queue_missing(self, mark: Mark) -> None:
        now, queued = time.monotonic(), set(self._again)
        for first, last in mark.missing:
            for seq in range(max(first, self._base), min(last, self._cursor)):
                if seq not in queued and self._lost(self._sent[seq], mark, now):
                    self._again.append(seq)

    def _lost(self, piece: _Piece, mark: Mark, now: float) -> bool:
        if piece.sent_at is None:
            return True
        overtaken = mark.last < 0 or piece.turn < self._heard
        return overtaken and now - piece.sent_at >= self.config.resend_after_s * 2 ** min(piece.times - 1, 5)

    async def settled(self, timeout_s: float | None = None) -> bool:
        """Wait until everything put so far is stored or dropped; False when it is not in time."""
        target = self.counters.put
        try:
            async with asyncio.timeout(timeout_s):
                while self.counters.stored + self.counters.dropped < target:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return False
        return True

    def abandon(self) -> int:
        """Nothing will be sent any more: what is still held counts as unconfirmed, and is told.

        Returns:
            Pieces lost in this run.
        """
        self._end_full()
        self.counters.unconfirmed = self.counters.held
        if self.counters.held:
            log.warning("outbox of %s: ended with %d pieces not known to be stored", self.publisher, self.counters.held)
        return self.counters.lost


def _counting(frame: Frame, dropped: int) -> Frame:
    """A heartbeat with what was dropped here besides what it tells already."""
    if frame.kind is not RecordKind.HEARTBEAT or not dropped:
        return frame
    values, column = frame.values.copy(), frame.tags.index("dropped")
    values[:, column] = [(before or 0) + dropped for before in values[:, column].tolist()]
    return replace(frame, values=values)
