"""Queues against theory by replications, 99 % intervals: Erlang, Pollaczek and Khinchine, a finite queue, Little."""

from __future__ import annotations

from math import factorial
from typing import Any, NamedTuple

import pytest

from tests.engine.plants import buffer, exponential, line_plant, machine, sink, source
from tests.validation.intervals import Interval, confidence
from tests.validation.report import FULL, agrees, equals
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.states import UnitState
from twin.streams import Stream

pytestmark = pytest.mark.validation
WARM_UP = 1_000.0
RUNS = 30 if FULL else 12
TOPIC = "Queues"


class Measured(NamedTuple):
    """Figures of a queue, each with its interval."""

    wait: Interval
    waiting: Interval
    busy: Interval
    rate: Interval


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting in M/M/c (Erlang 1917); load = arrival rate / service rate."""
    tail = load**servers / factorial(servers) * servers / (servers - load)
    return tail / (sum(load**k / factorial(k) for k in range(servers)) + tail)


def measure(
    arrivals: float, end: float, service: Any = None, servers: int = 1, places: int = 1_000_000, runs: int = RUNS
) -> Measured:
    """Run a queue with arrivals per s and unit mean service; the wait comes from Little's law."""
    config = line_plant(
        source(interval=exponential(f"{1 / arrivals!r} s")),
        buffer("queue", places),
        machine("server", service or exponential("1 s"), capacity=servers),
        sink(),
    )
    columns: list[list[float]] = [[], [], [], []]
    for seed in range(runs):
        plant = Plant(config, seed, trace=False, intervals=True)
        plant.run_until(end)
        window = (plant.epoch_ns + round(WARM_UP * 1e9), plant.epoch_ns + round(end * 1e9))
        span = end - WARM_UP
        waiting = plant.ledger.window(1, *window).stock_ns["part"] / 1e9 / span
        served = plant.ledger.window(2, *window)
        rate = served.counts["part"].good / span
        busy = served.duration_ns(UnitState.PRODUCING) / 1e9 / span
        for column, value in zip(columns, (waiting / rate, waiting, busy, rate), strict=True):
            column.append(value)
    return Measured(*(confidence(column) for column in columns))


@pytest.mark.parametrize(
    ("servers", "arrivals", "end", "widest"),
    [(1, 0.8, 16_000.0, 0.08), (1, 0.5, 10_000.0, 0.05), (3, 2.4, 7_000.0, 0.08)],
)
def test_waiting_agrees_with_erlang(servers: int, arrivals: float, end: float, widest: float) -> None:
    exact = erlang_c(servers, arrivals) / (servers - arrivals)
    measured = measure(arrivals, end, servers=servers)
    said = {"runs": RUNS, "seed": f"0 to {RUNS - 1}", "source": "Erlang 1917"}
    agrees(TOPIC, f"M/M/{servers}, {arrivals}/s", "wait, s", exact, measured.wait, widest=widest, **said)
    if servers == 1:
        assert measured.busy.holds(arrivals)


@pytest.mark.parametrize(
    ("name", "service", "variation"),
    [
        ("D", "1 s", 0.0),
        ("U", {"uniform": {"low": "0 s", "high": "2 s"}}, 1 / 3),
        ("E4", {"gamma": {"shape": 4, "mean": "1 s"}}, 0.25),
    ],
)
def test_waiting_agrees_with_pollaczek_and_khinchine(name: str, service: Any, variation: float) -> None:
    load = 0.8
    exact = load * (1 + variation) / (2 * (1 - load))
    measured = measure(load, 16_000.0, service)
    said = {"runs": RUNS, "seed": f"0 to {RUNS - 1}", "source": "Pollaczek 1930, Khinchine 1932"}
    agrees(TOPIC, f"M/{name}/1, {load}/s", "wait, s", exact, measured.wait, widest=0.08, **said)


@pytest.mark.parametrize(("arrivals", "places"), [(0.9, 3), (1.5, 4)])
def test_a_finite_queue_serves_what_finds_room(arrivals: float, places: int) -> None:
    """M/M/1/K: while the queue is full the source waits with a finished arrival, which is one more place.

    Blocked arrivals are not lost here but stop the source, so the chain is that of M/M/1/K with K = places + 2,
    whose last state has no arrivals; exponential gaps make the arrivals after it start anew.
    """
    most = places + 2
    weights = [arrivals**k for k in range(most + 1)]
    exact = 1 - weights[0] / sum(weights)
    measured = measure(arrivals, 9_000.0, places=places)
    said = {"runs": RUNS, "seed": f"0 to {RUNS - 1}", "source": "birth-death balance (Kleinrock 1975)"}
    agrees(TOPIC, f"M/M/1/{most}, {arrivals}/s", "served, 1/s", exact, measured.rate, widest=0.01, **said)
    agrees(TOPIC, f"M/M/1/{most}, {arrivals}/s", "busy share", exact, measured.busy, widest=0.01, **said)


def test_little_holds_between_separately_measured_figures() -> None:
    """L from the stock and state records, W part by part: arrivals from the stream itself, first in first out."""
    arrivals, end = 0.8, 20_000.0
    interval = exponential(f"{1 / arrivals!r} s")
    config = line_plant(
        source(interval=interval), buffer("queue", 1_000_000), machine("server", exponential("1 s")), sink()
    )
    ratios = []
    for seed in range(RUNS):
        plant = Plant(config, seed, intervals=True)
        plant.run_until(end)
        window = (plant.epoch_ns, plant.epoch_ns + round(end * 1e9))
        queue, server = (plant.ledger.window(unit, *window) for unit in (1, 2))
        inside_s = (queue.stock_ns["part"] + server.duration_ns(UnitState.PRODUCING)) / 1e9
        ratios.append(inside_s / stays_s(plant, end))
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    said = {"runs": RUNS, "seed": f"0 to {RUNS - 1}", "source": "Little 1961"}
    equals(TOPIC, f"M/M/1, {arrivals}/s", "L / (λ W), worst run", 1.0, worst, tolerance=1e-9, **said)


def stays_s(plant: Plant, end: float) -> float:
    """Sum of the times that parts spent in queue and server until ``end``."""
    law = plant.station(plant.units[0]).streams[-1]
    stream = Stream(plant.seed, plant.units[0], law.purpose, law.law)
    came = [stream.draw()]
    while came[-1] < end:
        came.append(came[-1] + stream.draw())
    left = [
        row.sim_s
        for row in plant.drain()
        if row.unit == 2 and row.kind is RecordKind.PART
        for _ in range(row.values[1])
    ]
    left += [end] * (len(came) - 1 - len(left))
    return sum(left) - sum(came[:-1])
