"""A buffer that chooses costs as one that does not, however many items wait in it."""

from __future__ import annotations

import time

import pytest

from tests.engine.plants import buffer, line_plant, machine, sink, source
from twin.plant.plant import Plant

pytestmark = pytest.mark.bench

ITEMS = 4_000


def cpu_s(items: int, discipline: str) -> float:
    """CPU time in s of passing so many listed items, that all wait from the start, through a buffer."""
    orders = [{"item": "part", "quantity": items, "due": "1 h"}]
    units = (source(mix={}, orders=orders), buffer("b", items, discipline=discipline), machine(cycle="1 s"), sink())
    plant = Plant(line_plant(*units), 1, trace=False)
    begun = time.process_time()
    plant.run_until(items + 10.0)
    spent = time.process_time() - begun
    assert plant.station("acme/north/hall/line/m1").parts == items
    return spent


def test_a_priority_buffer_costs_at_most_three_times_a_plain_one() -> None:
    plain = min(cpu_s(ITEMS, "fifo") for _ in range(5))
    for discipline in ("priority", "lifo"):
        chosen = min(cpu_s(ITEMS, discipline) for _ in range(5))
        assert chosen < 3 * plain + 0.01, (discipline, plain, chosen)
        assert min(cpu_s(4 * ITEMS, discipline) for _ in range(3)) < 6 * chosen
