"""What was said of a closed window, so that a new computation says only what is different, and how often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.brain.windows import LONGEST_NS
from twin.equipment import EquipmentPath
from twin.kpi.spec import RULE_VERSION
from twin.records import COLUMNS, QUALITY_WORDS, Frame, RecordKind

AT = {name: index for index, name in enumerate(COLUMNS[RecordKind.KPI])}
FIGURES = [
    AT[name]
    for name in ("value", "numerator", "denominator", "coverage", "low", "high", "flag_gt1", "overtime")
]  # fmt: skip
QUALITIES = {word: float(rank) for rank, word in enumerate(QUALITY_WORDS)}
GONE = "bad"
"""Quality of a record that is taken back: its indicator has no value any more."""
FACTORS = np.array([2 * 0x9E3779B97F4A7C15 * (k + 1) % 2**64 | 1 for k in range(len(FIGURES) + 1)], dtype=np.uint64)


@dataclass(eq=False)
class LastSaid:
    """The last records of one window: whose, which, what they said in short, how often they were revised.

    Args:
        paths: Scopes.
        names: Indicator and level of each.
        marks: Number made from the figures, uint64[rows].
        revisions: int32[rows].
    """

    paths: list[EquipmentPath]
    names: list[tuple[str, str]]
    marks: NDArray[np.uint64]
    revisions: NDArray[np.int32]


def first(frame: Frame) -> LastSaid:
    """What a window's first records say."""
    names = list(zip(frame.values[:, AT["kpi"]].tolist(), frame.values[:, AT["scope"]].tolist(), strict=True))
    revisions = np.zeros(len(frame), dtype=np.int32)
    return LastSaid(list(frame.paths), names, _marks(frame.values), revisions)


def again(told: LastSaid, frame: Frame, whole: bool = True) -> tuple[Frame | None, LastSaid]:
    """The records of a new computation that say something else, with their revision, and what is said now.

    What has no value any more is taken back by :func:`withdrawn`.

    Args:
        told: What was said before.
        frame: The records of the new computation.
        whole: Whether these are all there are.
    """
    known = {(path, *name): row for row, (path, name) in enumerate(zip(told.paths, told.names, strict=True))}
    new = first(frame)
    keys = [(path, *name) for path, name in zip(new.paths, new.names, strict=True)]
    before = [known.pop(key, -1) for key in keys]
    for row, old in enumerate(before):
        if old >= 0:
            new.revisions[row] = told.revisions[old] + (told.marks[old] != new.marks[row])
    frame.values[:, AT["revision"]] = new.revisions.tolist()
    changed = [row for row, old in enumerate(before) if old < 0 or told.marks[old] != new.marks[row]]
    rest = list(known.values())
    return frame.take(changed) if changed else None, _with(new, told, rest) if whole else _beside(new, told, rest)


def withdrawn(told: LastSaid, frame: Frame | None, window: tuple[str, int, int]) -> Frame | None:
    """Records that take back what a new computation does not say any more.

    Args:
        told: What was said before.
        frame: The new computation; None when it says nothing.
        window: Kind, begin and end of the window.
    """
    kept = set() if frame is None else {
        (path, kpi) for path, kpi in zip(frame.paths, frame.values[:, AT["kpi"]].tolist(), strict=True)
    }  # fmt: skip
    kind, t0_ns, t1_ns = window
    rows = [
        row
        for row, (path, (kpi, _)) in enumerate(zip(told.paths, told.names, strict=True))
        if (path, kpi) not in kept and told.marks[row] != TAKEN_BACK
    ]
    if not rows:
        return None
    values = np.empty((len(rows), len(AT)), dtype=object)
    for place, row in enumerate(rows):
        kpi, scope = told.names[row]
        revision = int(told.revisions[row]) + 1
        values[place] = (kpi, scope, kind, t0_ns, None, None, None, 0.0, GONE, RULE_VERSION, None, None, 0, 0, revision)
    times = np.full(len(rows), t1_ns, dtype=np.int64)
    return Frame(RecordKind.KPI, tuple(told.paths[row] for row in rows), times, COLUMNS[RecordKind.KPI], values)


def _with(new: LastSaid, told: LastSaid, gone: list[int]) -> LastSaid:
    """What is said now, with what was taken back."""
    if not gone:
        return new
    marks = np.full(len(gone), TAKEN_BACK, dtype=np.uint64)
    once = (told.marks[gone] != TAKEN_BACK).astype(np.int32)
    return LastSaid(
        new.paths + [told.paths[row] for row in gone],
        new.names + [told.names[row] for row in gone],
        np.concatenate([new.marks, marks]),
        np.concatenate([new.revisions, told.revisions[gone] + once]),
    )


def _beside(new: LastSaid, told: LastSaid, rest: list[int]) -> LastSaid:
    """What is said now, with what stays as it was said."""
    return LastSaid(
        new.paths + [told.paths[row] for row in rest],
        new.names + [told.names[row] for row in rest],
        np.concatenate([new.marks, told.marks[rest]]),
        np.concatenate([new.revisions, told.revisions[rest]]),
    )


TAKEN_BACK = np.uint64(0)


def _marks(values: NDArray[Any]) -> NDArray[np.uint64]:
    figures = values[:, FIGURES].astype(float) + 0.0
    figures[np.isnan(figures)] = np.nan
    quality = np.array([QUALITIES.get(each, 9.0) for each in values[:, AT["quality"]]])
    bits = np.ascontiguousarray(np.column_stack([figures, quality])).view(np.uint64)
    marks: NDArray[np.uint64] = ((bits ^ (bits >> np.uint64(29))) * FACTORS).sum(axis=1, dtype=np.uint64)
    return marks | np.uint64(1)


class Sayings:
    """What was said of the closed windows of one place or group."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, tuple[str, int, int]], LastSaid] = {}

    def say(self, path: str, window: tuple[str, int, int], frame: Frame | None, whole: bool = True) -> list[Frame]:
        """The records to give out of what a computation says of a window.

        Args:
            path: Where the window is one of.
            window: Kind, begin and end.
            frame: What is said; None: nothing.
            whole: Whether that is all that is to be said, so that the rest is taken back.
        """
        told = self.told.get((path, window))
        if told is None:
            if frame is not None:
                self.told[path, window] = first(frame)
            return [] if frame is None else [frame]
        if not whole:
            changed, self.told[path, window] = (None, told) if frame is None else again(told, frame, whole)
            return [] if changed is None else [changed]
        back = withdrawn(told, frame, window)
        if frame is None:
            self.told[path, window] = _with(_nothing(), told, list(range(len(told.paths))))
            return [] if back is None else [back]
        changed, self.told[path, window] = again(told, frame)
        return _joined([each for each in (changed, back) if each is not None])

    def prune(self, before_ns: int) -> None:
        """Forget windows that began before a time."""
        ended = takewhile(lambda key: key[1][2] < before_ns + LONGEST_NS, self.told)  # they came in order of their end
        for key in [key for key in ended if key[1][1] < before_ns]:
            del self.told[key]


def _joined(frames: list[Frame]) -> list[Frame]:
    if len(frames) < 2:
        return frames
    paths = tuple(path for frame in frames for path in frame.paths)
    times, values = (np.concatenate([getattr(frame, name) for frame in frames]) for name in ("time_ns", "values"))
    return [replace(frames[0], paths=paths, time_ns=times, values=values)]


def _nothing() -> LastSaid:
    return LastSaid([], [], np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32))
