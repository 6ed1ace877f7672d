"""Speed of the brain: a day of 150 units, with and without the running window."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.brain.made import LINE, frames, made
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind

LINES, TICK_S = 30, 10


def copied(frame: Frame) -> list[Frame]:
    """One frame of the hand-made line as that of thirty lines."""
    if frame.kind is RecordKind.HEARTBEAT or not frame.paths[0].startswith("works/"):
        return [frame]
    copies = [tuple(_moved(path, line) for path in frame.paths) for line in range(LINES)]
    if frame.kind is RecordKind.META:
        return [Frame(frame.kind, paths, frame.time_ns, frame.tags, frame.values) for paths in copies]
    paths = tuple(path for copy in copies for path in copy)
    return [Frame(frame.kind, paths, np.tile(frame.time_ns, LINES), frame.tags, np.tile(frame.values, (LINES, 1)))]


def _moved(path: EquipmentPath, line: int) -> EquipmentPath:
    return EquipmentPath(path.replace(LINE, f"{LINE}{line}"))


@pytest.mark.bench
def test_a_day_of_150_units() -> None:
    sent = [copy for frame in frames(made(24, seed=1, tick_s=TICK_S), TICK_S) for copy in copied(frame)]
    rows = sum(len(frame) for frame in sent)
    for live_s in (None, 600.0):
        brain, given = Brain(BrainConfig(live_s=live_s)), 0
        start = time.perf_counter()
        for frame in sent:
            given += sum(len(figures) for figures in brain.process(frame))
        spent = time.perf_counter() - start
        assert brain.stats.rows > rows * 0.99
        assert brain.stats.late == 0
        print(f"brain, live {live_s}: {rows / spent:,.0f} rows/s in, {given:,} figures out, {spent:.2f} s")
