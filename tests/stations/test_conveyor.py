"""Conveyors: times to the second, accumulating and not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.plants import line_plant, machine, sink, source
from tests.stations.runs import Run


def belt(**fields: Any) -> dict[str, Any]:
    """10 m at 0.5 m/s with a pitch of 1 m: 20 s from end to end, one item each 2 s, ten places."""
    return {"id": "belt", "kind": "conveyor", "length": "10 m", "speed": "0.5 m/s", "pitch": "1 m", **fields}


def test_items_come_a_pitch_apart_and_leave_after_the_way() -> None:
    run = Run(line_plant(source(), belt(), sink()), 31.0)
    assert run.times("out") == [20.0, 22.0, 24.0, 26.0, 28.0, 30.0]
    assert run.states("belt") == [(0.0, "PRODUCING")]
    assert run.station("belt").level == 10


def test_items_far_apart_do_not_meet() -> None:
    run = Run(line_plant(source(interval="7 s"), belt(), sink()), 50.0)
    assert run.times("out") == [27.0, 34.0, 41.0, 48.0]
    assert run.states("belt") == [(0.0, "STARVED"), (7.0, "PRODUCING")]


def test_an_accumulating_conveyor_closes_up() -> None:
    # the machine takes one item each 9 s; behind it items close up, the next is at the exit 2 s after
    run = Run(line_plant(source(interval="4 s", limit=6), belt(), machine("m1", "9 s"), sink()), 200.0)
    assert run.times("out") == [33.0, 42.0, 51.0, 60.0, 69.0, 78.0]
    assert run.states("belt")[:4] == [(0.0, "STARVED"), (4.0, "PRODUCING"), (28.0, "BLOCKED"), (33.0, "PRODUCING")]


def test_after_a_departure_the_next_needs_a_pitch_to_the_exit() -> None:
    run = Run(line_plant(source(limit=3), belt(), machine("m1", "1 s"), sink()), 200.0)
    assert run.times("m1") == [21.0, 23.0, 25.0]
    stopped = [{"id": "x", "target": "acme/north/hall/line/m1", "effect": "stop", "start": "1 s", "duration": "99 s"}]
    run = Run(line_plant(source(limit=3), belt(), machine("m1", "1 s"), sink(), perturbations=stopped), 200.0)
    assert run.times("m1") == [101.0, 103.0, 105.0]


def test_a_conveyor_that_does_not_accumulate_stops_as_a_whole() -> None:
    # items enter at 4 and 8; the belt stands from 24 to 50, while the second is 4 s before the exit
    stop = [{"id": "x", "target": "acme/north/hall/line/m1", "effect": "stop", "start": "1 s", "duration": "49 s"}]
    units = (source(interval="4 s"), belt(accumulating=False), machine("m1", "1 s"), sink())
    run = Run(line_plant(*units, perturbations=stop), 70.0)
    assert run.times("m1")[:4] == [51.0, 55.0, 59.0, 63.0]
    assert (24.0, "BLOCKED") in run.states("belt")
    # the release at 28 waited for the belt, the source's clock with it: the items after it come 4 s apart from 50 on
    assert run.station("belt").parts == 5


def test_a_full_accumulating_conveyor_takes_one_when_one_leaves() -> None:
    run = Run(line_plant(source(), belt(), machine("m1", "10 s"), sink()), 300.0)
    assert run.station("belt").level == 10
    assert run.times("m1")[:3] == [30.0, 40.0, 50.0]


def test_a_rest_of_a_pitch_has_to_clear() -> None:
    # 2.5 m with a pitch of 1 m: three items begin on it; when the first leaves, the last has half a pitch to go
    short = belt(length="2.5 m", speed="1 m/s")
    run = Run(line_plant(source(), short, machine("m1", "10 s"), sink()), 12.75)
    assert [len(run.station("belt").queue)] == [2]
    run = Run(line_plant(source(), short, machine("m1", "10 s"), sink()), 13.25)
    assert [len(run.station("belt").queue)] == [3]


def test_a_jam_stops_it_and_the_items_keep_their_places() -> None:
    jam = {"id": "jam", "after": "5 s", "repair": "30 s"}
    run = Run(line_plant(source(limit=2), belt(failures=[jam]), sink()), 59.0)
    # 5 s of way are done when it jams; it runs 5 s between jams
    assert run.times("out") == []
    assert run.states("belt")[:4] == [(0.0, "PRODUCING"), (5.0, "FAILED"), (35.0, "PRODUCING"), (40.0, "FAILED")]
    long = {"id": "jam", "after": "21 s", "repair": "30 s"}
    assert Run(line_plant(source(limit=2), belt(failures=[long]), sink()), 60.0).times("out") == [20.0, 52.0]


@given(st.integers(2, 12), st.integers(1, 30), st.sampled_from([0.5, 1.0, 1.5]), st.integers(1, 9), st.booleans())
@settings(max_examples=150, deadline=None)
def test_against_positions_computed_item_by_item(
    length: int, interval: int, pitch: float, cycle: int, accumulating: bool
) -> None:
    """The same belt in steps of a quarter second."""
    config = belt(length=f"{length} m", speed="1 m/s", pitch=f"{pitch} m", accumulating=accumulating)
    run = Run(line_plant(source(interval=f"{interval} s"), config, machine("m1", f"{cycle} s"), sink()), 150.0)
    assert run.times("m1") == pytest.approx(stepped(length, interval, pitch, cycle, accumulating))


def stepped(length: float, interval: float, pitch: float, cycle: float, accumulating: bool) -> list[float]:
    """Completions of the machine behind the belt, from positions in small steps."""
    step, on_belt, waiting, done = 0.25, [], 0.0, []  # type: ignore[var-annotated]
    busy: float | None = None
    places = -(-length // pitch)
    for tick in range(1, 600):
        now = tick * step
        blocked = bool(on_belt) and on_belt[0] >= length
        if accumulating or not blocked:
            for i, x in enumerate(on_belt):
                limit = length if i == 0 else on_belt[i - 1] - pitch
                on_belt[i] = max(x, min(x + step, limit))
        waiting = min(waiting + step, interval)
        if busy is not None and now >= busy:
            done.append(busy)
            busy = None
        if busy is None and on_belt and on_belt[0] >= length:
            on_belt.pop(0)
            busy = now + cycle
        stands = not accumulating and bool(on_belt) and on_belt[0] >= length
        if waiting >= interval and not stands and len(on_belt) < places and (not on_belt or on_belt[-1] >= pitch):
            on_belt.append(0.0)
            waiting = 0.0
    return done
