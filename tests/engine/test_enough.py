"""Who waits for more parts than can ever be there is told before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import LINE, buffer, line, line_plant, machine, plant_of, sink, site, source
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant import enough
from twin.plant.enough import too_few
from twin.plant.plant import Plant

Unit = dict[str, Any]
ITEMS = ("part", "lid", "box")
OVEN = {"id": "oven", "kind": "batch_machine", "cycle": "1 min", "max_batch": 4, "min_batch": 4}
PAIR = {"id": "pair", "kind": "assembly", "bom": {"part": 2}, "makes": "box", "cycle": "1 min"}
JOIN = {"id": "join", "kind": "assembly", "bom": {"part": 2, "lid": 1}, "makes": "box", "cycle": "1 min"}
STRIP = {"id": "strip", "kind": "disassembly", "cycle": "1 min", "yields": {"part": 2}}


def board(cards: int, exit: str = "out") -> Unit:
    return {"id": "board", "kind": "conwip", "limit": cards, "exit": exit}


def kanban(**cards: int) -> Unit:
    return {"id": "board", "kind": "kanban", "cards": cards, "exit": "out"}


def orders(*numbers: int) -> Unit:
    return {"id": "src", "kind": "source", "orders": [{"item": "part", "quantity": number} for number in numbers]}


def told(plant: PlantConfig) -> list[str]:
    return [str(one).removeprefix(f"{LINE}/") for one in too_few(plant)]


TOO_FEW: dict[str, tuple[list[Unit], str]] = {
    "a limit": (
        [source(limit=3), OVEN],
        "oven min_batch: expected 4 of part that it waits for, got at most 3 (more from src, or less here)",
    ),
    "orders": ([orders(1, 2), buffer(), OVEN], "oven min_batch: expected 4 of part that it waits for, got at most 3"),
    "what stands ready": (
        [source(limit=1), buffer(initial={"part": 2}), OVEN],
        "oven min_batch: expected 4 of part that it waits for, got at most 3 (more from b1, src, or less here)",
    ),
    "two joined to one": (
        [source(limit=7), PAIR, OVEN],
        "oven min_batch: expected 4 of box that it waits for, got at most 3 (more from pair, or less here)",
    ),
    "a component that never comes": (
        [source(mix={"part": 2, "lid": 1}, limit=2), JOIN],
        "join bom: expected 1 of lid that it waits for, got at most 0",
    ),
    "cards": (
        [source(), board(3), machine(), OVEN],
        "oven min_batch: expected 4 of part that it waits for, got at most 3 (more from board, or less here)",
    ),
    "cards for each of a set but not for all": (
        [source(mix={"part": 2, "lid": 1}), board(2), JOIN],
        "join bom: expected 3 of lid and part that it waits for, got at most 2 (more from board, or less here)",
    ),
    "cards of one item": (
        [source(), kanban(part=3), OVEN],
        "oven min_batch: expected 4 of part that it waits for, got at most 3",
    ),
    "cards that come round by rework": (
        [source(), board(3), OVEN,
         {"id": "gauge", "kind": "inspection", "cycle": "5 s", "rework": 0.1, "rework_to": "oven"}],
        "oven min_batch: expected 4 of part that it waits for, got at most 3 (more from board, or less here)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_FEW)
def test_too_few_are_told_and_nothing_is_made_of_them(name: str) -> None:
    units, expected = TOO_FEW[name]
    config = line_plant(*units, sink(), items=ITEMS)
    assert told(config)[0].startswith(expected)
    plant = Plant(config, 1, trace=False)
    plant.run_until(86_400.0)
    assert plant.station(f"{LINE}/{expected.split()[0]}").parts == 0


ENOUGH: dict[str, list[Unit]] = {
    "a limit": [source(limit=4), OVEN],
    "no limit": [source(interval="10 s"), OVEN],
    "a batch that waits no longer": [source(limit=1), {**OVEN, "wait": "5 min"}],
    "cards": [source(), board(4), OVEN],
    "cards of a loop that ends before": [source(), board(1, "b1"), machine(), buffer(), OVEN],
    "one taken apart": [source(limit=2), STRIP | {"yields": {"lid": 2}}, OVEN],
    "cards for pieces": [source(), board(2), STRIP | {"yields": {"lid": 2}}, OVEN],
}


@pytest.mark.parametrize("name", ENOUGH)
def test_enough_is_not_told_and_goes_on(name: str) -> None:
    config = line_plant(*ENOUGH[name], sink(), items=ITEMS)
    assert told(config) == []
    plant = Plant(config, 1, trace=False)
    plant.run_until(3_600.0)
    assert plant.station(f"{LINE}/out").parts >= 1


def shipped(load: int, room: int, limit: int, **fields: Any) -> PlantConfig:
    dock = {"id": "dock", "kind": "shipping", "load": load, "capacity": 9, "time": "5 min", **fields}
    here = line("line", [source(limit=limit), dock | {"to": ["acme/south/hall/l2/gate"]}])
    gate = {"id": "gate", "kind": "receiving", "capacity": room}
    return plant_of(site("north", here), site("south", line("l2", [gate, sink()])))


def test_a_load_waits_for_all_of_it() -> None:
    assert told(shipped(3, 3, 2)) == [
        "dock load: expected 3 of part that it waits for, got at most 2 (more from src, or less here)"
    ]
    assert told(shipped(3, 3, 2, max_wait="10 min")) == []


@pytest.mark.parametrize("fields", [{}, {"max_wait": "10 min"}, {"departures": ("08:00",)}])
def test_a_load_for_which_there_is_never_room_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=r"south/hall/l2/gate capacity: expected room for a load of 3, got 2 places"):
        Plant(shipped(3, 2, 9, **fields), 1)
    Plant(shipped(3, 3, 9, **fields), 1)


@pytest.mark.parametrize(
    "unit", [sink(sequence=("part", "lid")), buffer(id="out", discipline="sequenced", sequence=("lid", "part"))]
)
def test_a_sequence_of_what_never_comes_is_told(unit: Unit) -> None:
    after = [] if unit["kind"] == "sink" else [sink("end")]
    (problem,) = told(line_plant(source(), unit, *after, items=ITEMS))
    assert problem.startswith("out sequence: expected a station that delivers 'lid' here, got none")


def chain(number: int) -> list[Unit]:
    """Joints of one component each, one after the other."""
    makes = ("box", "part")
    joint = {"kind": "assembly", "cycle": "1 s"}
    turns = [{"id": f"j{n}", "bom": {makes[1 - n % 2]: 1}, "makes": makes[n % 2]} for n in range(number)]
    return [source(limit=1), *(joint | turn for turn in turns)]


def test_a_long_chain_is_looked_at_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [0]
    bound = enough._bound

    def counted(*args: Any) -> float:
        looks[0] += 1
        return bound(*args)

    def cost(number: int) -> int:
        looks[0] = 0
        assert too_few(line_plant(*chain(number), sink(), items=ITEMS)) == []
        return looks[0]

    monkeypatch.setattr(enough, "_bound", counted)
    assert cost(80) < 5 * cost(20)


STEPS = [{"id": "cut", "pool": "saw", "time": "5 min"}, {"id": "bake", "pool": "oven", "time": "1 h", "batch_max": 9}]
LOOK = {"id": "look", "pool": "saw", "time": "1 min"}


def shop(least: int, desk: Unit, bake: Unit | None = None, *more: Unit) -> PlantConfig:
    """A shop in which an oven waits for so many pieces."""
    steps = [STEPS[0], STEPS[1] | {"batch_min": least} | (bake or {}), *more]
    tools = [{"id": f"{name}1", "kind": "tool", "pool": name} for name in ("saw", "oven")]
    desk = {"id": "desk", "kind": "orders", "to": ["out"], **desk}
    known: dict[str, Any] = {"recipes": {"part": {"steps": steps}, "lid": {"steps": steps}}}
    return plant_of(site("s", line("l", [desk, *tools, sink()])), items=("part", "lid"), **known)


def lots(item: str = "part", **plan: Any) -> Unit:
    return {"item": item, **plan}


BATCHES: dict[str, tuple[PlantConfig, str]] = {
    "one lot": (shop(6, {"release": [lots(size=5)]}), "6 pieces of lots that come to the step, got at most 5"),
    "some lots": (
        shop(7, {"release": [lots(size=2, lots=3)]}),
        "7 pieces of lots that come to the step, got at most 6",
    ),
    "some releases": (
        shop(9, {"release": [lots(size=2, every="1 h", times=4)]}),
        "9 pieces of lots that come to the step, got at most 8",
    ),
    "lots that are there": (
        shop(5, {"release": [lots(size=2)], "started": [lots(step="bake", size=2), lots("lid", step="cut", size=5)]}),
        "5 pieces of lots that come to the step, got at most 4",
    ),
    "enough": (shop(6, {"release": [lots(size=2, lots=3)]}), ""),
    "without end": (shop(9, {"release": [lots(every="1 h")]}), ""),
    "two recipes of one family": (
        shop(6, {"release": [lots(size=3), lots("lid", size=3)]}, bake={"batch_family": "hot"}),
        "",
    ),
    "back from rework": (
        shop(4, {"started": [lots(step="look", size=4)]}, {}, LOOK | {"rework": 0.5, "rework_to": "cut"}),
        "",
    ),
    "only some back from rework": (
        shop(5, {"started": [lots(step="look", size=4)]}, {}, LOOK | {"rework": 0.5, "rework_to": "cut"}),
        "5 pieces of lots that come to the step, got at most 4",
    ),
    "none back": (shop(5, {"started": [lots(step="look", size=4)]}, {}, LOOK), ""),
    "a rest of a lot": (
        shop(4, {"release": [lots(lots=10)]}, {"batch_max": 4}),
        "a number of lots that fill batches of 4 lots, got 10 lots (the last ones wait for ever: ",
    ),
    "a rest of two": (
        shop(6, {"release": [lots(size=2, every="1 h", times=5)]}, {"batch_max": 7}),
        "a number of lots that fill batches of 3 lots, got 5 lots (the last ones wait for ever: ",
    ),
    "no rest": (shop(4, {"release": [lots(lots=10)]}, {"batch_max": 6}), ""),
    "a rest that goes along": (shop(4, {"release": [lots(lots=11)]}, {"batch_max": 6}), ""),
    "a rest of sometimes fewer": (shop(4, {"release": [lots(lots=10)]}, {"batch_max": 4, "sample": 0.5}), ""),
    "lots that do not fit": (
        shop(5, {"release": [lots(size=4, every="1 h")]}, {"batch_max": 6}),
        "lots of which some number has 5 to 6 pieces, got lots of 4 (batches begin with less: ",
    ),
    "lots of two sizes": (shop(5, {"release": [lots(size=4, every="1 h"), lots(size=2, every="1 h")]}), ""),
    "nothing that comes": (shop(6, {"release": [lots("lid", every="1 h")]}), ""),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_step_of_a_recipe_that_waits_for_more_than_all_lots_is_told(name: str) -> None:
    plant, expected = BATCHES[name]
    found = [str(one) for one in too_few(plant)]
    assert len(found) == bool(expected), found
    end = "" if "(" in expected else " (release more "
    assert all(one.startswith(f"recipes.part steps.1.batch_min: expected {expected}{end}") for one in found)


def test_the_rest_that_is_told_waits_for_ever() -> None:
    config = shop(4, {"release": [lots(lots=10)]}, {"batch_max": 4})
    out = next(path for path, _, _ in config.stations() if path.name == "out")
    plant = Plant(config, 1, trace=False)
    plant.run_until(30 * 86_400.0)
    assert plant.station(out).parts == 8
