"""A quantity that no sum can be made with is refused and counted, and harms no figure."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from brokers.columns import misfit
from tests.brain.made import EPOCH, SITE, UNITS, H, S, frames, made
from twin.brain import Brain, BrainConfig
from twin.records import MOST_PIECES, Frame, RecordKind, records

HOURS = 4
AT = EPOCH + 90 * 60 * S
SAW, STORE = UNITS[0], UNITS[1]
Rows = dict[tuple[str, str, str, int], tuple[Any, str]]


def with_huge(huge: float) -> dict[str, Frame]:
    """A row of each kind in which a quantity is huge."""
    part, order = ("cube", 1.0, 0.0, 0.0, 40.0, 1, None), ("o7", "received", "cube", huge, None, "", "")
    found = {
        f"part {column}": records(RecordKind.PART, [(SAW, AT, (*part[:place], huge, *part[place + 1 :]))])
        for place, column in ((1, "good"), (2, "scrap"), (3, "rework"), (4, "ideal_s"))
    }
    return found | {
        "stock": records(RecordKind.STOCK, [(STORE, AT, ("cube", huge))]),
        "shipment": records(RecordKind.SHIPMENT, [(STORE, AT, ("s", "departed", "cube", huge, "", ""))]),
        "order": records(RecordKind.ORDER, [(STORE, AT, order)]),
        "counter": Frame(RecordKind.TELEMETRY, (SAW,), np.array([AT]), ("energy_kwh",), np.array([[huge]])),
    }


def figures(more: Frame | None = None) -> tuple[Rows, Brain]:
    """All that is said of the closed windows of a hand-made site; any overflow is an error."""
    brain, found, sent = Brain(BrainConfig(live_s=None)), {}, frames(made(HOURS, 5))
    if more is not None:
        sent.insert(next(place for place, frame in enumerate(sent) if frame.time_ns[0] > AT), more)
    with np.errstate(over="raise", invalid="raise"):
        for frame in sent:
            for said in brain.process(frame):
                for row in said.rows():
                    key = (str(row["path"]), row["kpi"], row["window"], row["time_ns"])
                    found[key] = (row["value"], row["quality"])
    return found, brain


@cache
def plain() -> Rows:
    return figures()[0]


@pytest.mark.parametrize("huge", [1e300, -1e300, 1.7e308])
@pytest.mark.parametrize("what", list(with_huge(1.0)))
def test_it_is_refused_and_no_figure_changes(what: str, huge: float) -> None:
    """Where it was meant to count figures are not good, as with every row that is refused; elsewhere they are."""
    frame = with_huge(huge)[what]
    found, brain = figures(frame)
    assert brain.stats.rejected == 1
    assert {key: value for key, (value, _) in found.items()} == {key: value for key, (value, _) in plain().items()}
    doubted = {key for key, (_, quality) in found.items() if quality != plain()[key][1]}
    assert bool(doubted) == (what != "counter"), "a reading is made up for by the next"
    for path, _, window, time_ns in doubted:
        assert frame.paths[0].is_under(path) or path.startswith("chain-cubes")
        assert time_ns > AT
        assert window != "hour" or time_ns - H <= AT or not what.startswith("part"), (time_ns - EPOCH) / H


@pytest.mark.parametrize("huge", [1e300, -1e300])
def test_it_does_not_come_through_the_door(huge: float) -> None:
    for what, frame in with_huge(huge).items():
        if frame.kind is not RecordKind.TELEMETRY:
            assert f"got {huge!r}" in misfit(frame.kind, frame.values), what
    for what, frame in with_huge(1000.0).items():
        if frame.kind is not RecordKind.TELEMETRY:
            assert misfit(frame.kind, frame.values) == "", what


def test_the_largest_that_is_taken_changes_its_own_hours_only() -> None:
    """Other units, and other hours of the unit, are as they were; its day and what stands above it hold it."""
    found, brain = figures(with_huge(MOST_PIECES)["part good"])
    assert brain.stats.rejected == 0
    hour, above = -(-AT // H) * H, {str(SAW), str(SAW.line), str(SITE.child("hall")), str(SITE), "works"}
    hit = {key for key, value in found.items() if plain().get(key) != value}
    assert any(kpi == "good_quantity" for _, kpi, _, _ in hit)
    for path, kpi, window, time_ns in hit:
        around = time_ns in (hour, hour - H)
        assert path in above or path.startswith("chain-cubes"), (path, kpi)
        assert window != "hour" or around, (path, kpi, (time_ns - EPOCH) / H)
