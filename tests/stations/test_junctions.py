"""Routes, buffers with an order of their own, inspection by sample."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.engine.plants import buffer, line, line_plant, machine, plant_of, sink, site, source
from tests.stations.runs import Run
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.plant import Plant


def fork(**fields: Any) -> PlantConfig:
    """A source, a route and two machines of 10 s and 30 s, each with its own sink."""
    units = [
        source(mix={"a": 2, "b": 1}, interval="10 s"),
        {"id": "fork", "kind": "route", "to": ["m1", "m2"], **fields},
        machine("m1", "10 s", to=["x"]),
        machine("m2", "30 s", to=["y"]),
        sink("x"),
        sink("y"),
    ]
    return line_plant(*units, items=["a", "b"])


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ({"rule": "free"}, (60, 30)),
        ({"rule": "priority"}, (98, 0)),
        ({"rule": "shortest"}, (98, 0)),
        ({"rule": "round_robin"}, (33, 32)),
    ],
    ids=lambda row: str(row),
)
def test_rules_of_a_route(rule: dict[str, Any], counts: tuple[int, int]) -> None:
    run = Run(fork(**rule), 1_000.0)
    done = tuple(len(run.times(unit)) for unit in ("x", "y"))
    assert done[0] == pytest.approx(counts[0], abs=6)
    assert done[1] == pytest.approx(counts[1], abs=6)


def test_a_route_by_item_waits_for_the_right_destination() -> None:
    run = Run(fork(rule="item", items={"b": "m2"}), 1_000.0)
    assert set(run.items("x")) == {"a"}
    assert set(run.items("y")) == {"b"}
    assert run.items("x")[:2] == ["a", "a"]


def test_a_route_by_share_draws() -> None:
    run = Run(fork(rule="share", shares={"m1": 3, "m2": 1}), 100_000.0)
    x, y = len(run.times("x")), len(run.times("y"))
    assert x / (x + y) == pytest.approx(0.75, abs=0.02)
    assert "BLOCKED" in {state for _, state in run.states("fork")}


def test_a_route_takes_from_its_first_input_first() -> None:
    units = [
        source("hot", mix={"a": 1}, interval="50 s", to=["ha"]),
        source("cold", mix={"b": 1}, to=["merge"]),
        buffer("ha", 5, to=["merge"]),
        {"id": "merge", "kind": "route", "inputs": ["ha", "cold"], "to": ["m1"]},
        machine("m1", "20 s"),
        sink(),
    ]
    run = Run(line_plant(*units, items=["a", "b"]), 1_000.0)
    counted = Counter(run.items("out"))
    assert counted["a"] in (18, 19)  # all but the last
    assert sum(counted.values()) == 49


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"rule": "share", "shares": {"m9": 1}}, "listed in 'to', got m9"),
        ({"rule": "share"}, "expected 'shares'"),
        ({"rule": "item"}, "expected 'items'"),
    ],
)
def test_a_route_with_a_wrong_rule_is_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        fork(**fields)


def waiting(discipline: str, **fields: Any) -> Run:
    """a, b, c wait in a buffer until the machine begins to take them at 100 s."""
    stop = [{"id": "x", "target": "acme/north/hall/line/m1", "effect": "stop", "start": "0 s", "duration": "100 s"}]
    units = (
        source(mix={"a": 2, "b": 2, "c": 2}, limit=6),
        buffer("lane", 6, discipline=discipline, **fields),
        machine("m1", "10 s"),
        sink(),
    )
    return Run(line_plant(*units, items=["a", "b", "c"], perturbations=stop), 400.0)


def test_disciplines_of_a_buffer() -> None:
    assert waiting("fifo").items("out") == list("aabbcc")
    assert waiting("lifo").items("out") == list("ccbbaa")
    assert waiting("priority", priority=["c", "a"]).items("out") == list("ccaabb")
    assert waiting("sequenced", sequence=["b", "c", "a"]).items("out") == list("bcabca")


def test_a_sequenced_buffer_waits_for_the_next_of_its_sequence() -> None:
    run = waiting("sequenced", sequence=["b", "b", "b", "a"])
    assert run.items("out") == ["b", "b"]
    assert run.station("lane").level == 4


def test_a_volume_limits_a_buffer() -> None:
    places = site("north", line("line", [source(mix={"a": 1, "b": 1}), buffer("lane", 99, volume="2 m³"),
                                          machine("m1", "1 h"), sink()]))  # fmt: skip
    config = plant_of(places, items=["a", "b"])
    items = {"a": {"title": "a", "volume": "500 l"}, "b": {"title": "b", "volume": "0.25 m³"}}
    config = PlantConfig.model_validate(config.model_dump() | {"items": items, "enterprises": config.enterprises})
    run = Run(config, 100.0)
    # the first a is in the machine; b a b a b: 0.25 + 0.5 + 0.25 + 0.5 + 0.25 = 1.75
    assert [part.item for part in run.station("lane").contents()] == list("babab")


def test_every_third_item_is_inspected() -> None:
    look = {"id": "look", "kind": "inspection", "cycle": "5 s", "every": 3, "scrap": 1.0}
    run = Run(line_plant(source(interval="10 s"), look, sink()), 125.0)
    assert [t for t, _, _ in run.parts("look")] == [35.0, 65.0, 95.0, 125.0][:3]
    assert run.times("out") == [10.0, 20.0, 40.0, 50.0, 70.0, 80.0, 100.0, 110.0]


def test_a_share_is_inspected_and_the_rest_waits_its_turn() -> None:
    look = {"id": "look", "kind": "inspection", "cycle": "5 s", "sample": 0.25}
    run = Run(line_plant(source(), machine("m1", "10 s"), look, machine("m2", "11 s"), sink()), 100_000.0)
    looked, made = len(run.times("look")), len(run.times("m2"))
    assert looked / made == pytest.approx(0.25, abs=0.02)
    assert made == pytest.approx(100_000 / 11, abs=5)


def test_rework_on_the_spot_is_looked_at_again() -> None:
    look = {"id": "look", "kind": "inspection", "cycle": "1 s", "every": 2, "rework": 1.0, "rework_max": 2}
    run = Run(line_plant(source(interval="10 s"), look, sink()), 30.0)
    assert run.plant.ledger.totals(1).reworked == 2
    assert run.plant.ledger.totals(1).scrapped == 1


def test_an_unknown_reference_is_told() -> None:
    gate = {"id": "gate", "kind": "conwip", "limit": 2, "exit": "outt"}
    with pytest.raises(ModelError, match=r"gate exit: expected a unit of the plant, got 'outt' \(did you mean 'out'"):
        Plant(line_plant(source(), gate, machine(), sink()), 1)
