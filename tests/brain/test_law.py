"""The law: a record equals that of the undisturbed history, or it is not `good`; bounds hold the truth.

A true history of a small site (states, parts, stock, a counter of energy) is told by two publishers and delivered
resampled, delayed, out of order, doubled (numbered or not), with restarts at any moment, with the meter read at any
phase and with wrong readings. What leaves no trace is outside: the loss of an unnumbered message, a wrong reading that
its neighbours do not contradict.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.brain.test_readings import E0, QUIET, SITE, H, M, Rows, S, meta
from tests.brain.true_site import PUBLISHERS as ALL
from tests.brain.true_site import (
    Happened,
    Hardship,
    Manner,
    SiteHistory,
    arriving,
    hardships,
    in_turn,
    manners,
    site_histories,
    tell,
)
from tests.brain.true_site import event as event_of
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.ports import Presence
from twin.records import Frame, RecordKind, records

MILL, SAW = EquipmentPath("a/b/c/d/mill"), EquipmentPath("a/b/c/d/saw")
PUBLISHERS = {"p": MILL, "q": SAW}
SPEAKS_FOR = {name: (unit,) for name, unit in PUBLISHERS.items()}
HOURS = 3
STATES = ("PRODUCING", "STARVED", "BLOCKED", "FAILED", "REPAIR", "SETUP", "PLANNED_BREAK", "OFF_SHIFT", "MINOR_STOP")
SPREAD = {"oee", "nee", "effectiveness", "teep"}
Key = tuple[str, str, str, int]
METERS = {"energy_kwh", "co2_kg", "coal_equivalent_kg", "energy_per_part_kwh"}


@dataclass(frozen=True)
class History:
    """What truly happened at one unit; the power in kW holds from each full minute for a minute."""

    states: tuple[tuple[int, str], ...]
    parts: tuple[tuple[int, float, float], ...]
    power: tuple[float, ...]

    def energy(self, time_ns: int) -> float:
        minutes = (time_ns - E0) / M
        whole = math.floor(minutes)
        done = sum(self.power[:whole]) if whole > 0 else 0.0
        return 1000.0 + (done + self.power[min(whole, len(self.power) - 1)] * (minutes - whole)) / 60


@st.composite
def histories(draw: st.DrawFn) -> History:
    span = st.integers(1, HOURS * 3600 - 1)
    changes = {0: draw(st.sampled_from(STATES))}
    changes |= dict(draw(st.lists(st.tuples(span, st.sampled_from(STATES)), max_size=12)))
    parts = dict(draw(st.lists(st.tuples(span, st.tuples(st.integers(0, 3), st.integers(0, 2))), max_size=15)))
    levels = draw(st.lists(st.floats(0.5, 50), min_size=1, max_size=6))
    length = (HOURS + 1) * 60
    return History(
        tuple((E0 + s * S, name) for s, name in sorted(changes.items())),
        tuple((E0 + s * S, float(good), float(scrap)) for s, (good, scrap) in sorted(parts.items())),
        tuple(levels[k * len(levels) // length] for k in range(length)),
    )


@st.composite
def long_operations(draw: st.DrawFn) -> History:
    """Few completions, between which the unit mostly works: operations over one full hour and more."""
    span = st.integers(1, HOURS * 3600 - 1)
    changes = {0: "PRODUCING"} | dict.fromkeys(draw(st.lists(span, max_size=2)), "PRODUCING")
    changes |= dict(draw(st.lists(st.tuples(span, st.sampled_from(STATES)), max_size=4)))
    parts = draw(st.lists(st.tuples(span, st.integers(1, 60)), min_size=2, max_size=6, unique_by=lambda part: part[0]))
    return History(
        tuple((E0 + s * S, name) for s, name in sorted(changes.items())),
        tuple((E0 + s * S, float(good), 0.0) for s, good in sorted(parts)),
        (1.0,) * (HOURS + 1) * 60,
    )


@dataclass(frozen=True)
class Way:
    """How one publisher's messages travel: whether it numbers, its meter's period and phase, wrong readings."""

    numbered: bool
    period: int
    phase: int
    wrong: dict[int, float]


@st.composite
def ways(draw: st.DrawFn) -> Way:
    period = draw(st.sampled_from([M, 2 * M, 7 * M, 15 * M]))
    aligned = draw(st.booleans())
    wrong = draw(st.dictionaries(st.integers(1, 200), st.sampled_from([0.0, -1.0, 1e9, -0.001]), max_size=1))
    phase = 0 if aligned else draw(st.integers(1, period // S - 1)) * S
    return Way(draw(st.booleans()), period, phase, wrong)


def told(history: History, unit: EquipmentPath, publisher: str, way: Way) -> list[Frame]:
    """What a publisher says, in its order: each minute all that happened before it, then a heartbeat."""
    rows: list[tuple[int, Frame]] = [
        *((t, records(RecordKind.STATE, [(unit, t, (name, "o1", None))])) for t, name in history.states),
        *(
            (t, records(RecordKind.PART, [(unit, t, ("cube", good, scrap, 0.0, 40.0, 1))]))
            for t, good, scrap in history.parts
        ),
    ]
    end = E0 + HOURS * H + 30 * M
    for k, t in enumerate(range(E0 + way.phase, end, way.period)):
        value = np.array([[way.wrong.get(k, history.energy(t))]])
        rows.append((t, Frame(RecordKind.TELEMETRY, (unit,), np.array([t]), ("energy_kwh",), value)))
    rows += [(t, records(RecordKind.HEARTBEAT, [(SITE, t, (0, 0, 0.0))])) for t in range(E0, end + 1, M)]
    rows.sort(key=lambda row: (row[0], row[1].kind is RecordKind.HEARTBEAT))
    return [frame.stamped(publisher, "r", seq if way.numbered else -1) for seq, (_, frame) in enumerate(rows)]


def kept(
    brain: Brain,
    sent: Sequence[Frame],
    every: list[dict[str, Any]],
    cuts: frozenset[int] = frozenset(),
    gone: frozenset[int] = frozenset(),
    speaks_for: Mapping[str, Sequence[EquipmentPath]] = SPEAKS_FOR,
) -> Rows:
    """What is said last of each window.

    Args:
        brain: Who says it.
        sent: What it is told.
        every: Gets all that it says.
        cuts: Before these messages its process dies and goes on.
        gone: Before these the publisher of the message seems to have gone, with its connection, which has only fallen.
        speaks_for: The units of each publisher.
    """
    found: Rows = {}
    heard: dict[str, int] = {}
    for number, frame in enumerate(sent):
        if number in cuts:
            brain = pickle.loads(pickle.dumps(brain))  # noqa: S301
        if number in gone and frame.publisher in heard:
            paths = tuple(speaks_for[frame.publisher])
            brain.presence(Presence(frame.publisher, False, heard[frame.publisher], paths, whole=True))
        if frame.publisher:
            heard[frame.publisher] = max(int(frame.time_ns[-1]), heard.get(frame.publisher, 0))
        for given_frame in brain.process(frame):
            for row in given_frame.rows():
                every.append(row)
                found[place_of(row)] = row
    return found


def exact(told_by: dict[str, History]) -> Rows:
    """The records of the undisturbed history, settled, with the meters read at each full minute."""
    calm = Way(True, M, 0, {})
    lists = [told(told_by[name], unit, name, calm) for name, unit in PUBLISHERS.items()]
    return undisturbed([*masters(), *merged(lists)])


def undisturbed(sent: Sequence[Frame], every: list[dict[str, Any]] | None = None) -> Rows:
    """The records of what came as it was said, settled; ``every`` gets all that were said."""
    brain = Brain(QUIET)
    found = kept(brain, sent, [] if every is None else every)
    mark = brain.site(SITE).mark
    for frame in brain.flush():  # a brain that had to look again may have settled what this one has not
        for row in frame.rows():
            if mark is not None and row["time_ns"] <= mark:
                found[place_of(row)] = row
    return found


def place_of(row: dict[str, Any]) -> Key:
    return row["path"], row["kpi"], row["window"], row["time_ns"]


def masters() -> list[Frame]:
    place = meta("place", SITE, grid_factor_kg_per_kwh=0.5)
    return [place, *(meta("equipment", unit, kind="machine", ideal_s=40.0) for unit in PUBLISHERS.values())]


def merged(lists: list[list[Frame]]) -> list[Frame]:
    return sorted((frame for one in lists for frame in one), key=lambda frame: int(frame.time_ns[0]))


@st.composite
def deliveries(draw: st.DrawFn, sent: list[Frame]) -> list[Frame]:
    """Numbered messages late by up to 90 places and doubled; unnumbered ones doubled, in order."""
    late = draw(st.dictionaries(st.integers(0, len(sent) - 1), st.integers(1, 90), max_size=12))
    twice = draw(st.sets(st.integers(0, len(sent) - 1), max_size=8))
    placed: list[tuple[float, Frame]] = []
    for number, frame in enumerate(sent):
        place = number + (late.get(number, 0) if frame.seq >= 0 else 0)
        placed.append((place, frame))
        if number in twice and frame.kind is not RecordKind.HEARTBEAT:
            placed.append((place + 0.5, frame))
    return [frame for _, frame in sorted(placed, key=lambda entry: entry[0])]


def equal(row: dict[str, Any], true: dict[str, Any] | None) -> bool:
    if true is None or true["value"] is None:
        return row["value"] is None
    return row["value"] is not None and math.isclose(row["value"], true["value"], rel_tol=1e-9, abs_tol=1e-9)


def judge(row: dict[str, Any], truth: Rows) -> None:
    true = truth.get(place_of(row))
    assert right(row, true), (row, true)


def right(row: dict[str, Any], true: dict[str, Any] | None) -> bool:
    """Whether a record is equal to the true one, or holds it between its bounds, or does not say that it is right."""
    if row["quality"] == "good":
        return equal(row, true)
    if row["quality"] != "estimated":
        return True
    if true is None or true["value"] is None:
        return False
    slack = 1e-9 * max(1.0, abs(row["high"]))
    return bool(row["low"] - slack <= true["value"] <= row["high"] + slack)


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_record_is_right_or_not_good(data: st.DataObject) -> None:
    told_by = {name: data.draw(histories(), name) for name in PUBLISHERS}
    how = {name: data.draw(ways(), f"way of {name}") for name in PUBLISHERS}
    truth = exact(told_by)
    lists = [told(told_by[name], unit, name, how[name]) for name, unit in PUBLISHERS.items()]
    sent = data.draw(deliveries(merged(lists)), "delivery")
    cuts = data.draw(st.frozensets(st.integers(0, len(sent) - 1), max_size=2), "restarts")
    every: list[dict[str, Any]] = []
    last = kept(Brain(QUIET), [*masters(), *sent], every, cuts)
    for row in every:
        judge(row, truth)
    for key in truth:
        if key[3] <= E0 + HOURS * H:
            assert key in last or key[1] in METERS, key

    event("wrong readings" if any(way.wrong for way in how.values()) else "no wrong readings")


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_operations_over_full_hours(data: st.DataObject) -> None:
    """The process dies at any moment, publishers seem gone, also before their first heartbeat, messages lack."""
    told_by = {name: data.draw(long_operations(), name) for name in PUBLISHERS}
    truth = exact(told_by)
    numbered = {name: data.draw(st.integers(0, 3), f"numbers of {name}") > 0 for name in PUBLISHERS}
    lists = [told(told_by[name], unit, name, Way(numbered[name], M, 0, {})) for name, unit in PUBLISHERS.items()]
    sent = data.draw(deliveries(merged(lists)), "delivery")
    places = st.integers(0, len(sent) - 1)
    lost = data.draw(st.just(frozenset()) | st.frozensets(places, max_size=3), "numbered messages that lack")
    sent = [frame for number, frame in enumerate(sent) if frame.seq < 0 or number not in lost]
    cuts = data.draw(st.frozensets(places, max_size=2), "restarts")
    gone = data.draw(st.frozensets(st.integers(1, 5) | places, max_size=4), "connections that fall")
    every: list[dict[str, Any]] = []
    last = kept(Brain(QUIET), [*masters(), *sent], every, cuts, gone)
    for row in every:
        judge(row, truth)
    for key, row in truth.items():
        if not lost and key[3] <= E0 + HOURS * H and key[1] not in METERS:
            assert key in last, key
            settles = key[1] in SPREAD  # when is a matter of when the brain looked
            if all(numbered.values()) and row["quality"] == "good" and not settles:
                assert last[key]["quality"] == "good", (row, last[key])


@settings(max_examples=24, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_all_that_a_site_says(data: st.DataObject) -> None:
    """Orders, stocks, corrections, a counter that rolls over, and plans that change, all as badly told as may be."""
    history = data.draw(site_histories(), "history")
    how = {name: data.draw(manners(), f"manner of {name}") for name in ALL}
    hardship = data.draw(hardships({name: tell(history, name, how[name]) for name in ALL}), "hardship")
    holds(history, how, hardship)


def afterwards(last: Frame) -> Frame:
    """The next heartbeat of a publisher: only by one is anything said of what came before it."""
    beat = records(RecordKind.HEARTBEAT, [(SITE, int(last.time_ns[-1]) + M, (0, 0, 0.0))])
    return beat.stamped(last.publisher, last.run, last.seq + (last.seq >= 0))


def holds(history: SiteHistory, how: Mapping[str, Manner], hardship: Hardship) -> None:
    """The law: what is said at last is right or not good, and what is said before was so, until it was corrected."""
    known = true_rows(history)
    every: list[dict[str, Any]] = []
    lists = {name: tell(history, name, how[name]) for name in ALL}
    sent = arriving(lists, hardship) + [afterwards(some[-1]) for some in lists.values()]
    last = kept(Brain(QUIET), sent, every, hardship.cuts, hardship.gone, ALL)
    wrong = [row for row in every if not was_right(row, *known)]
    for before in history.partly_corrected() if wrong else ():
        then = true_rows(before)
        wrong = [row for row in wrong if not was_right(row, *then)]
    for row in (*wrong, *last.values()):
        judge(row, known[0])


def was_right(row: dict[str, Any], truth: Rows, before: Mapping[Key, Sequence[dict[str, Any]]]) -> bool:
    """Whether a record is right at last, or was so before something was corrected."""
    place = place_of(row)
    return any(right(row, one) for one in (truth.get(place), *before.get(place, ())))


def true_rows(history: SiteHistory) -> tuple[Rows, dict[Key, list[dict[str, Any]]]]:
    """The records of the undisturbed history, and those before something of them was corrected."""
    every: list[dict[str, Any]] = []
    truth = undisturbed(in_turn({name: tell(history, name, Manner()) for name in ALL}), every)
    before: dict[Key, list[dict[str, Any]]] = {}
    for row in every if history.corrected else ():
        before.setdefault(place_of(row), []).append(row)
    return truth, before


def test_two_corrections_of_one_moment_are_heard_one_by_one() -> None:
    """Of 20 good pieces each of two machines corrects one: 19 is right between the two, then 18."""
    events = [Happened(E0, meta("equipment", unit, kind="machine", ideal_s=40.0)) for unit in (MILL, SAW)]
    for unit in (MILL, SAW):
        events += [event_of(RecordKind.STATE, [(unit, E0, ("PRODUCING", "o1", None))])]
        for minute, good, scrap in ((10, 10.0, 0.0), (91, -1.0, 1.0)):
            events += [event_of(RecordKind.PART, [(unit, E0 + minute * M, ("cube", good, scrap, 0.0, None, 0, None))])]
    history = SiteHistory(tuple(sorted(events, key=lambda one: one.time_ns)), dict.fromkeys((MILL, SAW), (1.0,)))
    holds(history, dict.fromkeys(ALL, Manner(beat_ns=5 * M)), Hardship(behind_s=90))
