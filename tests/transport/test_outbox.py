"""The outbox by itself: bounds, policies, marks."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.links import Base, pieces
from brokers.outbox import Outbox, OutboxConfig
from tests.transport.parts import LIMIT_S, heartbeat, telemetry
from twin.errors import BackPressure
from twin.ports import Mark
from twin.records import Frame


def outbox(config: OutboxConfig | None = None) -> Outbox:
    return Outbox("p", pieces, config or OutboxConfig(), run="r")


async def taken(box: Outbox, count: int) -> list[int]:
    found = [await asyncio.wait_for(box.take(), LIMIT_S) for _ in range(count)]
    return [item.seq if isinstance(item, Frame) else -1 - item.first for item in found]


async def test_pieces_are_numbered_without_holes() -> None:
    box = outbox()
    box.put([telemetry(0), heartbeat(0), telemetry(1)])
    assert await taken(box, 11) == list(range(11))


def test_a_full_outbox_that_waits_says_so_in_time() -> None:
    box = outbox(OutboxConfig(policy="wait", pieces=3))
    box.put([heartbeat(number) for number in range(3)])
    with pytest.raises(BackPressure, match="full with 3 pieces"):
        box.put([heartbeat(3)], timeout_s=0.01)
    assert box.counters.dropped == 0


def test_memory_is_a_bound_too() -> None:
    box = outbox(OutboxConfig(bytes=2_000))
    box.put([telemetry(number) for number in range(100)])
    assert box.counters.held_bytes <= 2_000 + 5 * 300
    assert box.counters.dropped == 500 - box.counters.held


async def test_a_mark_lets_go_and_names_what_comes_again() -> None:
    box = outbox(OutboxConfig(resend_after_s=0))
    box.put([heartbeat(number) for number in range(10)])
    await taken(box, 10)
    box.mark(Mark("p", "r", 4, ((5, 7), (8, 9))))
    assert box.counters.held == 6
    again = [await box.take() for _ in range(3)]
    assert [(piece.seq, piece.historical) for piece in again] == [(5, True), (6, True), (8, True)]
    box.mark(Mark("p", "r", 10))
    assert box.counters.held == box.counters.held_bytes == 0
    assert box.counters.stored == 10


async def test_marks_of_other_runs_change_nothing() -> None:
    box = outbox()
    box.put([heartbeat(0)])
    await taken(box, 1)
    for mark in (Mark("p", "other", 1), Mark("q", "r", 1)):
        box.mark(mark)
    assert box.counters.held == 1


async def test_a_mark_from_the_future_does_not_let_go_of_what_was_not_sent() -> None:
    box = outbox()
    box.put([heartbeat(number) for number in range(3)])
    await taken(box, 1)
    box.mark(Mark("p", "r", 1_000_000, ((0, 2**60),)))
    assert box.counters.held == 2


async def test_who_asks_for_what_is_gone_is_told() -> None:
    box = outbox()
    box.put([heartbeat(number) for number in range(5)])
    await taken(box, 5)
    box.mark(Mark("p", "r", 3))
    box.mark(Mark("p", "r", 0, ((0, 3),)))
    assert await box.take() == Base("p", "r", 3)


async def test_what_is_dropped_leaves_no_gap_in_the_numbers(caplog: pytest.LogCaptureFixture) -> None:
    box = outbox(OutboxConfig(pieces=4))
    box.put([heartbeat(0), heartbeat(1)])
    await taken(box, 2)
    box.put([heartbeat(number) for number in range(2, 9)])
    assert (box.counters.dropped, box.counters.held, box.next) == (5, 4, 4)
    rest = [await box.take() for _ in range(2)]
    assert [(piece.seq, piece.values[0, 0]) for piece in rest] == [(2, 7), (3, 8)]
    box.mark(Mark("p", "r", 4))
    assert await box.settled(LIMIT_S)
    assert [record.getMessage().split("; ")[-1].split(" after ")[0] for record in caplog.records] == [
        "the oldest not sent yet are dropped",
        "outbox of p: has room again",
    ]
    assert caplog.records[-1].getMessage().endswith("5 dropped")


async def test_a_heartbeat_tells_what_was_dropped_before_it() -> None:
    """Said when it was put, the loss would seem to be where the newest is, and not where the oldest was."""
    box = outbox(OutboxConfig(pieces=4))
    box.put([heartbeat(0), heartbeat(1)])
    await taken(box, 2)
    box.put([heartbeat(number) for number in range(2, 9)])
    after = [await box.take() for _ in range(2)]
    box.mark(Mark("p", "r", 4))
    box.put([heartbeat(9)])
    after.append(await box.take())
    assert [int(piece.column("dropped")[0]) for piece in after] == [5, 5, 5]


async def test_what_is_on_its_way_is_never_dropped() -> None:
    box = outbox(OutboxConfig(pieces=2))
    box.put([heartbeat(0), heartbeat(1)])
    await taken(box, 2)
    box.put([heartbeat(2)])
    assert (box.counters.dropped, box.counters.held) == (1, 2)


async def test_no_more_is_under_way_than_the_window() -> None:
    box = outbox(OutboxConfig(window=3, probe_s=60))
    box.put([heartbeat(number) for number in range(10)])
    assert await taken(box, 3) == [0, 1, 2]
    assert box._pick(0.0) is None
    box.mark(Mark("p", "r", 2))
    assert await taken(box, 2) == [3, 4]
    assert box._pick(0.0) is None


async def test_what_was_sent_again_comes_a_third_time_only_when_it_was_overtaken() -> None:
    """The gap is named ten times while the pieces sent again wait in the queue of the broker."""
    box = outbox(OutboxConfig(resend_after_s=0, probe_s=60))
    box.put([heartbeat(number) for number in range(6)])
    await taken(box, 6)
    named = Mark("p", "r", 2, ((2, 5),), last=5)
    for _ in range(10):
        box.mark(named)
    assert await taken(box, 3) == [2, 3, 4]
    for _ in range(10):
        box.mark(named)
    assert box._pick(0.0) is None
    box.put([heartbeat(6)])
    assert await taken(box, 1) == [6]
    box.mark(Mark("p", "r", 2, ((2, 5),), last=6))
    assert await taken(box, 3) == [2, 3, 4]


async def test_what_is_held_at_the_end_is_told_as_lost(caplog: pytest.LogCaptureFixture) -> None:
    box = outbox()
    box.put([heartbeat(number) for number in range(5)])
    await taken(box, 3)
    box.mark(Mark("p", "r", 1))
    assert box.abandon() == box.counters.lost == 4
    assert caplog.records[-1].getMessage() == "outbox of p: ended with 4 pieces not known to be stored"


async def test_without_progress_the_newest_is_sent_again() -> None:
    box = outbox(OutboxConfig(probe_s=0.05))
    box.put([heartbeat(number) for number in range(3)])
    assert await taken(box, 5) == [0, 1, 2, 2, 2]


@given(st.lists(st.tuples(st.sampled_from(["put", "take", "mark"]), st.integers(0, 20)), max_size=60))
def test_nothing_is_let_go_before_its_mark(steps: list[tuple[str, int]]) -> None:
    asyncio.run(played(steps))


async def played(steps: list[tuple[str, int]]) -> None:
    box, sent, stored = outbox(OutboxConfig(probe_s=60)), 0, 0
    for word, number in steps:
        if word == "put":
            box.put([heartbeat(number)])
        elif word == "take" and sent < box.counters.put:
            assert await taken(box, 1) == [sent]
            sent += 1
        elif word == "mark":
            stored = max(stored, min(number, sent))
            box.mark(Mark("p", "r", min(number, sent)))
            if min(number, sent) < stored:
                assert await box.take() == Base("p", "r", stored)
        assert box.counters.held == box.counters.put - stored


@pytest.mark.parametrize(("told_s", "lines"), [(3600.0, []), (0.0, ["full with", "has room"])])
@pytest.mark.parametrize("thread", [False, True])
async def test_a_burst_that_waits_for_room_is_told_only_when_it_lasts(
    told_s: float, lines: list[str], thread: bool, caplog: pytest.LogCaptureFixture
) -> None:
    box = outbox(OutboxConfig(policy="wait", pieces=2, told_s=told_s))
    box.attach()
    beats = [heartbeat(number) for number in range(3)]
    putting = asyncio.create_task(asyncio.to_thread(box.put, beats) if thread else box.put_soon(beats))
    assert await taken(box, 2) == [0, 1]
    async with asyncio.timeout(LIMIT_S):
        while not (box.full and len(caplog.records) >= len(lines[:1])):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)
    assert not putting.done()
    box.mark(Mark("p", "r", 2, (), 1))
    async with asyncio.timeout(LIMIT_S):
        await putting
    said = [record.getMessage().partition(": ")[2] for record in caplog.records]
    assert [text.startswith(line) for text, line in zip(said, lines, strict=True)] == [True] * len(lines)
    assert (box.counters.held, box.counters.dropped) == (1, 0)
