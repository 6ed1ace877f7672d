"""The same piece comes twice, or out of order: stored once, seen once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.attendance import Sign
from brokers.ingest import TWICE, Ingest, IngestConfig
from brokers.links import Base, ignore_base, ignore_sign
from brokers.reception import Arrivals
from brokers.refusals import Refusals
from tests.transport.parts import LIMIT_S, RecordingSink, heartbeat
from twin.ports import Delivery, Mark
from twin.records import Frame

MOST = 12


class ListSource:
    """A source that delivers what it was given and keeps the marks it was sent."""

    def __init__(self, batches: Sequence[Sequence[Frame]]):
        self.on_base: Callable[[Base], None] = ignore_base
        self.on_sign: Callable[[Sign], None] = ignore_sign
        self.malformed = self.dropped = self.acknowledged = self.losses = 0
        self.online = True
        self.refusals = Refusals()
        self.marks: list[Mark] = []
        self._batches = batches

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def mark(self, mark: Mark) -> None:
        self.marks.append(mark)

    async def deliveries(self) -> AsyncIterator[Delivery]:
        for batch in self._batches:
            yield Delivery(batch, self._acknowledge)

    async def _acknowledge(self) -> None:
        self.acknowledged += 1


def pieces(order: Sequence[int]) -> list[Frame]:
    return [heartbeat(seq).stamped("p", "r", seq) for seq in order]


async def ingested(batches: Sequence[Sequence[Frame]]) -> tuple[ListSource, RecordingSink, list[Frame], Ingest]:
    source, sink, seen = ListSource(batches), RecordingSink(), []
    ingest = Ingest(source, sink, [seen.extend], IngestConfig(gap_s=60))
    await asyncio.wait_for(ingest.run(), LIMIT_S)
    return source, sink, seen, ingest


async def test_a_repeated_delivery_is_acknowledged_and_nothing_more() -> None:
    source, sink, seen, ingest = await ingested([pieces([0, 1, 2]), pieces([0, 1, 2]), pieces([2, 3])])
    assert source.acknowledged == 3
    assert [frame.seq for frame in sink.frames] == [frame.seq for frame in seen] == [0, 1, 2, 3]
    assert ingest.counters.duplicates == 4


async def test_a_gap_is_named_at_once_and_stored_frames_wait_for_it() -> None:
    source, sink, seen, _ = await ingested([pieces([0, 1, 4, 5])])
    assert source.marks[0] == Mark("p", "r", 2, ((2, 4),), last=5)
    assert len(sink.frames) == 4
    assert [frame.seq for frame in seen] == [0, 1]


@settings(max_examples=50, deadline=None)
@given(st.permutations(list(range(MOST))), st.lists(st.integers(0, MOST - 1), max_size=10), st.integers(1, 5))
def test_any_order_with_repeats_is_seen_once_and_in_order(order: list[int], again: list[int], size: int) -> None:
    arrived = [*order, *again]
    batches = [pieces(arrived[at : at + size]) for at in range(0, len(arrived), size)]
    _, sink, seen, ingest = asyncio.run(ingested(batches))
    assert [frame.seq for frame in seen] == list(range(MOST))
    assert sorted(frame.seq for frame in sink.frames) == list(range(MOST))
    assert ingest.counters.duplicates == len(again)
    assert ingest.counters.late == ingest.counters.lost == 0


@given(st.lists(st.integers(0, 40), max_size=60))
def test_arrivals_equal_a_set(numbers: list[int]) -> None:
    arrivals, model = Arrivals(), set()
    for number in numbers:
        assert arrivals.add(number) == (number not in model)
        model.add(number)
    missing = {seq for first, last in arrivals.missing() for seq in range(first, last)}
    assert missing == set(range(max(model, default=-1) + 1)) - model
    assert set(range(arrivals.to)) <= model
    assert arrivals.to not in model


async def test_of_two_that_say_to_be_the_same_nothing_is_lost_and_it_is_told() -> None:
    """A controller that counts from 0 again in the same run, or a second one with the same id."""
    first = pieces(range(3))
    again = [heartbeat(10 + seq).stamped("p", "r", seq) for seq in range(5)]
    _, sink, seen, ingest = await ingested([first, first, again])
    assert [int(frame.time_ns[0]) for frame in seen] == [int(frame.time_ns[0]) for frame in (*first, *again)]
    assert [frame.seq for frame in seen] == [0, 1, 2, -1, -1, -1, 3, 4]
    assert len(sink.frames) == 8
    assert (ingest.counters.duplicates, ingest.refusals) == (3, {TWICE: 3})
