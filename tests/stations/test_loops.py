"""Pull: CONWIP, kanban with supermarkets, just-in-sequence call-off, storage."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import buffer, exponential, line_plant, machine, sink, source
from tests.stations.runs import Run
from twin.errors import ModelError
from twin.plant.plant import Plant


def test_conwip_limits_the_work_between_entry_and_exit() -> None:
    gate = {"id": "gate", "kind": "conwip", "limit": 3, "exit": "shelf"}
    units = (source(), gate, buffer("b1", 50), machine("m1", "10 s"), buffer("b2", 50), machine("m2", "25 s"),
             buffer("shelf", 9), sink())  # fmt: skip
    run = Run(line_plant(*units), 500.0)
    inside = [run.station(name).level for name in ("b1", "m1", "b2", "m2", "shelf")]
    assert sum(inside) == 3
    assert run.times("out")[:4] == [35.0, 60.0, 85.0, 110.0]
    assert run.states("gate")[0] == (0.0, "BLOCKED")


def test_scrap_gives_its_card_back() -> None:
    gate = {"id": "gate", "kind": "conwip", "limit": 2, "exit": "out"}
    units = (source(), gate, machine("m1", "10 s", scrap=0.5), machine("m2", "10 s"), sink())
    run = Run(line_plant(*units), 20_000.0)
    assert run.station("gate").used[""] == run.station("m1").level + run.station("m2").level
    assert len(run.times("out")) > 900


def test_a_product_holds_the_cards_of_its_components() -> None:
    gate = {"id": "gate", "kind": "conwip", "limit": 6, "exit": "out", "to": ["join"]}
    join = {"id": "join", "kind": "assembly", "bom": {"x": 2}, "makes": "p", "cycle": "10 s", "sets": 9}
    run = Run(line_plant(source(mix={"x": 1}), gate, join, machine("m1", "30 s"), sink(), items=["x", "p"]), 1_000.0)
    assert len(run.times("out")) == 32
    held = run.station("join").contents() + run.station("m1").contents()
    assert sum(2 if part.item == "p" else 1 for part in held) == 6 == run.station("gate").used[""]


def pull(**demand: Any) -> list[dict[str, Any]]:
    """Two items with cards, a machine with a setup, a supermarket and customers."""
    return [
        source("sa", mix={"a": 1}, to=["board"]),
        source("sb", mix={"b": 1}, to=["board"]),
        {"id": "board", "kind": "kanban", "cards": {"a": 4, "b": 2}, "exit": "market"},
        buffer("jobs", 99),
        machine("m1", "10 s"),
        {"id": "market", "kind": "supermarket", "places": {"a": 4, "b": 2}},
        sink("customers", **demand),
    ]


def test_cards_fill_the_supermarket_and_then_production_rests() -> None:
    run = Run(line_plant(*pull(interval="1 day"), items=["a", "b"]), 1_000.0)
    assert sorted(part.item for part in run.station("market").contents()) == list("aaaabb")
    assert len(run.times("m1")) == 7  # six cards, and one for what the customer took


def test_a_withdrawal_releases_the_same_item() -> None:
    run = Run(line_plant(*pull(interval="30 s", sequence=["b", "a", "a"]), items=["a", "b"]), 1_000.0)
    assert run.items("customers")[:6] == ["b", "a", "a", "b", "a", "a"]
    made, sold = run.items("m1"), run.items("customers")
    for item, cards in (("a", 4), ("b", 2)):
        assert made.count(item) - sold.count(item) <= cards


def test_what_is_in_the_loop_at_the_start_holds_cards() -> None:
    units = pull(interval="1 day")
    units[5]["initial"] = {"a": 4, "b": 1}
    run = Run(line_plant(*units, items=["a", "b"]), 1_000.0)
    assert sorted(run.items("m1")) in (["a", "b"], ["b", "b"])


def test_vehicles_call_off_their_seats_in_sequence() -> None:
    units = [
        source("bodies", mix={"red": 1, "blue": 2}, interval="60 s", to=["point"]),
        {"id": "point", "kind": "call_off", "supplier": "seats", "items": {"red": "s_red", "blue": "s_blue"},
         "to": ["way"]},
        {"id": "way", "kind": "transport", "time": "5 min", "to": ["marry"]},
        source("maker", mix={"s_blue": 1, "s_red": 1}, to=["seats"], interval="20 s"),
        buffer("seats", 12, discipline="sequenced", to=["truck"]),
        {"id": "truck", "kind": "transport", "time": "2 min", "to": ["marry"]},
        {"id": "marry", "kind": "assembly", "cycle": "40 s", "sets": 6,
         "variants": {"car_red": {"red": 1, "s_red": 1}, "car_blue": {"blue": 1, "s_blue": 1}}},
        sink(),
    ]  # fmt: skip
    items = ["red", "blue", "s_red", "s_blue", "car_red", "car_blue"]
    run = Run(line_plant(*units, items=items), 3_600.0)
    assert run.items("out")[:6] == ["car_red", "car_blue", "car_blue"] * 2
    assert run.times("out")[:3] == [400.0, 460.0, 520.0]


def test_a_call_off_needs_a_sequenced_buffer() -> None:
    point = {"id": "point", "kind": "call_off", "supplier": "lane", "items": {"part": "part"}}
    with pytest.raises(ModelError, match="point supplier: expected a unit with discipline sequenced"):
        Plant(line_plant(source(), point, buffer("lane", 2), sink()), 1)


def rack(**fields: Any) -> dict[str, Any]:
    return {"id": "rack", "kind": "storage", "capacity": 10, "put": "20 s", "retrieve": "30 s", **fields}


def test_a_storage_brings_out_on_request() -> None:
    run = Run(line_plant(source(limit=1), rack(), machine("m1", "10 s"), sink()), 200.0)
    # put away until 20, asked for from the start, brought out until 50
    assert run.times("m1") == [60.0]
    assert run.states("rack") == [(0.0, "PRODUCING"), (50.0, "STARVED")]
    assert run.stock("rack") == [(0.0, "part", 1), (50.0, "part", 0)]


def test_cranes_work_at_once_and_one_may_put_away_meanwhile() -> None:
    def pair(cranes: int) -> Run:
        units = (
            source(interval="1 day"),
            rack(initial={"part": 8}, cranes=cranes, to=["m1", "m2"]),
            machine("m1", "1 s", to=["out"]),
            machine("m2", "1 s"),
            sink(),
        )
        return Run(line_plant(*units), 100.0)

    assert pair(1).times("out") == [31.0, 61.0, 91.0]
    assert pair(2).times("out") == [31.0, 31.0, 62.0, 62.0, 93.0, 93.0]
    busy = Run(line_plant(source(), rack(), machine("m1", "1 s"), sink()), 200.0)
    # the crane puts away what waits at the entry while the machine works: 20 s in, 30 s out
    assert busy.times("m1") == [51.0, 101.0, 151.0]


def test_places_by_item_limit_a_storage() -> None:
    units = (source(mix={"a": 1, "b": 1}), rack(places={"a": 3}), machine("m1", "1 h"), sink())
    run = Run(line_plant(*units, items=["a", "b"]), 1_000.0)
    held = [part.item for part in run.station("rack").contents()]
    assert held.count("a") == 3
    assert held.count("b") == 4


def test_a_storage_gives_an_assembly_what_it_lacks() -> None:
    units = [
        source("s1", mix={"x": 1, "y": 3}, interval=exponential("5 s"), to=["rack"]),
        rack(capacity=40, put="1 s", retrieve="2 s", to=["join"]),
        {"id": "join", "kind": "assembly", "bom": {"x": 1, "y": 3}, "makes": "p", "cycle": "5 s"},
        sink(),
    ]
    run = Run(line_plant(*units, items=["x", "y", "p"]), 5_000.0)
    assert len(run.times("out")) > 200
