"""The judge of all fault tests: what the store holds after a run, beside what an undisturbed run of the same seed says.

The plant is deterministic, so the undisturbed run needs no broker and no clock: the same plant is run headless
over the same simulated span, and a brain of its own makes the key figures from what the plant says.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from brokers.stores import Store, open_store
from scenarios.headless.feed import Feed
from scenarios.live.backfill import COARSE_TICK_S, FINE_S, FINE_TICK_S, first_feed
from scenarios.live.plant_role import live_tick
from scenarios.live.settings import RunSettings
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind

EXACT = (
    RecordKind.STATE,
    RecordKind.PART,
    RecordKind.STOCK,
    RecordKind.SHIPMENT,
    RecordKind.ORDER,
    RecordKind.ALARM,
)
"""Kinds of which every row is known beforehand."""
MOST_ROWS = 1_000_000
SHORT = 12
FAR_NS = 1 << 62
Row = tuple[Any, ...]
Figure = tuple[str, str, str, int]
"""Path, KPI, window and end of the window."""


@dataclass
class Verdict:
    """What became of a run.

    Args:
        rows: Rows of events that an undisturbed run has.
        lost: Of those, not in the store.
        doubled: In the store, but not of this plant, or more than once.
        figures: Key figures of closed windows that an undisturbed run has.
        wrong: Of those, missing, or ``good`` and different.
        uncertain: Different, and not ``good``.
        examples: Some of what is lost, doubled or wrong.
    """

    rows: int = 0
    lost: int = 0
    doubled: int = 0
    figures: int = 0
    wrong: int = 0
    uncertain: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, doubled or wrong."""
        return not (self.lost or self.doubled or self.wrong)

    def __str__(self) -> str:
        numbers = f"{self.lost} lost and {self.doubled} doubled of {self.rows} rows, "
        numbers += f"{self.wrong} wrong and {self.uncertain} not good of {self.figures} figures"
        return "\n  ".join([numbers, *self.examples])


@dataclass
class Undisturbed:
    """Rows and figures of the plant alone."""

    rows: Counter[Row] = field(default_factory=Counter)
    figures: dict[Figure, Row] = field(default_factory=dict)


async def judged(settings: RunSettings) -> Verdict:
    """Compare the store of a run that has ended with an undisturbed run up to its last common heartbeat."""
    store = open_store(settings.store)
    await store.open()
    try:
        beats = await store.latest(RecordKind.HEARTBEAT)
        end_ns = min(time_ns for path, time_ns in zip(beats.paths, beats.time_ns.tolist(), strict=True) if _site(path))
        truth = undisturbed(settings, end_ns)
        verdict = Verdict()
        await _rows(store, truth, end_ns, verdict)
        await _figures(store, truth, end_ns, settings, verdict)
        return verdict
    finally:
        await store.close()


def _site(path: EquipmentPath) -> bool:
    return not str(path).startswith("brain")


def undisturbed(settings: RunSettings, end_ns: int) -> Undisturbed:
    """The plant of these settings run headless to a time, in the same ticks.

    Windows whose open operations have ended are settled at the end: when a brain does so by itself depends on when it
    looked, and one that had to look again has them right before the other.
    """
    feed, brain, truth = first_feed(settings), Brain(), Undisturbed()
    for _, frame in feed.meta():
        brain.process(frame)
    for frame in _frames(feed, settings, (end_ns - feed.plant.epoch_ns) * 1e-9):
        if frame.kind in EXACT:
            truth.rows.update(_events(frame, end_ns))
        for figure in brain.process(frame):
            _note(truth.figures, figure, feed.plant.epoch_ns)
    for figure in brain.flush():
        _note(truth.figures, figure, feed.plant.epoch_ns)
    return truth


def _frames(feed: Feed, settings: RunSettings, until_s: float) -> Iterator[Frame]:
    live_s = live_tick(settings.tick_s, settings.speed)
    fine_s = max(settings.backfill_s - FINE_S, 0.0) // 3600 * 3600
    for end_s, tick_s in ((fine_s, COARSE_TICK_S), (settings.backfill_s, FINE_TICK_S), (until_s, live_s)):
        for time_s in feed.steps(min(end_s, until_s), tick_s) if end_s > feed.now_s else ():
            for _, said in feed.advance(time_s):
                yield from said


def _events(frame: Frame, end_ns: int) -> list[Row]:
    """Rows before the end: what happens in that very instant is said by who goes on after it."""
    rows = zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True)
    return [(str(frame.kind), str(path), at, *map(_plain, values)) for path, at, values in rows if at < end_ns]


def _plain(value: Any) -> Any:
    """A value as all stores give it back."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return round(float(value), 6) if isinstance(value, int | float) else str(value)


def _note(figures: dict[Figure, Row], frame: Frame, since_ns: int = 0) -> None:
    columns = {name: frame.tags.index(name) for name in ("kpi", "window", "t0_ns", "value", "quality")}
    for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
        window = row[columns["window"]]
        if window != "live" and row[columns["t0_ns"]] >= since_ns:
            key = (str(path), row[columns["kpi"]], window, time_ns)
            figures[key] = (row[columns["value"]], row[columns["quality"]])


async def _rows(store: Store, truth: Undisturbed, end_ns: int, verdict: Verdict) -> None:
    found: Counter[Row] = Counter()
    for kind in EXACT:
        found.update(_events(await store.rows(kind, "", 0, FAR_NS, MOST_ROWS), end_ns))
    lost, doubled = truth.rows - found, found - truth.rows
    verdict.rows = truth.rows.total()
    verdict.lost, verdict.doubled = lost.total(), doubled.total()
    for word, rows in (("lost", lost), ("doubled", doubled)):
        verdict.examples += [f"{word}: {row}" for row in sorted(rows, key=lambda row: row[2])[:SHORT]]


async def _figures(store: Store, truth: Undisturbed, end_ns: int, settings: RunSettings, verdict: Verdict) -> None:
    found: dict[Figure, Row] = {}
    _note(found, await store.rows(RecordKind.KPI, "", 0, FAR_NS, MOST_ROWS))
    closed_ns = end_ns - round(2 * live_tick(settings.tick_s, settings.speed) * 1e9)
    for key, (value, quality) in truth.figures.items():
        if key[3] > closed_ns:
            continue
        verdict.figures += 1
        got, got_quality = found.get(key, (None, "missing"))
        if got_quality == "missing" or not _equal(value, got):
            good = got_quality in ("good", "missing")
            verdict.wrong += good
            verdict.uncertain += not good
            if good and len(verdict.examples) < 3 * SHORT:
                verdict.examples.append(f"figure {key}: expected {value} {quality}, got {got} {got_quality}")


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
