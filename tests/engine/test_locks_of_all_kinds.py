"""Units may wait for one another in many ways: full rings, missing components, cards, sequences, vehicles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import buffer, line_plant, machine, sink, source
from twin.plant.locks import _asked
from twin.plant.plant import Plant

Unit = dict[str, Any]
ITEMS = ("part", "lid", "box")
BOTH = {"mix": {"part": 1, "lid": 1}}


def assembly(id: str = "join", part: int = 2, lid: int = 1, **fields: Any) -> Unit:
    bom = {"part": part, "lid": lid}
    return {"id": id, "kind": "assembly", "bom": bom, "makes": "box", "cycle": "1 min", **fields}


def again(rework_to: str, **fields: Any) -> Unit:
    """An inspection that sends everything back."""
    return {"id": "gauge", "kind": "inspection", "cycle": "5 s", "rework": 1.0, "rework_to": rework_to,
            "rework_max": 1_000, "to": ["out"], **fields}  # fmt: skip


def belt(id: str, to: str) -> Unit:
    return {"id": id, "kind": "conveyor", "length": "3 m", "speed": "1 m/s", "pitch": "1 m", "to": [to]}


def fork(id: str, **shares: float) -> Unit:
    return {"id": id, "kind": "route", "rule": "share", "shares": shares, "to": list(shares)}


def car(id: str, home: str) -> Unit:
    return {"id": id, "kind": "agv", "fleet": "cars", "home": home, "speed": "1 m/s", "loading": "1 s",
            "unloading": "1 s"}  # fmt: skip


def fleet(stops: dict[str, str], **fields: Any) -> Unit:
    nodes = {"a": ("0 m", "0 m"), "b": ("10 m", "0 m"), "c": ("20 m", "0 m")}
    return {"id": "cars", "kind": "fleet", "nodes": nodes, "paths": ["a - b - c"], "stops": stops, **fields}


def cards(kind: str, **fields: Any) -> Unit:
    return {"id": "board", "kind": kind, "exit": "out", **fields}


RACK = {"id": "rack", "kind": "storage", "capacity": 3, "put": "1 s", "retrieve": "1 s"}
BATCH = {"id": "oven", "kind": "batch_machine", "cycle": "1 min", "max_batch": 4, "min_batch": 4}
SLOW = source(interval="2 s", to=["m1"])
LOCKED: dict[str, tuple[str, list[Unit]]] = {
    "through a junction": (
        "r > m1 > b1 > belt > r",
        [source(interval="1 s", to=["r"]), fork("r", m1=1.0, out=0.001), machine(to=["b1"]), buffer(to=["belt"]),
         belt("belt", "r"), sink()],
    ),
    "two junctions and two belts": (
        "r > belt1 > s > belt2 > r",
        [source(to=["r"]), {"id": "r", "kind": "route", "to": ["belt1"]}, belt("belt1", "s"),
         fork("s", belt2=5.0, out=1.0), belt("belt2", "r"), sink()],
    ),
    "through a storage": ("m1 > rack > gauge > m1", [SLOW, machine(to=["rack"]), RACK, again("m1"), sink()]),
    "through a choosing buffer": (
        "m1 > b1 > gauge > m1",
        [SLOW, machine(to=["b1"]), buffer(discipline="lifo", to=["gauge"]), again("m1"), sink()],
    ),
    "through a batch": ("oven > gauge > oven", [source(interval="1 s"), BATCH, again("oven"), sink()]),
    "two loops at one unit": (
        "gauge > m1 > gauge",
        [source(interval="10 s", to=["gauge"]), again("m1", to=["second"]), machine(cycle="30 s", to=["gauge"]),
         again("m2", id="second"), machine("m2", "30 s", to=["gauge"]), sink()],
    ),
    "the wrong component in front": ("b1 > join > b1", [source(**BOTH), buffer(), assembly(), sink()]),
    "the wrong component in a machine": ("m1 > join > m1", [source(**BOTH), machine(), assembly(), sink()]),
    "the other component comes another way": (
        "b1 > join > b1",
        [source(to=["b1"], **BOTH), buffer(to=["join"]), source("lids", mix={"lid": 1}, to=["join"]), assembly(),
         sink()],
    ),
    "cards for less than a batch": (
        "board > out > oven > board", [source(), cards("conwip", limit=2), BATCH, sink()],
    ),
    "cards for less than a set": (
        "board > out > join > board", [source(**BOTH), cards("conwip", limit=2), assembly(), sink()],
    ),
    "kanban cards for less than a batch": (
        "board > out > oven > board", [source(), cards("kanban", cards={"part": 2}), BATCH, sink()],
    ),
    "a sequence that does not come": (
        "b1 > out > b1", [source(**BOTH), buffer(), sink(sequence=("part", "part", "lid"), interval="1 min")],
    ),
    "a market full of the wrong item": (
        "market > out > market",
        [source(**BOTH), {"id": "market", "kind": "supermarket", "places": {"part": 3, "lid": 3}},
         sink(sequence=("part", "part", "lid"), interval="1 min")],
    ),
    "one vehicle": (
        "m1 > cars > gauge > m1",
        [source(interval="5 s", to=["m1"]), machine(to=["cars"]), fleet({"m1": "a", "gauge": "b"}, to=["gauge"]),
         car("v1", "a"), again("m1"), sink()],
    ),
    "a sink that wants another, and a source that has none": (
        "src > board > out > board > src",
        [source(mix={"part": 2, "lid": 1}), cards("conwip", limit=4), sink(sequence=("part", "lid"), interval="1 min")],
    ),
    "a vehicle before a sink that wants another": (
        "cars > out > cars",
        [source(mix={"part": 2, "lid": 1}, to=["m1"]), machine(to=["cars"]), fleet({"m1": "a", "out": "c"}, to=["out"]),
         car("v1", "a"), sink(sequence=("part", "lid"))],
    ),
    "a fleet that nothing is left for": (
        "board > gauge > cars > b1 > board",
        [source(mix={"part": 2, "lid": 1}, interval="20 s", to=["board"]),
         {**cards("conwip", limit=1), "to": ["b1"]},
         buffer(discipline="sequenced", sequence=("part", "lid"), to=["cars"]),
         fleet({"b1": "a", "gauge": "c"}, to=["gauge"]), car("v1", "a"), again("b1"), sink()],
    ),
    "two vehicles": (
        "m1 > cars > m1",
        [source(interval="5 s", to=["m1"]), machine(to=["cars"]),
         fleet({"m1": "a", "gauge": "c"}, to=["m1", "gauge"]), car("v1", "a"), car("v2", "c"), again("cars"), sink()],
    ),
}  # fmt: skip


def run(units: list[Unit], until: float = 4 * 3_600.0) -> Plant:
    plant = Plant(line_plant(*units, items=ITEMS), 1)
    plant.run_until(until)
    return plant


@pytest.mark.parametrize("name", LOCKED)
def test_a_ring_of_any_kind_is_told_and_is_final(name: str) -> None:
    ring, units = LOCKED[name]
    plant = run(units)
    lock = plant.lock()
    assert lock is not None
    assert str(lock) == ring
    inside = [plant.station(path) for path in lock.ring]
    before = [(unit.parts, [part.item for part in unit.contents()]) for unit in inside]
    plant.run_until(40 * 3_600.0)
    assert [(unit.parts, [part.item for part in unit.contents()]) for unit in inside] == before


FLOWING: dict[str, list[Unit]] = {
    "a third way out": [
        source(interval="5 s", to=["gauge"]), again("m1", rework=0.3), machine(to=["b1"]),
        buffer(capacity=500, to=["gauge"]), sink(),
    ],
    "components in the ratio of the set": [source(mix={"part": 2, "lid": 1}), buffer(), assembly(), sink()],
    "cards for a batch": [source(), cards("conwip", limit=4), BATCH, sink()],
    "a batch that waits no longer": [source(), cards("conwip", limit=2), {**BATCH, "wait": "5 min"}, sink()],
    "a source that has no more": [source(limit=5), BATCH, sink()],
    "a component that has run out": [
        source(limit=3, to=["join"]), source("lids", mix={"lid": 1}, to=["join"]), assembly(), sink(),
    ],
    "an empty rework loop": [source(limit=1, to=["gauge"]), again("m1", rework=0.0), machine(to=["gauge"]), sink()],
    "vehicles with room": [
        source(interval="30 s", to=["m1"]), machine(to=["cars"]), fleet({"m1": "a", "m2": "c"}, to=["m2"]),
        car("v1", "a"), car("v2", "b"), machine("m2", to=["out"]), sink(),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWING)
def test_who_may_go_on_or_has_nothing_left_to_do_is_not_locked(name: str) -> None:
    plant = Plant(line_plant(*FLOWING[name], items=ITEMS), 1)
    for minute in range(1, 241):
        plant.run_until(60.0 * minute)
        assert plant.lock() is None


def test_the_search_asks_each_unit_a_bounded_number_of_times() -> None:
    def asked(machines: int) -> int:
        line = [unit for n in range(machines) for unit in (machine(f"m{n}"), buffer(f"b{n}", 2))]
        plant = run([source(), *line, machine("end", "10 h"), sink()], 3_600.0 * (1 + machines / 20))
        assert plant.lock() is None
        return len(_asked((station, None) for station in plant._stations))  # type: ignore[misc]

    small, large = asked(10), asked(100)
    assert large <= 11 * small
