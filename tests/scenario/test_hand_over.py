"""What a live plant goes on with after its history: no gap, nothing twice, the same plant."""

from __future__ import annotations

import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scenarios.headless.feed import Feed
from scenarios.loader import load
from twin.plant.plant import Plant
from twin.records import RecordKind

EVENTS = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.SHIPMENT, RecordKind.ORDER, RecordKind.ALARM)
HISTORY_S, END_S = 3660.0, 5400.0


def said(feed: Feed, until_s: float, tick_s: float) -> Counter[Any]:
    """Event rows on the way to a time, each with how often it was said."""
    rows: Counter[Any] = Counter()
    for time_s in feed.steps(until_s, tick_s):
        for _, frames in feed.advance(time_s):
            for frame in frames:
                if frame.kind in EVENTS:
                    rows.update(
                        (frame.kind, str(path), time_ns, tuple(map(str, values)))
                        for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True)
                    )
    return rows


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "plant.state"


def test_the_live_plant_goes_on_where_the_history_ends(state: Path) -> None:
    scenario = load("nev_chain")
    first = Feed.of(scenario)
    rows = said(first, HISTORY_S, 300.0)
    first.save(state)
    second = Feed.resume(state)
    assert second.now_s == HISTORY_S
    rows += said(second, END_S, 10.0)
    whole = Feed.of(scenario)
    assert rows == said(whole, END_S, 900.0)
    plant = Plant(scenario.plant(), scenario.run.seed)
    plant.run_until(END_S)
    assert second.plant.fingerprint() == whole.plant.fingerprint() == plant.fingerprint()


def test_the_saved_plant_is_for_its_owner_only(state: Path) -> None:
    Feed.of(load("nev_chain")).save(state)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
