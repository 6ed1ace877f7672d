"""What comes before something that was said earlier: no closed hour is good that this may still change."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Sequence
from typing import Any

import pytest

from tests.brain.test_readings import E0, OTHER, QUIET, SITE, UNIT, H, M, meta
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

HOUR = E0 + H


def made(minute: float, good: float = 0.0, scrap: float = 0.0, rework: float = 0.0, **more: Any) -> Frame:
    begun = None if "begun" not in more else E0 + round(more["begun"] * M)
    row = (more.get("item", "cube"), good, scrap, rework, more.get("ideal_s"), 0, begun)
    return records(RecordKind.PART, [(more.get("unit", UNIT), E0 + round(minute * M), row)])


def state(minute: float, name: str, unit: EquipmentPath = UNIT) -> Frame:
    return records(RecordKind.STATE, [(unit, E0 + round(minute * M), (name, "o1", None))])


def beat(minute: float) -> Frame:
    return records(RecordKind.HEARTBEAT, [(SITE, E0 + round(minute * M), (0, 0, 0.0))])


def minute_of(frame: Frame) -> float:
    return (int(frame.time_ns[0]) - E0) / M


def spoken(publisher: str, frames: Sequence[Frame], numbered: bool = True) -> list[Frame]:
    """What a publisher says, in its own order."""
    said = sorted(frames, key=minute_of)
    return [frame.stamped(publisher, "r", number if numbered else -1) for number, frame in enumerate(said)]


def told(frames: Sequence[Frame], killed: bool = True) -> list[tuple[str, float | None, str, float]]:
    """What is said, in turn, of the first hour: indicator of the unit, value, quality, coverage."""
    brain = Brain(QUIET)
    found: list[dict[str, Any]] = []
    for frame in frames:
        if killed:
            brain = pickle.loads(pickle.dumps(brain))  # noqa: S301
        for given in brain.process(frame):
            found.extend(given.rows())
    hour = [row for row in found if (row["path"], row["window"], row["time_ns"]) == (UNIT, "hour", HOUR)]
    return [(row["kpi"], row["value"], row["quality"], row["coverage"]) for row in hour]


def of(rows: Sequence[tuple[str, float | None, str, float]], kpi: str) -> list[tuple[float | None, str]]:
    return [(value, quality) for name, value, quality, _ in rows if name == kpi]


MASTERS = (meta("equipment", UNIT, kind="machine", ideal_s=30.0), state(0, "PRODUCING"))
BEATS = [beat(minute) for minute in range(0, 121, 5)]

CORRECTED = {
    "good": ("good_quantity", made(50, 10), made(90.5, 4), made(91, -1, 1), 10.0),
    "scrap": ("good_quantity", made(50, 10, 2), made(90.5, 4, 2), made(91, 1, -1), 10.0),
    "rework": ("produced_quantity", made(50, 10, 0, 3), made(90.5, 4, 0, 3), made(91, 0, 0, -2), 13.0),
}


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("kind", CORRECTED)
def test_a_correction_before_the_late_part_that_it_corrects(kind: str, numbered: bool) -> None:
    """Two publishers: the heartbeats of the other close the hour, and do not say that all of this one was heard."""
    kpi, first, late, correction, right = CORRECTED[kind]
    mine = spoken("q", [*MASTERS, first, late, correction, *BEATS], numbered)
    others = spoken("p", [state(0, "PRODUCING", OTHER), *BEATS])
    both = sorted([*mine, *others], key=minute_of)
    now = next(place for place, frame in enumerate(both) if minute_of(frame) == 90)
    first_said = next(frame for frame in both if minute_of(frame) == 91)
    rest = [frame for frame in both[now:] if frame is not first_said]
    sent = [*both[:now], first_said, *rest, *at_last(mine, others)]
    said = of(told(sent), kpi)
    assert all(value == right for value, quality in said if quality == "good"), said
    assert said[-1] == (right, "good")


def at_last(*said: Sequence[Frame]) -> list[Frame]:
    """The next heartbeat of each publisher, with which it is said what had waited for it."""
    lasts = [max(some, key=lambda frame: frame.seq) for some in said]
    return [beat(126).stamped(last.publisher, "r", last.seq + (last.seq >= 0)) for last in lasts]


def test_a_correction_alone_is_good_when_its_publisher_says_that_all_came() -> None:
    """Of 10 pieces one is taken back at 91 min: 9 from the heartbeat of 95 on, and not before."""
    said = of(told(spoken("q", [*MASTERS, made(50, 10), made(91, -1, 1), *BEATS])), "good_quantity")
    assert (said[0], said[-1]) == ((10.0, "good"), (9.0, "good"))
    ahead = spoken("q", [*MASTERS, made(50, 10), made(91, -1, 1), *BEATS])
    other = spoken("p", [state(0, "PRODUCING", OTHER), *BEATS])
    sent = sorted([*ahead[: len(ahead) - 6], *other], key=minute_of)  # it is behind: its last heartbeat is of 90 min
    assert all(value == 10 for value, quality in of(told(sent), "good_quantity") if quality == "good")


def test_a_correction_of_a_publisher_of_which_something_is_missing() -> None:
    """A message between the two is lost: what was made last may have been in it. It comes at last: 10."""
    mine = spoken("q", [*MASTERS, made(50, 10), made(90.5, 4), made(91, -1, 1), *BEATS])
    lost = next(frame for frame in mine if minute_of(frame) == 90.5)
    sent = [frame for frame in mine if frame is not lost]
    said = of(told(sent), "good_quantity")
    assert said[-1][1] == "partial"
    assert all(value == 10 for value, quality in said if quality == "good")
    assert of(told([*sent, lost, *at_last(mine)]), "good_quantity")[-1] == (10.0, "good")


def test_one_publisher_says_what_was_made_and_another_corrects_it() -> None:
    """The one who corrects has been heard; the other has not, and says that more was made."""
    maker = spoken("p", [*MASTERS, made(50, 10), made(90.5, 4), *BEATS])
    clerk = spoken("q", [made(91, -1, 1), *BEATS])
    early = sorted([*maker, *clerk], key=minute_of)
    on_time = [f for f in early if minute_of(f) <= 90 or f.publisher == "q"]
    late = [f for f in early if minute_of(f) > 90 and f.publisher == "p"]
    said = of(told([*on_time, *late, *at_last(maker, clerk)]), "good_quantity")
    assert all(value == 10 for value, quality in said if quality == "good"), said
    assert said[-1] == (10.0, "good")


def test_however_the_rows_before_a_heartbeat_come_the_hour_is_the_same() -> None:
    rows = [made(50, 10), made(90.5, 4), made(91, -1, 1), made(91.5, 2), made(92, -3, 3)]
    order = [*MASTERS, *rows, *BEATS]
    mine = spoken("q", order)
    before = [frame for frame in mine if minute_of(frame) <= 90]
    between = [frame for frame in mine if 90 < minute_of(frame) < 95]
    after = [frame for frame in mine if minute_of(frame) >= 95]
    for some in itertools.permutations(between):
        said = of(told([*before, *some, *after], killed=False), "good_quantity")
        assert all(value == 10 for value, quality in said if quality == "good")
        assert said[-1] == (10.0, "good")


def failures(rows: Sequence[tuple[str, float | None, str, float]], known: bool) -> None:
    """A failure is said where there was one, and where there was none not even for a while, but for what is partial."""
    figures = of(rows, "mtbf_h")
    if known:
        assert figures[-1][1] == "good"
    else:
        assert all(quality != "good" for value, quality in figures if value is not None), figures
        assert not figures or figures[-1][0] is None


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize(("back", "known"), [(61, False), (66, True)])
def test_a_minor_stop_whose_end_comes_late(back: int, known: bool, numbered: bool) -> None:
    """The state of 70 min comes before the one that ends the stop: of 2 min it is none of 11, of 7 it is a failure."""
    states = [state(59, "MINOR_STOP"), state(back, "PRODUCING"), state(70, "STARVED")]
    mine = spoken("q", [*MASTERS, *states, *BEATS], numbered)
    other = spoken("p", [state(0, "PRODUCING", OTHER), *BEATS])
    behind = [frame for frame in mine if minute_of(frame) > 60]
    ahead = [frame for frame in behind if minute_of(frame) == 70 and frame.kind is RecordKind.STATE]
    before = sorted([f for f in (*mine, *other) if f not in behind], key=minute_of)
    sent = [f for f in before if minute_of(f) <= 60] + ahead + [f for f in before if minute_of(f) > 60]
    failures(told([*sent, *[f for f in behind if f not in ahead], *at_last(mine, other)]), known)


@pytest.mark.parametrize(("back", "known"), [(61, False), (66, True)])
def test_a_minor_stop_of_which_its_publisher_has_not_said_how_it_went_on(back: int, known: bool) -> None:
    """It was heard until 60 min, the site until 120: that the stop lasts is not known."""
    mine = spoken("q", [*MASTERS, state(59, "MINOR_STOP"), state(back, "PRODUCING"), *BEATS])
    other = spoken("p", [state(0, "PRODUCING", OTHER), *BEATS])
    behind = [frame for frame in mine if minute_of(frame) > 60]
    before = sorted([f for f in (*mine, *other) if f not in behind], key=minute_of)
    failures(told([*before, *behind, *at_last(mine, other)]), known)


@pytest.mark.parametrize("begins", [True, False])
def test_an_operation_over_the_hour_that_comes_after_the_next_one(begins: bool) -> None:
    """60 pieces from 50 to 70 min, then 10 from 70 to 75: half of the 60 belong to the first hour.

    The second comes first. Alone it seems to have begun at 50 min, where no begin is said; and where it is said, that
    nothing else was under way at the full hour.
    """
    rows = [made(50, 60, begun=0), made(70, 60, begun=50), made(75, 10, begun=70)]
    if not begins:
        rows = [made(50, 60), made(70, 60), made(75, 10)]
    mine = spoken("q", [*MASTERS, *rows, *BEATS])
    other = spoken("p", [state(0, "PRODUCING", OTHER), *BEATS])
    behind = [frame for frame in mine if minute_of(frame) > 60]
    ahead = [frame for frame in behind if minute_of(frame) == 75 and frame.kind is RecordKind.PART]
    before = sorted([f for f in (*mine, *other) if f not in behind], key=minute_of)
    calm = of(told(sorted([*mine, *other], key=minute_of)), "oee")
    assert calm[-1][0] == pytest.approx((60 + 30) * 30 / 3600)
    assert calm[-1][1] == "good"
    sent = [f for f in before if minute_of(f) <= 60] + ahead + [f for f in before if minute_of(f) > 60]
    figures = of(told([*sent, *[f for f in behind if f not in ahead], *at_last(mine, other)]), "oee")
    assert all(value == calm[-1][0] for value, quality in figures if quality == "good"), figures
    assert figures[-1] == calm[-1]


def test_what_one_did_while_it_worked_is_not_known_before_all_was_heard() -> None:
    """60 pieces from 50 to 70 min; that it stood from 60:10 to 69:50 comes last: 10 of 10:20 min are of the hour."""
    mine = spoken(
        "q",
        [
            *MASTERS,
            state(60.25, "FAILED"),
            state(69.75, "PRODUCING"),
            made(50, 60),
            made(70, 60, begun=50),
            made(80, 10, begun=70),
            *BEATS,
        ],
    )
    other = spoken("p", [state(0, "PRODUCING", OTHER), *BEATS])
    behind = [frame for frame in mine if minute_of(frame) > 60]
    ahead = [frame for frame in behind if frame.kind is RecordKind.PART]
    before = sorted([f for f in (*mine, *other) if f not in behind], key=minute_of)
    sent = [f for f in before if minute_of(f) <= 60] + ahead + [f for f in before if minute_of(f) > 60]
    figures = of(told([*sent, *[f for f in behind if f not in ahead], *at_last(mine, other)]), "oee")
    right = (60 + 60 * 10 / 10.5) * 30 / 3600
    assert figures
    assert all(value == pytest.approx(right) for value, quality in figures if quality == "good"), figures
    assert figures[-1][0] == pytest.approx(right)
    assert figures[-1][1] == "good"
