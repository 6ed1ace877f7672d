"""A publisher that goes and says the rest later changes no figure, whoever tells of it and since when he listens."""

from __future__ import annotations

import math
from functools import cache

import pytest

from scenarios.headless.feed import Feed
from scenarios.loader import load
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.ports import Presence
from twin.records import Frame, RecordKind, records
from twin.states import UnitState

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


def figures(presence: Presence | None = None, before: int | None = None, history_s: float = 0.0) -> Figures:
    """The figures of closed windows.

    Args:
        presence: At a moment the brain hears that the publisher has gone.
        before: Number of the frame before which it hears so; None: that after the last heartbeat before a time.
        history_s: Until when what was said had been history, without numbers.
    """
    brain, found = Brain(), dict[tuple[str, str, str, int], tuple[float | None, str]]()
    beat_ns, first = 0, sum(time_s <= history_s for time_s, _ in told()) if history_s else 0
    for number, (time_s, frame) in enumerate(told()):
        frame = frame.stamped("", "", -1) if number < first else frame.stamped(SITE, "r", number - first)
        if presence is not None and (time_s > GONE_AT_S if before is None else number == before):
            heard_ns = presence.heard_ns or beat_ns
            brain.presence(Presence(presence.publisher, False, heard_ns, presence.paths, presence.whole))
            presence = None
        if frame.kind is RecordKind.HEARTBEAT:
            beat_ns = int(frame.time_ns[-1])
        for figure in brain.process(frame):
            note(found, figure)
    return found


@cache
def plain(history_s: float = 0.0) -> Figures:
    """The figures when the publisher never goes."""
    return figures(history_s=history_s)


def note(found: Figures, frame: Frame) -> None:
    """Keep what is said last of a closed window."""
    column = {name: frame.tags.index(name) for name in ("kpi", "window", "value", "quality")}
    for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
        kpi, window, value, quality = (row[column[name]] for name in ("kpi", "window", "value", "quality"))
        if window != "live":
            found[str(path), kpi, window, time_ns] = (value, quality)


@pytest.mark.parametrize("heard", [0, 1, 3])
def test_who_began_to_listen_just_now_and_heard_a_few_units_says_the_same(heard: int) -> None:
    same(figures(Presence(SITE, False, 0, units()[:heard], whole=True)), plain())


def units() -> tuple[EquipmentPath, ...]:
    return tuple(sorted({path for _, frame in told() if frame.kind is RecordKind.STATE for path in frame.paths}))


@pytest.mark.parametrize("history_s", [0.0, 3600.0, GONE_AT_S])
def test_one_that_seems_gone_before_its_first_heartbeat_and_goes_on(history_s: float) -> None:
    """The connection falls between its first records and its first heartbeat; nothing is lost."""
    live = [number for number, (time_s, _) in enumerate(told()) if time_s > history_s]
    beat = next(number for number in live if told()[number][1].kind is RecordKind.HEARTBEAT)
    heard_ns = int(told()[beat][1].time_ns[-1])
    gone = figures(Presence(SITE, False, heard_ns, units(), whole=True), beat, history_s)
    same(gone, plain(history_s))


@pytest.mark.parametrize("history_s", [0.0, 3600.0])
def test_one_that_goes_and_speaks_for_nobody(history_s: float) -> None:
    """The hub died, and the will of its own connection says so; it reckoned with all units and spoke for none."""
    at = next(number for number, (time_s, _) in enumerate(told()) if time_s > GONE_AT_S)
    heard_ns = int(told()[at][1].time_ns[0]) // 3_600_000_000_000 * 3_600_000_000_000
    gone = figures(Presence("brain/workshop", False, heard_ns, units(), whole=True), at, history_s)
    same(gone, plain(history_s))


def same(gone: Figures, stayed: Figures) -> None:
    assert gone.keys() == stayed.keys()
    for key, (value, quality) in stayed.items():
        assert gone[key][1] == quality, key
        assert value == gone[key][0] or math.isclose(value or 0.0, gone[key][0] or 0.0, rel_tol=1e-9), key


UNIT = EquipmentPath("a/b/c/d/mill")
E0, M = 1_699_920_000 * 10**9, 60 * 10**9


@pytest.mark.parametrize(("again", "producing"), [(0, 60), (20, 60), (-1, 30)])
def test_who_gives_no_heartbeats_and_says_its_state_again_was_in_it_all_the_time(again: int, producing: int) -> None:
    """It goes at 00:30 and is back at 00:40; its state since 00:00 or since 00:20, or nothing, is what it says then."""
    brain = Brain()
    rows = {0: "PRODUCING"} | ({20: "PRODUCING"} if again > 0 else {})
    for minute, name in rows.items():
        brain.process(records(RecordKind.STATE, [(UNIT, E0 + minute * M, (name, "o1", None))]).stamped("p", "r", -1))
    brain.presence(Presence("p", False, E0 + 30 * M, (UNIT,), whole=True))
    if again >= 0:
        said = records(RecordKind.STATE, [(UNIT, E0 + again * M, ("PRODUCING", "o1", None))])
        brain.process(said.stamped("p", "r", -1))
    brain.process(records(RecordKind.HEARTBEAT, [(UNIT.site, E0 + 60 * M, (0, 0, 0.0))]).stamped("q", "r", 0))
    spent = brain.durations(UNIT, E0, E0 + 60 * M)
    assert spent[UnitState.PRODUCING, True] == producing * M
