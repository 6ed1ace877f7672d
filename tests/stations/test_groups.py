"""Operations on several items: batch machine, disassembly, assembly of variants and levels."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import buffer, line_plant, machine, sink, source
from tests.stations.runs import Run
from twin.errors import ModelError
from twin.plant.plant import Plant


def oven(**fields: Any) -> dict[str, Any]:
    return {"id": "oven", "kind": "batch_machine", "max_batch": 4, "cycle": "60 s", **fields}


def test_a_full_batch_leaves_together() -> None:
    run = Run(line_plant(source(interval="10 s"), oven(min_batch=4), sink()), 245.0)
    # in front of it four wait while it works, so the source stands still from 80 s to 100 s
    assert run.parts("oven") == [(100.0, "part", 4), (160.0, "part", 4), (220.0, "part", 4)]
    assert run.times("out") == [100.0] * 4 + [160.0] * 4 + [220.0] * 4
    assert run.states("oven") == [(0.0, "STARVED"), (40.0, "PRODUCING")]


def test_without_a_minimum_it_takes_what_is_there() -> None:
    run = Run(line_plant(source(interval="25 s"), oven(), sink()), 300.0)
    assert [(t, n) for t, _, n in run.parts("oven")] == [(85.0, 1), (145.0, 2), (205.0, 2), (265.0, 3)]


def test_a_smaller_batch_begins_after_the_longest_wait() -> None:
    run = Run(line_plant(source(interval="25 s", limit=6), oven(min_batch=4, wait="40 s"), sink()), 400.0)
    # 25, 50 wait until 65; 75, 100 until the oven is free at 125; 125, 150 until 185
    assert [(t, n) for t, _, n in run.parts("oven")] == [(125.0, 2), (185.0, 2), (245.0, 2)]


def test_families_share_no_batch() -> None:
    units = (
        source(mix={"a": 1, "b": 1, "c": 1}, interval="10 s"),
        oven(min_batch=2, max_batch=2, families={"hot": ["a", "b"]}, staging=8),
        sink(),
    )
    run = Run(line_plant(*units, items=["a", "b", "c"]), 400.0)
    batches: dict[float, list[str]] = {}
    for time, item, number in run.parts("oven"):
        batches.setdefault(time, []).extend([item] * number)
    assert all(len(batch) == 2 and ("c" not in batch or batch == ["c", "c"]) for batch in batches.values())
    assert ["c", "c"] in batches.values()


def test_what_does_not_fit_ahead_blocks_the_next_batch() -> None:
    units = (source(), oven(min_batch=4, staging=4), machine("m1", "50 s"), sink())
    run = Run(line_plant(*units), 400.0)
    # the four of 60 s are gone into the machine at 60, 110, 160 and 210: then the next batch begins
    assert [t for t, _, _ in run.parts("oven")] == [60.0, 270.0]
    assert run.states("oven")[:4] == [(0.0, "PRODUCING"), (60.0, "BLOCKED"), (210.0, "PRODUCING"), (270.0, "BLOCKED")]


def test_scrap_is_judged_item_by_item() -> None:
    run = Run(line_plant(source(), oven(scrap=0.3), sink()), 100_000.0)
    oven_of = run.plant.ledger.totals(1)
    assert oven_of.scrapped / oven_of.parts == pytest.approx(0.3, abs=0.02)
    assert run.plant.ledger.totals(2).parts == oven_of.parts - oven_of.scrapped


def test_too_few_places_for_every_family_are_refused() -> None:
    units = (source(mix={"a": 1, "b": 1}), oven(min_batch=3, staging=4, families={"x": ["a"], "y": ["b"]}), sink())
    with pytest.raises(ModelError, match=r"oven staging: expected at least 5 places for batches of 3 of 2 families"):
        Plant(line_plant(*units, items=["a", "b"]), 1)


def test_disassembly_gives_all_pieces() -> None:
    units = [
        source(interval="30 s", mix={"old": 1}),
        {"id": "strip", "kind": "disassembly", "cycle": "10 s", "yields": {"core": 1, "screw": 3}, "to": ["sort"]},
        {"id": "sort", "kind": "route", "rule": "item", "items": {"core": "cores"}, "to": ["cores", "bin"]},
        sink("cores"),
        sink("bin"),
    ]
    run = Run(line_plant(*units, items=["old", "core", "screw"]), 100.0)
    assert run.parts("strip") == [(40.0, "old", 1), (70.0, "old", 1)]
    assert run.parts("cores") == [(40.0, "core", 1), (70.0, "core", 1)]
    assert run.parts("bin") == [(40.0, "screw", 3), (70.0, "screw", 3)]


def test_pieces_that_are_not_taken_block_it() -> None:
    units = [
        source(mix={"old": 1}),
        {"id": "strip", "kind": "disassembly", "cycle": "10 s", "yields": {"core": 1, "screw": 2}},
        machine("m1", "20 s"),
        sink(),
    ]
    run = Run(line_plant(*units, items=["old", "core", "screw"]), 200.0)
    assert run.items("m1")[:6] == ["core", "screw", "screw"] * 2
    assert run.states("strip")[:3] == [(0.0, "PRODUCING"), (10.0, "BLOCKED"), (50.0, "PRODUCING")]


def levels() -> list[dict[str, Any]]:
    """Two wheels make an axle, two axles and a frame a bogie."""
    return [
        source("wheels", mix={"wheel": 1}, interval="5 s", to=["axles"]),
        {"id": "axles", "kind": "assembly", "bom": {"wheel": 2}, "makes": "axle", "cycle": "4 s", "to": ["rack"]},
        buffer("rack", 8, to=["bogies"]),
        source("frames", mix={"frame": 1}, to=["bogies"]),
        {"id": "bogies", "kind": "assembly", "bom": {"axle": 2, "frame": 1}, "makes": "bogie", "cycle": "6 s"},
        sink(),
    ]


def test_a_bill_of_materials_of_several_levels_is_a_chain_of_assemblies() -> None:
    run = Run(line_plant(*levels(), items=["wheel", "axle", "frame", "bogie"]), 100.0)
    assert run.times("axles") == [14.0, 24.0, 34.0, 44.0, 54.0, 64.0, 74.0, 84.0, 94.0]
    assert run.times("out") == [30.0, 50.0, 70.0, 90.0]


def test_one_assembly_makes_several_products() -> None:
    units = [
        source("cars", mix={"car_a": 1, "car_b": 2}, interval="10 s", to=["join"]),
        source("seats", mix={"seat_a": 1, "seat_b": 2}, interval="10 s", to=["join"]),
        {
            "id": "join",
            "kind": "assembly",
            "variants": {"done_a": {"car_a": 1, "seat_a": 1}, "done_b": {"car_b": 1, "seat_b": 1}},
            "cycle": "3 s",
        },
        sink(),
    ]
    items = ["car_a", "car_b", "seat_a", "seat_b", "done_a", "done_b"]
    run = Run(line_plant(*units, items=items), 70.0)
    assert run.items("out") == ["done_a", "done_b", "done_b", "done_a", "done_b", "done_b"]
    assert run.times("out") == [13.0, 23.0, 33.0, 43.0, 53.0, 63.0]


def test_an_assembly_needs_one_way_of_saying_what_it_makes() -> None:
    with pytest.raises(ValueError, match="expected 'bom' and 'makes', or 'variants'"):
        line_plant(source(), {"id": "join", "kind": "assembly", "cycle": "1 s"}, sink())
