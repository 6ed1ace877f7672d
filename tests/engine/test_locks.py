"""A plant whose units wait for one another is told, with the ring and since when."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import LINE, buffer, line_plant, machine, sink, source
from twin.plant.plant import Plant

BENCH = machine("bench", "30 s", to=["gauge"])


def gauge(**fields: Any) -> dict[str, Any]:
    fields = {"rework": 1.0, "rework_to": "bench", "rework_max": 1000, "to": ["out"], **fields}
    return {"id": "gauge", "kind": "inspection", "cycle": "10 s", **fields}


def run(*units: dict[str, Any], until: float = 3_600.0) -> Plant:
    plant = Plant(line_plant(*units), 1)
    plant.run_until(until)
    return plant


def test_a_rework_loop_without_room_locks_and_says_since_when() -> None:
    plant = run(source(interval="10 s", to=["gauge"]), gauge(), BENCH, sink())
    lock = plant.lock()
    assert lock is not None
    assert str(lock) == "gauge > bench > gauge"
    # the first part goes to the bench at 20 s, the second waits for it from 30 s on, and the bench from 50 s on
    assert lock.since_s == 50.0
    assert lock.told(plant.config).startswith("locked since 2026-01-05 00:00: gauge > bench > gauge")


@pytest.mark.parametrize("store", ["buffer", "transport", "conveyor"])
def test_what_stands_in_the_ring_belongs_to_it(store: str) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "buffer": {"capacity": 2},
        "transport": {"time": "1 s", "capacity": 2},
        "conveyor": {"length": "2 m", "speed": "1 m/s", "pitch": "1 m"},
    }
    queue = {"id": "queue", "kind": store, "to": ["bench"], **kinds[store]}
    plant = run(source(interval="10 s", to=["gauge"]), gauge(rework_to="queue"), queue, BENCH, sink())
    assert str(plant.lock()) == "gauge > queue > bench > gauge"


def test_who_only_waits_is_not_locked() -> None:
    crowded = run(source(), machine("a", "1 s"), buffer(capacity=1), machine("b", "10 h"), sink())
    assert crowded.station(f"{LINE}/a").before_giving()
    assert crowded.lock() is None
    with_way_out = run(
        source(interval="10 s", to=["gauge"]), gauge(rework=0.2, rework_to="b"), buffer("b", 50, to=["gauge"]), sink()
    )
    assert with_way_out.lock() is None
