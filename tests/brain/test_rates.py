"""Grid factor and tariff when a message is missing that may have changed them: CO2 and cost are not good, energy is."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence

import pytest

from tests.brain.test_gaps import Shares, numbered, shares
from tests.brain.test_readings import E0, QUIET, SITE, UNIT, M, beat, heard, read, state
from twin.brain import Brain
from twin.records import Frame, RecordKind, records

CLEAN, DIRTY = 0.25, 0.5
HOURS = 4
GOOD: Shares = [(30.0, "good", 1.0)] * HOURS


def place(time_ns: int = E0, factor: float = DIRTY) -> Frame:
    body = json.dumps({"en": "x", "zh": "x", "grid_factor_kg_per_kwh": factor, "tariff_cny_per_kwh": {"00:00": 1.0}})
    return records(RecordKind.META, [(SITE, time_ns, ("place", body))])


def alarm(minute: int) -> Frame:
    return records(RecordKind.ALARM, [(UNIT, E0 + minute * M + 5, ("x", 1, 1, ""))])


def minutes(first: int, last: int, dropped: int = 0) -> list[Frame]:
    """From one minute until before another: a reading of 1 kWh more in each, and a heartbeat."""
    frames = []
    for minute in range(first, last):
        time_ns = E0 + minute * M
        frames += [read(time_ns, float(minute)), records(RecordKind.HEARTBEAT, [(SITE, time_ns, (0, dropped, 0.0))])]
    return frames


BEGIN = [place(), state(E0, "PRODUCING"), *minutes(0, 31)]
LOST = alarm(30)


def after(*said: Sequence[Frame], lost: Frame | None = LOST) -> list[Frame]:
    return numbered(BEGIN, [LOST], *map(list, said), lost=lost)


def qualities(frames: Sequence[Frame], kpi: str = "co2_kg") -> list[str]:
    return [quality for _, quality, _ in shares(heard(list(frames)), kpi)]


def test_all_came() -> None:
    rows = heard(after(minutes(31, 241), lost=None))
    assert shares(rows, "co2_kg") == GOOD
    assert shares(rows, "energy_kwh") == [(60.0, "good", 1.0)] * HOURS


def test_who_never_says_it_again_may_have_said_another_factor() -> None:
    sent = after(minutes(31, 241))
    assert qualities(sent) == qualities(sent, "energy_cost_cny") == ["partial"] * HOURS
    assert qualities(sent, "energy_kwh") == ["good"] * HOURS


@pytest.mark.parametrize("killed", [False, True])
def test_a_message_that_comes_late_makes_them_good(killed: bool) -> None:
    sent = after(minutes(31, 241), lost=None)
    late = sent.pop(len(BEGIN))
    brain = Brain(QUIET)
    assert "partial" in {row["quality"] for key, row in heard(sent[:-5], brain).items() if key[1] == "co2_kg"}
    brain = pickle.loads(pickle.dumps(brain)) if killed else brain  # noqa: S301
    rows = heard([late, *sent[-5:]], brain)
    assert {row["quality"] for key, row in rows.items() if key[1] == "co2_kg"} == {"good"}


@pytest.mark.parametrize(
    ("said", "holds_ns", "expected"),
    [
        (90, E0, ["partial", "good", "good", "good"]),  # as it was from the begin on, said again
        (90, E0 + 90 * M, ["partial", "partial", "good", "good"]),  # until then another may have held
        (31, E0, ["partial", "good", "good", "good"]),
    ],
)
def test_master_data_said_again_say_what_may_have_been_missing(said: int, holds_ns: int, expected: list[str]) -> None:
    sent = after(minutes(31, said), [place(holds_ns)], minutes(said, 241))
    assert qualities(sent) == expected


def test_the_factor_itself_was_lost() -> None:
    """Clean from half past on, said again at half past one: 60 x 0.25 an hour, the first holds two."""
    new = place(E0 + 30 * M, CLEAN)
    sent = numbered(BEGIN, [new], minutes(31, 90), [place(E0 + 30 * M, CLEAN)], minutes(90, 241), lost=new)
    found = shares(heard(sent), "co2_kg")
    assert found[0][1] == "partial"
    assert found[1:] == [(15.0, "good", 1.0)] * 3


def test_what_was_dropped_before_it_left_counts_too() -> None:
    sent = numbered(BEGIN, minutes(31, 90, dropped=1), [place()], minutes(90, 241, dropped=1))
    assert qualities(sent) == ["partial", "good", "good", "good"]


@pytest.mark.parametrize("again", [False, True])
def test_who_numbers_and_gives_no_heartbeats(again: bool) -> None:
    """The heartbeats are of another; what lacks stands directly before master data."""
    own = [frame for frame in after(minutes(31, 241)) if frame.kind is not RecordKind.HEARTBEAT]
    frames = [frame.stamped("q", "r", seq) for seq, frame in enumerate(own)]
    lost = next(seq for seq, frame in enumerate(frames) if frame.time_ns[0] > E0 + 100 * M)
    frames[lost : lost + 1] = [place(E0).stamped("q", "r", lost + 1)] if again else []
    frames[lost + again :] = [frame.stamped("q", "r", frame.seq + again) for frame in frames[lost + again :]]
    other = [beat(E0 + k * M, "z") for k in range(241)]
    order = {id(frame): place for place, frame in enumerate(frames)}
    time = {id(frame): int(frame.time_ns[0]) for frame in other}
    newest = E0
    for frame in frames:
        newest = time[id(frame)] = max(newest, int(frame.time_ns[0]))
    sent = sorted([*frames, *other], key=lambda f: (time[id(f)], f.publisher == "z", order.get(id(f), 0)))
    expected = ["good", "partial", "good", "good"] if again else ["good", *["partial"] * 3]
    assert qualities(sent) == expected


def test_what_was_said_before_anything_was_heard_is_no_loss() -> None:
    sent = numbered([alarm(0)] * 50, BEGIN, minutes(31, 241))[50:]
    assert qualities(sent) == ["good"] * HOURS
