"""A publisher that goes and says the rest later changes no figure, whoever tells of it and since when he listens."""

from __future__ import annotations

import math
from functools import cache

import pytest

from scenarios.headless.feed import Feed
from scenarios.loader import load
from twin.brain import Brain
from twin.ports import Presence
from twin.records import Frame, RecordKind

SITE = "jialing/beibei"
HOURS, GONE_AT_S = 4, 2 * 3600 + 840.0
Figures = dict[tuple[str, str, str, int], tuple[float | None, str]]


@cache
def told() -> list[tuple[float, Frame]]:
    """What the plant of the workshop says in some hours, numbered."""
    scenario = load("workshop")
    feed = Feed(scenario.plant(), 3, scenario.base)
    said = [(0.0, frame) for _, frame in feed.meta()]
    for time_s in feed.steps(HOURS * 3600.0, 120.0):
        said += [(time_s, frame) for _, frames in feed.advance(time_s) for frame in frames]
    return [(time_s, frame.stamped(SITE, "r", number)) for number, (time_s, frame) in enumerate(said)]


def figures(presence: Presence | None = None) -> Figures:
    """The figures of closed windows; at a moment the brain hears that the publisher has gone."""
    brain, found = Brain(), dict[tuple[str, str, str, int], tuple[float | None, str]]()
    beat_ns = 0
    for time_s, frame in told():
        if presence is not None and time_s > GONE_AT_S:
            brain.presence(Presence(presence.publisher, False, beat_ns, presence.paths, presence.whole))
            presence = None
        if frame.kind is RecordKind.HEARTBEAT:
            beat_ns = int(frame.time_ns[-1])
        for figure in brain.process(frame):
            note(found, figure)
    return found


def note(found: Figures, frame: Frame) -> None:
    """Keep what is said last of a closed window."""
    column = {name: frame.tags.index(name) for name in ("kpi", "window", "value", "quality")}
    for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
        kpi, window, value, quality = (row[column[name]] for name in ("kpi", "window", "value", "quality"))
        if window != "live":
            found[str(path), kpi, window, time_ns] = (value, quality)


@pytest.mark.parametrize("heard", [0, 1, 3])
def test_who_began_to_listen_just_now_and_heard_a_few_units_says_the_same(heard: int) -> None:
    units = tuple(sorted({path for _, frame in told() if frame.kind is RecordKind.STATE for path in frame.paths}))
    plain = figures()
    gone = figures(Presence(SITE, False, 0, units[:heard], whole=True))
    assert gone.keys() == plain.keys()
    for key, (value, quality) in plain.items():
        assert gone[key][1] == quality, key
        assert value == gone[key][0] or math.isclose(value or 0.0, gone[key][0] or 0.0, rel_tol=1e-9), key
