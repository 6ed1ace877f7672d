"""What is known to be missing: until when it bears on states, and what a state that is said again proves."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from tests.brain.test_readings import E0, QUIET, SITE, UNIT, H, M, Rows, heard
from twin.brain import Brain
from twin.records import Frame, RecordKind, records

Shares = list[tuple[float | None, str, float]]
HEALED: Shares = [(1.0, "good", 1.0), (1.0, "partial", 0.9833), (1.0, "good", 1.0), (1.0, "good", 1.0)]
"""Of four hours one minute was not heard."""


def state(time_ns: int, name: str) -> Frame:
    return records(RecordKind.STATE, [(UNIT, time_ns, (name, None, None))])


def part(time_ns: int) -> Frame:
    return records(RecordKind.PART, [(UNIT, time_ns, ("cube", 1.0, 0.0, 0.0, None, 1))])


def order(time_ns: int, name: str, event: str, due_ns: int | None = None) -> Frame:
    return records(RecordKind.ORDER, [(UNIT, time_ns, (name, event, "cube", 5.0, due_ns, None, None))])


def beats(first: int, last: int, dropped: int = 0) -> list[Frame]:
    """A heartbeat each minute after one until another."""
    times = [E0 + minute * M for minute in range(first + 1, last + 1)]
    return [records(RecordKind.HEARTBEAT, [(SITE, time_ns, (0, dropped, 0.0))]) for time_ns in times]


def numbered(*said: list[Frame], lost: Frame | None = None) -> list[Frame]:
    """What a publisher says, in its order and under its numbers, without what is lost on the way."""
    every = [frame for some in said for frame in some]
    return [frame.stamped("p", "r", seq) for seq, frame in enumerate(every) if frame is not lost]


def shares(rows: Rows, kpi: str = "availability") -> Shares:
    """Value, quality and coverage of an indicator of the unit by hour."""
    mine = sorted((key[3], row) for key, row in rows.items() if key[:3] == (UNIT, kpi, "hour"))
    return [(row["value"], row["quality"], round(row["coverage"], 4)) for _, row in mine]


LOST = part(E0 + 70 * M + 5)
BEGIN = [state(E0, "PRODUCING"), *beats(-1, 70)]
"""The unit produces from the begin on."""


def test_without_a_word_the_state_behind_a_gap_is_not_known() -> None:
    rows = heard(numbered(BEGIN, [LOST], beats(70, 240), lost=LOST))
    assert shares(rows) == [(1.0, "good", 1.0), (1.0, "partial", 0.1667)]


@pytest.mark.parametrize("minute", [71, 80, 199])
@pytest.mark.parametrize("killed", [False, True])
def test_a_state_that_is_said_again_was_the_state_all_the_time(minute: int, killed: bool) -> None:
    again = [state(E0, "PRODUCING")]
    frames = numbered(BEGIN, [LOST], beats(70, minute), again, beats(minute, 240), lost=LOST)
    brain = Brain(QUIET)
    rows = heard(frames[:220], brain)
    brain = pickle.loads(pickle.dumps(brain)) if killed else brain  # noqa: S301
    rows |= heard(frames[220:], brain)
    assert shares(rows) == HEALED
    assert brain.stats.repeats == 1


def test_what_was_lost_between_may_have_been_something_else() -> None:
    again = [state(E0, "PRODUCING")]
    rows = heard(numbered(BEGIN, [LOST], beats(70, 80), again, beats(80, 240), lost=LOST))
    second = [row for (path, _, window, time_ns), row in rows.items() if (window, time_ns) == ("hour", E0 + 2 * H)]
    assert {row["quality"] for row in second} == {"partial"}


def test_a_state_that_began_in_the_gap_is_known_from_then_on() -> None:
    lost, last = state(E0 + 70 * M + 5, "FAILED"), state(E0 + 70 * M + 20, "PRODUCING")
    rows = heard(numbered(BEGIN, [lost, last], beats(70, 80), [last], beats(80, 240), lost=lost))
    assert shares(rows) == HEALED


def test_a_state_that_ended_in_the_gap_holds_no_longer() -> None:
    lost, last = state(E0 + 70 * M + 5, "FAILED"), state(E0 + 70 * M + 20, "PRODUCING")
    again = [state(E0, "PRODUCING")]
    rows = heard(numbered(BEGIN, [lost, last], beats(70, 80), again, beats(80, 240), lost=lost))
    assert shares(rows) == [(1.0, "good", 1.0), (1.0, "partial", 0.1667)]


def test_a_late_change_within_the_gap_takes_the_proof_back() -> None:
    lost, last = part(E0 + 70 * M + 4), state(E0 + 70 * M + 20, "STARVED")
    again = [state(E0, "PRODUCING")]
    said = numbered(BEGIN, [lost, last], beats(70, 80), again, beats(80, 240), lost=lost)
    late = next(frame for frame in said if frame.kind is RecordKind.STATE and frame.time_ns[0] > E0)
    rows = heard([*(frame for frame in said if frame is not late), late, *numbered(BEGIN)[-1:]])
    brain = Brain(QUIET)
    rows = heard([frame for frame in said if frame is not late], brain)
    assert shares(rows) == HEALED
    heard([late], brain)
    for frame in brain.flush():
        rows |= {(row["path"], row["kpi"], row["window"], row["time_ns"]): row for row in frame.rows()}
    assert [quality for _, quality, _ in shares(rows)][1] == "partial"
    assert all(quality != "good" for _, quality, _ in shares(rows)[2:4])


@pytest.mark.parametrize("kind", ["historical", "unnumbered", "of before", "of another state"])
def test_what_does_not_say_that_it_still_holds(kind: str) -> None:
    again = state(E0, "STARVED" if kind == "of another state" else "PRODUCING")
    frames = numbered(BEGIN, [LOST], beats(70, 80), [again], beats(80, 240), lost=LOST)
    if kind == "of before":
        frames = numbered(BEGIN, [again, LOST], beats(70, 240), lost=LOST)
    place = next(k for k, frame in enumerate(frames) if frame.seq > 0 and frame.kind is RecordKind.STATE)
    said = frames.pop(place)
    said = replace(said, historical=kind == "historical", seq=-1 if kind == "unnumbered" else said.seq)
    rows = heard([*frames[:100], said, *frames[100:]])
    assert [quality for _, quality, _ in shares(rows)] == ["good", "partial"]


def test_what_a_publisher_dropped_is_a_gap_as_well() -> None:
    again = [state(E0, "PRODUCING")]
    rows = heard(numbered(BEGIN, beats(70, 80, 3), again, beats(80, 240, 3)))
    assert shares(rows) == HEALED


def test_an_order_may_have_been_lost_for_as_long_as_it_may_count() -> None:
    due_ns = E0 + 190 * M
    lost, known = order(E0 + 70 * M + 5, "o1", "received", due_ns), order(E0, "o0", "received", due_ns)
    delivered = order(E0 + 85 * M, "o0", "delivered")
    again = [state(E0, "PRODUCING")]
    said = (BEGIN[:1], [known], BEGIN[1:], [lost], beats(70, 80), again, beats(80, 85), [delivered], beats(85, 240))
    on_time = shares(heard(numbered(*said)), "otif")
    assert on_time == [(0.5, "good", 1.0)]
    ((value, quality, _),) = shares(heard(numbered(*said, lost=lost)), "otif")
    assert (value, quality) == (1.0, "partial")


def test_a_number_that_lacks_before_an_older_row() -> None:
    """One that numbers its messages under the heartbeats of somebody else says its state again."""
    every = [state(E0, "PRODUCING"), state(E0 + 30 * M, "FAILED"), state(E0, "PRODUCING")]
    said = numbered(every, lost=every[1])
    rows = heard([said[0], *beats(-1, 80), said[1], *beats(80, 240)])
    assert all(quality != "good" for _, quality, _ in shares(rows))
