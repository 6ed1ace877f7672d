"""Queues against theory: waiting in M/M/1 and M/M/c by replications, 99 % intervals."""

from __future__ import annotations

from math import factorial

import pytest

from tests.engine.plants import buffer, exponential, line_plant, machine, sink, source
from tests.validation.intervals import Interval, confidence
from twin.sim.plant import Plant
from twin.states import UnitState

pytestmark = pytest.mark.validation
WARM_UP = 1_000.0


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting in M/M/c (Erlang 1917); load = arrival rate / service rate."""
    tail = load**servers / factorial(servers) * servers / (servers - load)
    return tail / (sum(load**k / factorial(k) for k in range(servers)) + tail)


def waiting(servers: int, arrivals: float, end: float) -> tuple[Interval, Interval]:
    """Mean wait by Little's law and the share of time that the station works."""
    config = line_plant(
        source(interval=exponential(f"{1 / arrivals!r} s")),
        buffer("queue", 1_000_000),
        machine("server", exponential("1 s"), capacity=servers),
        sink(),
    )
    waits, busy = [], []
    for seed in range(30):
        plant = Plant(config, seed, trace=False, intervals=True)
        plant.run_until(end)
        window = (plant.epoch_ns + round(WARM_UP * 1e9), plant.epoch_ns + round(end * 1e9))
        span = end - WARM_UP
        waits.append(plant.ledger.window(1, *window).stock_ns["part"] / 1e9 / span / arrivals)
        busy.append(plant.ledger.window(2, *window).duration_ns(UnitState.PRODUCING) / 1e9 / span)
    return confidence(waits), confidence(busy)


@pytest.mark.parametrize(
    ("servers", "arrivals", "end", "widest"),
    [(1, 0.8, 16_000.0, 0.08), (1, 0.5, 10_000.0, 0.05), (3, 2.4, 7_000.0, 0.08)],
)
def test_waiting_agrees_with_erlang(servers: int, arrivals: float, end: float, widest: float) -> None:
    exact = erlang_c(servers, arrivals) / (servers - arrivals)
    wait, busy = waiting(servers, arrivals, end)
    print(f"M/M/{servers}, {arrivals}/s: wait {wait}, exact {exact:.5f}; busy {busy}")
    assert wait.holds(exact)
    assert wait.half < widest * exact
    if servers == 1:
        assert busy.holds(arrivals)
