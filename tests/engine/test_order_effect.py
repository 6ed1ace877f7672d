"""Job orders from outside: released like those of the plan, only of what the plan or list knows, again by a replay."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from tests.engine.plants import LINE, line_plant, machine, sink
from tests.engine.test_control import ends, shop
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.instruction import Instruction
from twin.plant.plant import Plant
from twin.records import RecordKind

DESK, LIST = f"{LINE}/orders", f"{LINE}/plan"


def desk() -> PlantConfig:
    """A desk with one planned lot of four a (one of 10 s each way) and one planned b, one tool."""
    return shop({"a": [["x", "10 s"]], "b": [["x", "1 s"]]}, [{"item": "a", "size": 4}, {"item": "b"}], {"x": 1})


def listed(**fields: Any) -> PlantConfig:
    """A source with one order of two parts, a machine of 10 s, a sink."""
    plan = {"id": "plan", "kind": "source", "orders": [{"item": "part", "quantity": 2, "id": "first"}]}
    return line_plant(plan, machine("m1", "10 s"), sink(), **fields)


def told(plant: Plant, target: str, **fields: Any) -> None:
    for command in plant.instructed(Instruction(target=target, effect="order", **fields)):
        plant.post(command)


def test_a_desk_releases_lots_as_large_as_planned() -> None:
    plant = Plant(desk(), 1)
    plant.run_until(100.0)
    told(plant, DESK, item="a", quantity=9, order="rush", due="1 h", priority=-1)
    plant.run_until(200.0)
    rows = [row for row in plant.drain() if row.kind is RecordKind.ORDER and row.values[0].startswith("rush")]
    due_ns = plant.epoch_ns + 3_700_000_000_000
    assert [(row.sim_s, *row.values[:5]) for row in rows if row.values[1] == "released"] == [
        (100.0, f"rush-{n}", "released", "a", size, due_ns) for n, size in ((1, 4), (2, 4), (3, 1))
    ]
    assert [row.sim_s for row in rows if row.values[1] == "completed"] == [110.0, 120.0, 130.0]


def test_a_list_goes_on_with_an_order_after_its_end() -> None:
    plant = Plant(listed(), 1)
    plant.run_until(60.0)
    told(plant, LIST, quantity=3, due="2 min")
    assert plant.due_times() == []
    plant.run_until(70.5)
    assert plant.due_times() == [180.0]
    plant.run_until(200.0)
    assert ends(plant) == {"first": 20.0, "operator-60": 90.0}
    assert plant.station(f"{LINE}/out").parts == 5


def test_orders_that_come_by_chance_are_named_after_the_second() -> None:
    wave = {"id": "rush", "target": LIST, "effect": "order", "quantity": 1, "start": "100 s", "duration": "0 s"}
    plant = Plant(listed(perturbations=[{**wave, "every": "50 s", "times": 2}]), 1)
    plant.run_until(1000.0)
    assert ends(plant) == {"first": 20.0, "rush-150": 160.0, "rush-200": 210.0}


def test_a_replay_makes_the_same_orders() -> None:
    first, again = Plant(listed(), 1), Plant(listed(), 1)
    first.run_until(60.0)
    told(first, LIST, item="part", quantity=3, priority=2)
    for command in first.commands:
        again.post(command)
    for plant in (first, again):
        plant.run_until(500.0)
    assert first.fingerprint() == again.fingerprint()
    assert ends(first) == ends(again)
    assert first.station(LIST).begun == 5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("config", "target", "fields", "told_of"),
    [
        (desk(), DESK, {}, "command item: expected one of a, b"),
        (desk(), DESK, {"item": "c"}, "command item: expected one of a, b, got 'c'"),
        (listed(), LIST, {"item": "c"}, "command item: expected one of part"),
        (listed(), f"{LINE}/m1", {}, "command target: expected a place with units that feel 'order'"),
        (listed(), LIST, {"quantity": 100_001}, "command quantity: expected at most 100000 pieces"),
        (listed(), LIST, {"duration": "1 h"}, "command order: expected an effect that lasts"),
        (listed(), LIST, {"end": True}, "command order: expected an effect that lasts"),
    ],
)
def test_what_no_order_can_be(config: PlantConfig, target: str, fields: dict[str, Any], told_of: str) -> None:
    with pytest.raises(ModelError, match=told_of):
        told(Plant(config, 1), target, **fields)


def test_the_desk_is_named_where_a_line_has_several() -> None:
    plans = [
        {"id": f"plan{n}", "kind": "source", "to": ["m1"], "orders": [{"item": "part", "release": "1 h"}]}
        for n in (1, 2)
    ]
    plant = Plant(line_plant(*plans, machine("m1", "10 s"), sink()), 1)
    with pytest.raises(ModelError, match="one unit that releases job orders"):
        told(plant, LINE)
    assert "order" not in plant.offer(LINE)
    assert plant.offer(f"{LINE}/plan1")["order"] == {"item": ("part",)}
    assert plant.station(f"{LINE}/plan1").due_times() == []
    assert all(due != inf for due in plant.due_times())
