"""From the wire into the store: check, batch, write, acknowledge, mark, show."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from brokers.attendance import Attendance
from brokers.door import Door
from brokers.links import Base, LinkSource
from brokers.reception import Event, GivenUp, Reception, Settled, Stored
from brokers.refusals import Refusals, merged, reason_of
from brokers.retry import retried
from twin.errors import ConnectorError, FatalError, RefusedRowsError, RetriableError
from twin.ports import Delivery, Presence, Sink
from twin.records import Frame, RecordKind, Refused

log = logging.getLogger(__name__)

STORING = "ingest: the store does not take frames"
NOTING = "ingest: cannot remember what was stored"
"""What is tried again until it succeeds."""
TWICE = "number: expected each of a run once (taken without it; has another publisher this id and run?)"
Observer = Callable[[Sequence[Frame]], Awaitable[None] | None]
"""Gets frames after they were written, in order per publisher."""
Receptions = dict[tuple[str, str], Reception]
"""What has arrived, by publisher and run."""


class Keeper(Protocol):
    """Remembers what observers are shown, so that they can go on after the end of this process."""

    async def keep(self, event: Event) -> None:
        """Keep something durably. Raises OSError, and is asked again."""


class NoKeeper:
    """Remembers nothing."""

    async def keep(self, event: Event) -> None:
        """Nothing to do."""


def ignore_presence(_: Presence) -> None:
    """Nobody asks who is there."""


def everything(_: Frame) -> bool:
    """Every frame is of this run."""
    return True


@dataclass(frozen=True)
class IngestConfig:
    """Bounds of an ingest.

    Args:
        deliveries: Deliveries read ahead while the store is busy.
        batch_frames: Most frames written at once.
        batch_values: Most values written at once.
        reorder_frames: Frames kept per publisher while a gap before them is open.
        gap_s: Time after which observers no longer wait for a gap.
        mark_s: Period of marks; a gap is named at once and again with this period.
        retry_s: First and longest pause before the source or the store is tried again.
        runs: Most runs of publishers kept in mind; the one longest silent is forgotten.
        silent_s: A publisher is silent when nothing came of it for so long, and for three of its periods.
    """

    deliveries: int = 64
    batch_frames: int = 5_000
    batch_values: int = 200_000
    reorder_frames: int = 10_000
    gap_s: float = 15.0
    mark_s: float = 0.2
    retry_s: tuple[float, float] = (0.2, 10.0)
    runs: int = 1_000
    silent_s: float = 15.0


@dataclass
class IngestCounters:
    """What an ingest has seen, in frames unless stated.

    Args:
        received: Taken from the source.
        stored: Written.
        refused: Acknowledged but not stored, because the store can never take them.
        refused_rows: Their rows.
        values: Values written.
        observed: Shown to observers.
        duplicates: Had been stored already.
        foreign: Without number; stored, not marked.
        late: Shown after later ones.
        lost: Numbers that observers no longer wait for and that have not come.
        batches: Writes.
        store_failures: Writes that failed and were tried again.
        observer_failures: Calls of observers that raised.
        malformed: Messages that were not what they should be.
        dropped: Messages the source had no room for.
        other_run: Left over from another run; neither stored nor shown.
    """

    received: int = 0
    stored: int = 0
    refused: int = 0
    refused_rows: int = 0
    values: int = 0
    observed: int = 0
    duplicates: int = 0
    foreign: int = 0
    late: int = 0
    lost: int = 0
    batches: int = 0
    store_failures: int = 0
    observer_failures: int = 0
    malformed: int = 0
    dropped: int = 0
    other_run: int = 0


class Ingest:
    """Reads a source, writes a sink and shows observers what was written.

    Nothing is acknowledged before the store has it, except what it can never take: that is counted as
    refused, and neither stored nor shown. While the store fails, nothing more is read
    than fits the bounds, so the pressure reaches the broker and the publishers' outboxes.

    Args:
        source: Where frames come from; opened and closed here.
        sink: Where they go; opened and closed by the caller.
        observers: Who sees them after the write, e.g. the brain and the live pages.
        config: Bounds.
        keeper: Remembers what was stored before it is acknowledged.
        admits: Whether a frame is of this run, or a stranger's.
        door: What rows may not come in; None: all may.
        passing: Errors of the source at the start that may pass.
    """

    def __init__(
        self,
        source: LinkSource,
        sink: Sink,
        observers: Sequence[Observer] = (),
        config: IngestConfig | None = None,
        keeper: Keeper | None = None,
        admits: Callable[[Frame], bool] = everything,
        door: Door | None = None,
        passing: tuple[type[ConnectorError], ...] = (RetriableError,),
    ):
        self.config = config or IngestConfig()
        self.ready = asyncio.Event()
        """Set once the source is open."""
        self._source, self._sink, self._observers = source, sink, list(observers)
        self._keeper, self._admits, self._door = keeper or NoKeeper(), admits, door
        self._refusals = Refusals()
        self._counters = IngestCounters()
        self._runs: Receptions = {}
        self._unmarked: set[tuple[str, str]] = set()
        self._queue: asyncio.Queue[Delivery | None] = asyncio.Queue(self.config.deliveries)
        self._bases: list[Base] = []
        self._attendance = Attendance(self.config.silent_s)
        self._presence: Callable[[Presence], None] = ignore_presence
        self._busy = asyncio.Lock()
        self._passing = passing
        self._failing = False
        self._held_at: float | None = None

    def observe(self, observer: Observer) -> None:
        """Add an observer."""
        self._observers.append(observer)

    def observe_presence(self, observer: Callable[[Presence], None]) -> None:
        """Tell somebody when a publisher goes or is back, after all that came before was shown."""
        self._presence = observer

    @property
    def still(self) -> asyncio.Lock:
        """Held while frames are taken; whoever holds it finds store, receptions and observers in step."""
        return self._busy

    @property
    def receptions(self) -> Receptions:
        """What has arrived so far."""
        return self._runs

    async def restore(self, receptions: Receptions, events: Iterable[Event]) -> None:
        """Go on from what was kept: observers see again what was shown after it; before :meth:`run`.

        Args:
            receptions: Of the moment at which the observers were saved.
            events: What was kept since then.
        """
        now = asyncio.get_running_loop().time()
        self._runs = receptions
        for run in self._runs.values():
            run.resume(now)
        for event in events:
            await self._again(event)
        self._unmarked.update(self._runs)

    async def _again(self, event: Event) -> None:
        now = asyncio.get_running_loop().time()
        if isinstance(event, Stored):
            for frame in event.frames:
                if frame.seq >= 0:
                    reception = self._reception((frame.publisher, frame.run))
                    reception.arrivals.add(frame.seq)
                    reception.hears(frame)
            await self._show(event.frames)
        elif (run := self._runs.get((event.publisher, event.run))) is not None:
            shown = run.settle(event.first, now) if isinstance(event, Settled) else run.give_up(now)
            await self._observed(list(shown))

    @property
    def counters(self) -> IngestCounters:
        """What happened so far."""
        self._counters.malformed, self._counters.dropped = self._source.malformed, self._source.dropped
        self._counters.late = sum(run.late for run in self._runs.values())
        self._counters.lost = sum(run.lost for run in self._runs.values())
        return self._counters

    @property
    def held_s(self) -> float:
        """For how long the store has not taken what has come, in s of real time; 0 while nothing waits for it."""
        return 0.0 if self._held_at is None else time.monotonic() - self._held_at

    @property
    def refusals(self) -> Mapping[str, int]:
        """What was not taken, by reason: messages that are malformed, rows at the door, rows that the store refused."""
        door = [] if self._door is None else [self._door.refusals]
        return merged([self._source.refusals, *door, self._refusals])

    def status(self) -> dict[str, Any]:
        """Counters and what is open now, for people and panels."""
        return {
            **asdict(self.counters),
            "refusals": self.refusals,
            "waiting": sum(run.held for run in self._runs.values()),
            "publishers": len({publisher for publisher, _ in self._runs}),
            "publishers_seen": self._attendance.rows(time.monotonic()),
            "store_ok": not self._failing,
            "broker_ok": self._source.online,
            "broker_losses": self._source.losses,
        }

    async def run(self) -> None:
        """Read until cancelled or until the source closes.

        Raises:
            FatalError: The source cannot be opened or the broker refuses us.
        """
        self._source.on_base = self._bases.append
        self._source.on_sign = self._attendance.note
        await self._open()
        self.ready.set()
        try:
            await self._work()
        except* FatalError as errors:
            raise errors.exceptions[0] from None
        finally:
            await self._source.close()

    async def idle(self) -> None:
        """Return when nothing has come for a while and all that came is written and shown."""
        before = -1
        while not (self._queue.empty() and not self._busy.locked() and self._counters.received == before):
            before = self._counters.received
            await asyncio.sleep(self.config.mark_s)

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            beat = group.create_task(self._beat())
            group.create_task(self._read())
            while (deliveries := await self._batch()) is not None:
                async with self._busy:  # marks must not tell of what is being written
                    await self._take(deliveries)
            beat.cancel()

    async def _open(self) -> None:
        await retried(self._source.open, "ingest", pauses_s=self.config.retry_s, passing=self._passing)

    async def _read(self) -> None:
        async for delivery in self._source.deliveries():
            await self._queue.put(delivery)
        await self._queue.put(None)

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        taken = (self._taken(frame) for delivery in deliveries for frame in delivery.frames)
        fresh = [frame for frame in taken if frame is not None]
        if self._door is not None:
            fresh = [self._door.admit(frame) for frame in fresh]
        for frame in fresh:  # with the times that the door has let in
            self._attendance.hear(frame, time.monotonic())
        if fresh:
            fresh = await self._store(fresh)
            await self._keep(Stored(fresh))
        for delivery in deliveries:
            await delivery.ack()
        await self._mark(gaps_only=True)
        await self._show(fresh)
        await self._settle_bases()

    async def _batch(self) -> list[Delivery] | None:
        first = await self._queue.get()
        if first is None:
            return None
        batch, frames, values = [first], len(first.frames), sum(frame.size for frame in first.frames)
        while not self._queue.empty() and frames < self.config.batch_frames and values < self.config.batch_values:
            more = self._queue.get_nowait()
            if more is None:
                self._queue.put_nowait(None)
                break
            batch.append(more)
            frames += len(more.frames)
            values += sum(frame.size for frame in more.frames)
        return batch

    def _taken(self, frame: Frame) -> Frame | None:
        """The frame if it is new; without its number, if another one came with that."""
        self._counters.received += 1
        if not self._admits(frame):
            self._counters.other_run += 1
            return None
        if frame.seq < 0:
            self._counters.foreign += 1
            return frame
        key = (frame.publisher, frame.run)
        self._unmarked.add(key)
        run = self._reception(key)
        if run.arrived(frame.seq):
            run.hears(frame)
            return frame
        if frame.kind is RecordKind.KPI or self._arrives(frame) or run.says_again(frame):
            self._counters.duplicates += 1
            return None
        self._refusals.add(TWICE, frame.publisher, f"{TWICE}, got {frame.seq} of {frame.run} again with other rows")
        return replace(frame, seq=-1)

    def _arrives(self, frame: Frame) -> bool:
        """Whether the time of a frame is that of its arrival, so that nothing can be told by it."""
        return self._door is not None and len(frame) > 0 and not self._door.trusts(frame.paths[0])

    def _reception(self, key: tuple[str, str]) -> Reception:
        run = self._runs.pop(key, None)
        if run is None:
            run = Reception(*key, self.config.reorder_frames)
            while len(self._runs) >= self.config.runs:
                del self._runs[next(iter(self._runs))]
        self._runs[key] = run
        return run

    async def _store(self, frames: list[Frame]) -> list[Frame]:
        """Write; halve what is refused until the culprits are alone, who come back without rows."""
        try:
            await self._write(frames)
        except RefusedRowsError as error:
            if len(frames) == 1:
                return [self._refused(frames[0], error)]
            half = len(frames) // 2
            return [*await self._store(frames[:half]), *await self._store(frames[half:])]
        return frames

    def _refused(self, frame: Frame, error: RefusedRowsError) -> Frame:
        self._counters.refused += 1
        self._counters.refused_rows += len(frame)
        whole = f"{frame.kind} refused for good: {error}"
        self._refusals.add(reason_of(error), frame.publisher or "a foreigner", whole, len(frame))
        whose = (Refused(path, frame.kind, int(at)) for path, at in zip(frame.paths, frame.time_ns, strict=True))
        return frame.take([]).without(whose)

    async def _write(self, frames: Sequence[Frame]) -> None:
        frames = [frame for frame in frames if len(frame)]  # one without rows only keeps its place
        self._held_at = time.monotonic()
        try:
            if frames:
                await retried(
                    lambda: self._sink.write(frames),
                    STORING,
                    pauses_s=self.config.retry_s,
                    failed=self._failed,
                    hop="store",
                )
        finally:
            self._failing, self._held_at = False, None
        self._counters.batches += 1
        self._counters.stored += len(frames)
        self._counters.values += sum(frame.size for frame in frames)

    async def _keep(self, event: Event) -> None:
        """Remember something; like the store, this is tried again until it succeeds."""
        try:
            await retried(
                lambda: self._keeper.keep(event),
                NOTING,
                pauses_s=self.config.retry_s,
                failed=self._failed,
                passing=(OSError,),
                hop="journal",
            )
        finally:
            self._failing = False

    def _failed(self) -> None:
        self._failing = True
        self._counters.store_failures += 1

    async def _show(self, frames: Sequence[Frame]) -> None:
        now = asyncio.get_running_loop().time()
        ready: list[Frame] = []
        for frame in frames:
            if frame.seq < 0:
                ready.append(frame)
            else:
                ready.extend(self._reception((frame.publisher, frame.run)).show(frame, now))
        await self._observed(ready)

    async def _observed(self, shown: Sequence[Frame]) -> None:
        # a refused one only keeps its place; that of a heartbeat must be known, or it would be missing in silence
        frames = [frame for frame in shown if len(frame) or frame.refused or frame.kind is RecordKind.HEARTBEAT]
        if not frames:
            return
        self._counters.observed += len(frames)
        for observer in self._observers:
            try:
                result = observer(frames)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                self._counters.observer_failures += 1
                log.exception("ingest: an observer failed")

    async def _settle_bases(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._bases:
            base = self._bases.pop(0)
            key = (base.publisher, base.run)
            if key in self._runs:
                self._unmarked.add(key)
                if base.first > self._runs[key].mark.stored_to:
                    await self._keep(Settled(base.publisher, base.run, base.first))
                await self._observed(list(self._runs[key].settle(base.first, now)))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.config.mark_s)
            async with self._busy:
                await self._settle_bases()
                await self._give_up_gaps()
                self._tell_presence()
                self._unmarked.update(key for key, run in self._runs.items() if run.arrivals.above)
                await self._mark()

    def _tell_presence(self) -> None:
        """Who has gone; not while we are behind ourselves, and not before all was shown that came of one."""
        if not self._queue.empty() or self._failing or not self._source.online:
            return
        unshown = {publisher for (publisher, _), run in self._runs.items() if run.held}
        for presence in self._attendance.changes(time.monotonic(), unshown):
            log.info("ingest: %s is %s", presence.publisher, "there" if presence.alive else "gone")
            try:
                self._presence(presence)
            except Exception:
                self._counters.observer_failures += 1
                log.exception("ingest: an observer of presence failed")

    async def _give_up_gaps(self) -> None:
        now = asyncio.get_running_loop().time()
        for run in self._runs.values():
            if run.gap_since is not None and now - run.gap_since > self.config.gap_s:
                log.warning("ingest: %s: gap before %s given up", run.publisher, run.mark.missing[-1:])
                await self._keep(GivenUp(run.publisher, run.run))
                await self._observed(list(run.give_up(now)))

    async def _mark(self, gaps_only: bool = False) -> None:
        for key in list(self._unmarked):
            run = self._runs.get(key)
            if run is None:
                self._unmarked.discard(key)
            elif not gaps_only or run.has_new_gap():
                self._unmarked.discard(key)
                with suppress(RetriableError):
                    await self._source.mark(run.mark)
