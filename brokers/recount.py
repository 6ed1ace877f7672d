"""Windows of the past computed again from a store: what is asked of it, and what is said anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from brokers.stores import Store
from twin.brain import Brain
from twin.brain.recount import Piece, Recount, StoreQuestion
from twin.equipment import EquipmentPath
from twin.kpi.amounts import NS_PER_H
from twin.records import GOOD, UNCERTAIN, Frame, RecordKind

STEP_NS = 6 * NS_PER_H
"""Events are read in pieces of so much time."""
CORRECTED_NS = 31 * 24 * NS_PER_H
"""What was made is corrected within such a time, or it stays as it was said."""
ALL = 1 << 40
MINUTE_NS = 60_000_000_000
SHARE = 0.25
"""Most of the time that is spent on the past while records arrive."""

UNSURE = "a store does not say which publisher was silent, so what was partial stays so (--heard: none was)"

T = TypeVar("T")
Say = Callable[[Frame], Awaitable[None]]


@dataclass
class Recounted:
    """What was computed again so far.

    Args:
        windows: Windows computed.
        revised: Indicators that now say something else.
        gone: Windows of which something stays as it is, because the store does not have all that it is made of.
        reason: Why, of the last of these; empty: there was none.
    """

    windows: int = 0
    revised: int = 0
    gone: int = 0
    reason: str = ""


class Recounter:
    """Computes windows of the past again, a piece at a time.

    Args:
        store: Where records are read.
        say: Gets the indicators that differ from what is stored.
        share: Most of the time that is spent; 1: all of it.
        vouched: Somebody says that every publisher was heard whenever its site was.
    """

    def __init__(self, store: Store, say: Say, share: float = SHARE, vouched: bool = False) -> None:
        self.counters = Recounted()
        self._corrections: dict[tuple[EquipmentPath, int], int] = {}
        """Time of the last correction in a step of a site's past, 0 where there is none."""
        self._noted: dict[EquipmentPath, int] = {}
        self._store, self._say, self._share, self._vouched = store, say, share, vouched

    async def piece(self, brain: Brain, piece: Piece) -> None:
        """Compute one piece again.

        Args:
            brain: Knows of places, units and publishers.
            piece: What is owed.

        Raises:
            StoreError: The store is away.
        """
        recount = Recount(brain, piece, self._vouched)
        kept_ns = await self._store.since_ns()
        if kept_ns is not None:
            self._drop(recount, kept_ns)
        asked = recount.asked
        if asked is None:
            return
        loads = [frame async for frame in self._events(RecordKind.SHIPMENT, "", (asked.moved_ns, asked.t1_ns))]
        recount.moves(loads)
        for site in asked.sites:
            known = brain.site(site)
            if self._noted.get(site) != known.past.noted:  # what lies in the store may be more than before
                self._noted[site] = known.past.noted
                self._corrections = {key: last for key, last in self._corrections.items() if key[0] != site}
            await self._site(recount, site, asked, known.mark or 0)
        for path, window, new in await self._work(lambda: list(recount.figures())):
            stored = await self._store.rows(RecordKind.KPI, path, window.t1_ns, window.t1_ns + 1, ALL)
            found = recount.differs(path, window, stored, new, kept_ns is not None)
            self.counters.windows += 1
            if found.less:
                self._gone(1, "the store no longer has all that this window was made of")
            elif found.unsure:
                self._gone(1, UNSURE)
            if found.frame is not None:
                self.counters.revised += len(found.frame)
                await self._say(found.frame)

    def _drop(self, recount: Recount, kept_ns: int) -> None:
        """Leave out the windows of which the store has not all."""
        whole = [key for key in recount.windows if key[1].t0_ns >= kept_ns]
        if len(whole) < len(recount.windows):
            self._gone(len(recount.windows) - len(whole), "older than the store keeps")
        recount.windows = whole

    def _gone(self, windows: int, reason: str) -> None:
        self.counters.gone += windows
        self.counters.reason = reason

    async def _site(self, recount: Recount, site: EquipmentPath, asked: StoreQuestion, mark_ns: int) -> None:
        span = (asked.t0_ns, asked.t1_ns)
        beats = [frame async for frame in self._events(RecordKind.HEARTBEAT, site, span)]
        recount.beats(site, [time_ns for frame in beats for time_ns in frame.time_ns.tolist()])
        for kind in (RecordKind.STATE, RecordKind.STOCK):
            await self._take(recount, await self._store.before(kind, site, asked.t0_ns))
        made = asked.t0_ns, await self._corrected_until(site, asked.t1_ns, mark_ns)
        for kind, its_span in ((RecordKind.STATE, span), (RecordKind.PART, made), (RecordKind.STOCK, span)):
            async for frame in self._events(kind, site, its_span):
                await self._take(recount, frame)
        async for frame in self._events(RecordKind.ORDER, site, (asked.orders_ns, asked.t1_ns)):
            await self._take(recount, frame)
        for unit, tag in list(recount.counters(site)):
            times, values = await self._store.series(unit, tag, *span, ALL, int(UNCERTAIN))
            good, _ = await self._store.series(unit, tag, *span, ALL, int(GOOD))
            if len(times):
                await self._take(recount, readings(unit, tag, times, values, ~np.isin(times, good)))

    async def _corrected_until(self, site: EquipmentPath, t1_ns: int, mark_ns: int) -> int:
        """Until when completions are read: a later one may correct what was made before, or say that some lack."""
        until_ns = t1_ns
        for step in range(t1_ns // STEP_NS, min(t1_ns + CORRECTED_NS, mark_ns) // STEP_NS + 1):
            last_ns = self._corrections.get((site, step))
            if last_ns is None:
                last_ns = self._corrections[site, step] = await self._last_correction(site, step)
            until_ns = max(until_ns, last_ns + 1)
        return until_ns

    async def _last_correction(self, site: EquipmentPath, step: int) -> int:
        frame = await self._store.rows(RecordKind.PART, site, step * STEP_NS, (step + 1) * STEP_NS, ALL)
        if not len(frame):
            return 0
        taken = np.array([frame.column(name) for name in ("good", "scrap", "rework")], dtype=float) < 0
        lacking = frame.column("lacking") == 1
        return int(frame.time_ns[taken.any(axis=0) | lacking].max(initial=0))

    async def _events(self, kind: RecordKind, under: str, span: tuple[int, int]) -> AsyncIterator[Frame]:
        step_ns = STEP_NS if span[0] > 0 else span[1] - span[0]
        for t0_ns in range(*span, step_ns):
            frame = await self._store.rows(kind, under, t0_ns, min(t0_ns + step_ns, span[1]), ALL)
            if len(frame):
                yield frame

    async def _take(self, recount: Recount, frame: Frame) -> None:
        if len(frame):
            await self._work(lambda: recount.process(frame))

    async def _work(self, work: Callable[[], T]) -> T:
        """Do something beside the rest, and leave the rest its time."""
        begun = time.monotonic()
        result = await asyncio.to_thread(work)
        await asyncio.sleep((time.monotonic() - begun) * (1.0 / self._share - 1.0))
        return result


def readings(
    unit: EquipmentPath, tag: str, times: NDArray[np.int64], values: NDArray[np.float64], doubted: NDArray[np.bool_]
) -> Frame:
    """Readings of a counter, of each minute the first and the last, which say all that is kept of them.

    Args:
        unit: The unit.
        tag: The counter.
        times: Times of the readings.
        values: The counter.
        doubted: Whether a reading is uncertain; all of these are given.
    """
    minute = times // MINUTE_NS
    first, last = np.diff(minute, prepend=minute[0] - 1) != 0, np.diff(minute, append=minute[-1] + 1) != 0
    rows = np.flatnonzero(first | last | doubted)
    quality = np.where(doubted[rows, None], UNCERTAIN, GOOD) if doubted.any() else None
    return Frame(RecordKind.TELEMETRY, (unit,) * len(rows), times[rows], (tag,), values[rows, None], quality)
