"""What the brain counts is what a brain counts that reads the store: the same rows are the same events in both."""

from __future__ import annotations

import math
from itertools import count
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from brokers.stores import Store
from tests.brain.test_readings import E0, H, M, S, meta
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

KINDS = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.ORDER, RecordKind.SHIPMENT)
STATES = ("PRODUCING", "FAILED", "STARVED", "REPAIR")


def row(rng: Random, kind: RecordKind) -> tuple[Any, ...]:
    """A row of few possible values, so that many of one instant differ in one column or in none."""
    amount = rng.choice((1.0, 2.0, 29.5))
    if kind is RecordKind.STATE:
        return (rng.choice(STATES), "o1", rng.choice((None, "jam")))
    if kind is RecordKind.PART:
        quantities = rng.choice(((amount, 0.0, 0.0), (0.0, amount, 0.0), (-1.0, 1.0, 0.0)))
        return ("cube", *quantities, rng.choice((40.0, None)), rng.choice((0, 1)), rng.choice((None, E0, E0 + M)))
    if kind is RecordKind.STOCK:
        return ("cube", amount)
    if kind is RecordKind.ORDER:
        event = rng.choice(("received", "shipped", "delivered"))
        return (rng.choice(("a", "b")), event, "cube", amount, E0 + H, "", rng.choice(("", "x/y")))
    return (rng.choice(("load 1", "load 2")), rng.choice(("departed", "arrived")), "cube", amount, "", "")


def said(rng: Random, unit: EquipmentPath) -> list[Frame]:
    """Messages with rows of few instants, out of order, some twice, some numbered without a gap."""
    frames: list[Frame] = []
    numbers = count()
    for _ in range(60):
        kind = rng.choice(KINDS)
        times = sorted(E0 + rng.randrange(12) * 5 * M for _ in range(rng.randrange(1, 5)))
        frame = records(kind, [(unit, time_ns, row(rng, kind)) for time_ns in times])
        frames += [frame.stamped("p", "r", next(numbers))] if rng.random() < 0.5 else [frame] * rng.choice((1, 2))
    rng.shuffle(frames)
    return frames


def figures(frames: list[Frame], site: EquipmentPath) -> dict[tuple[Any, ...], Any]:
    brain = Brain(BrainConfig(live_s=None))
    found: dict[tuple[Any, ...], Any] = {}
    beats = [records(RecordKind.HEARTBEAT, [(site, time_ns, (0, 0, 0.0))]) for time_ns in range(E0, E0 + 2 * H, M)]
    for frame in [*masters(site), *beats[:1], *frames, *beats[1:]]:
        for figure in brain.process(frame):
            found |= {(r["path"], r["kpi"], r["window"], r["time_ns"]): r for r in figure.rows()}
    return found


def masters(site: EquipmentPath) -> list[Frame]:
    unit = EquipmentPath(f"{site}/c/d/mill")
    return [meta("place", site), meta("equipment", unit, kind="machine", ideal_s=40.0)]


@pytest.mark.parametrize("seed", range(6))
async def test_live_is_what_the_store_says(store: Store, seed: int) -> None:
    rng = Random(seed)
    site = EquipmentPath(f"s{uuid4().hex[:8]}/north")
    unit = EquipmentPath(f"{site}/c/d/mill")
    frames = said(rng, unit)
    place = 0
    while place < len(frames):
        size = rng.randrange(1, 8)
        await store.write(frames[place : place + size])
        if rng.random() < 0.3:  # a write that was not acknowledged comes again
            await store.write(frames[place : place + size])
        place += size
    stored = [await store.rows(kind, site, E0 - H, E0 + 3 * H) for kind in KINDS]
    live, again = figures(frames, site), figures(stored, site)
    assert live.keys() == again.keys()
    assert any(key[1] == "oee" for key in live)
    for key, one in live.items():
        other = again[key]
        assert one["quality"] == other["quality"], (one, other)
        assert (one["value"] is None) == (other["value"] is None), (one, other)
        if one["value"] is not None:
            assert math.isclose(one["value"], other["value"], rel_tol=1e-9, abs_tol=1e-9), (one, other)


async def test_two_rows_of_one_instant_are_two_and_come_again_as_two(store: Store) -> None:
    unit = EquipmentPath(f"s{uuid4().hex[:8]}/north/c/d/mill")
    first = records(RecordKind.PART, [(unit, E0, ("cube", 1.0, 0.0, 0.0, 40.0, 1))])
    second = records(RecordKind.PART, [(unit, E0, ("cube", 2.0, 0.0, 0.0, 40.0, 1))])
    later = records(RecordKind.PART, [(unit, E0 + S, ("cube", 1.0, 0.0, 0.0, 40.0, 1))])
    for frame in (first, second, later, second, first):
        await store.write([frame])
    found = await store.rows(RecordKind.PART, unit, E0, E0 + H)
    assert sorted(found.column("good").tolist()) == [1.0, 1.0, 2.0]
