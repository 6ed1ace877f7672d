"""What the devices of the shipped scenarios say is never two different rows where a store keeps one."""

from __future__ import annotations

from collections import Counter

import pytest

from brokers.stores.schema import ROW_KEY
from scenarios.headless.feed import Feed
from scenarios.loader import LIBRARY, load
from twin.records import Frame, RecordKind

NAMES = sorted(path.stem for path in LIBRARY.glob("*.yaml"))
KINDS = (RecordKind.STATE, RecordKind.PART, RecordKind.SHIPMENT, RecordKind.ORDER, RecordKind.ALARM)
"""Events; a stock is a level, of which the later one of an instant holds."""
HOURS = {"nev_chain": 3}
"""Simulated hours; 24 of the others."""


def keys(frame: Frame) -> list[tuple[object, ...]]:
    """What tells the rows of a frame apart in every store."""
    columns = [frame.column(name).tolist() for name in ROW_KEY.get(frame.kind, ())]
    return list(zip([frame.kind] * len(frame), frame.paths, frame.time_ns.tolist(), *columns, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_no_two_rows_of_one_key(name: str) -> None:
    feed = Feed.of(load(name))
    seen: Counter[tuple[object, ...]] = Counter()
    for time_s in feed.steps(HOURS.get(name, 24) * 3600.0, 900.0):
        for _, frames in feed.advance(time_s):
            for frame in frames:
                if frame.kind in KINDS:
                    seen.update(keys(frame))
    assert any(key[0] is RecordKind.PART for key in seen)
    twice = [key for key, count in seen.items() if count > 1]
    assert not twice, twice[:5]
