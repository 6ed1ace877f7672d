"""The simulated machine beside the real one: what it would say, and how far the real one is from it.

Both are tags of the unit, under names of their own, so nothing that counts reads them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from twin.equipment import EquipmentPath
from twin.records import BAD, GOOD, Frame, RecordKind
from twin.tags import TagSpec

BESIDE, RESIDUAL = "simulated_", "residual_"
"""Before the name of a tag: what the simulated machine says, and the real one's value minus that."""
STATE = "state_code"
"""Of the state the residual is 1 where both differ, else 0: numbers of states have no distance."""
HELD_NS = 10_000_000_000
"""Longest time for which a value of the simulated machine is taken to hold."""
KEPT = 64
"""Rows of the simulated machine that are kept: the real one's come later."""


def beside(frame: Frame) -> Frame:
    """Telemetry of a simulated machine under the names of its shadow."""
    return replace(frame, tags=tuple(f"{BESIDE}{tag}" for tag in frame.tags))


def shadow_tags(tags: Iterable[TagSpec]) -> list[TagSpec]:
    """What a unit whose simulated machine runs beside the real one says besides its tags."""
    found = []
    for tag in tags:
        en, zh = f"{tag.en}, simulated", f"{tag.zh}（仿真）"
        found.append(replace(tag, name=f"{BESIDE}{tag.name}", en=en, zh=zh))
        span = max(abs(tag.high - tag.low), 1.0)
        state = replace(
            tag, name=f"{RESIDUAL}{tag.name}", unit="1", low=0.0, high=1.0, counter=False,
            en=f"{tag.en}, real other than simulated", zh=f"{tag.zh}（实测与仿真不同）",
        )  # fmt: skip
        distance = replace(
            state, unit=tag.unit, low=-span, high=span,
            en=f"{tag.en}, real minus simulated", zh=f"{tag.zh}（实测减仿真）",
        )  # fmt: skip
        found.append(state if tag.name == STATE else distance)
    return found


class Residuals:
    """How far real machines are from their shadows, from what both say.

    Args:
        paths: Units that have a shadow.
        real: Whether a frame is a real machine's.
    """

    def __init__(self, paths: Iterable[str], real: Callable[[Frame], bool]):
        self._paths, self._real = frozenset(paths), real
        self._rows: dict[str, deque[tuple[int, dict[str, float]]]] = defaultdict(lambda: deque(maxlen=KEPT))

    def of(self, frame: Frame) -> list[Frame]:
        """The residuals that follow from a frame, each with the time of the real machine's row."""
        if frame.kind is not RecordKind.TELEMETRY or not self._paths or self._paths.isdisjoint(frame.paths):
            return []
        if frame.tags and frame.tags[0].startswith(BESIDE):
            self._keep(frame)
            return []
        return [one for row in range(len(frame)) if (one := self._residual(frame, row))] if self._real(frame) else []

    def _keep(self, frame: Frame) -> None:
        for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
            rows = self._rows[path]
            if path in self._paths and (not rows or time_ns > rows[-1][0]):
                names = (tag.removeprefix(BESIDE) for tag in frame.tags)
                rows.append((time_ns, dict(zip(names, values.tolist(), strict=True))))

    def _residual(self, frame: Frame, row: int) -> Frame | None:
        path, time_ns = frame.paths[row], int(frame.time_ns[row])
        shadow = self._at(path, time_ns)
        found: dict[str, float] = {}
        for column, tag in enumerate(frame.tags):
            good = frame.quality is None or frame.quality[row, column] != BAD
            if tag in shadow and good:
                value, other = float(frame.values[row, column]), shadow[tag]
                found[f"{RESIDUAL}{tag}"] = float(value != other) if tag == STATE else value - other
        found = {tag: value for tag, value in found.items() if np.isfinite(value)}
        return _row(path, time_ns, found) if found else None

    def _at(self, path: str, time_ns: int) -> dict[str, float]:
        """What the shadow said last up to a time; nothing where that is long ago."""
        rows = self._rows.get(path, ())
        place = bisect_right([time for time, _ in rows], time_ns)
        if not place or time_ns - rows[place - 1][0] > HELD_NS:
            return {}
        return rows[place - 1][1]


def _row(path: EquipmentPath, time_ns: int, values: dict[str, float]) -> Frame:
    row = np.array([list(values.values())])
    return Frame(
        RecordKind.TELEMETRY, (path,), np.array([time_ns], np.int64), tuple(values), row, np.full(row.shape, GOOD)
    )
