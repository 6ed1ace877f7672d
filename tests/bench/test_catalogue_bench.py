"""The catalogue of a traced run costs by what is new, and does not grow with what is said once."""

from __future__ import annotations

import time

import pytest

from twin.engine.codes import PRODUCING
from twin.engine.events import Event, Series, state_event
from twin.engine.journal import KNOWN, Catalogue
from twin.equipment import EquipmentPath

pytestmark = pytest.mark.bench

BATCH = 4_000
PATH = EquipmentPath("acme/north/hall/line/m1")


def batch(first: int, series: Series) -> list[Event]:
    """States of orders that come once."""
    numbers = range(first, first + BATCH)
    return [state_event(0, PATH, PRODUCING, ("PRODUCING", f"order-{n}", None), series) for n in numbers]


def cpu_s(catalogue: Catalogue, batches: range, series: Series) -> float:
    """CPU time in s of numbering some batches, of which every event is new."""
    spent = 0.0
    for number in batches:
        events = batch(number * BATCH, series)
        begun = time.process_time()
        for at in range(0, BATCH, 20):  # as a run does: a few new ones at a time
            catalogue.numbers(events[at : at + 20])
        spent += time.process_time() - begun
    return spent


def test_what_is_new_costs_the_same_however_much_is_known() -> None:
    catalogue, series = Catalogue(), Series()
    few = cpu_s(catalogue, range(4), series)
    cpu_s(catalogue, range(4, 12), series)
    assert cpu_s(catalogue, range(12, 16), series) < 2.5 * few + 0.02


def test_events_that_come_once_do_not_stay() -> None:
    catalogue, series = Catalogue(), Series()
    for number in range(60):
        events = batch(number * BATCH, series)
        assert catalogue.digests_of(events).tolist() == [event.digest for event in events]
        assert catalogue.known <= KNOWN + BATCH
    again = batch(0, series)
    assert catalogue.digests_of(again).tolist() == Catalogue().digests_of(batch(0, Series())).tolist()
