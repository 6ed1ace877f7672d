"""Costs grow with the plant, not with its square: lines of Python counted, no clock is read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from tests.engine.plants import buffer, line, machine, plant_of, sink, site, source
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant

NEED = {"needs": [{"skill": "op"}]}


@contextmanager
def counted() -> Iterator[list[int]]:
    """How many lines of Python are run inside, of comprehensions one for each turn."""
    lines = [0]

    def trace(frame: Any, event: str, _: Any) -> Any:
        lines[0] += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


def crew(number: int, **fields: Any) -> dict[str, Any]:
    return line("crew", [{"id": f"w{n}", "kind": "worker", "skills": ["op"], **fields} for n in range(number)])


def many_people(number: int) -> PlantConfig:
    """One need, many who can."""
    return plant_of(site("north", line("line", [source(), machine(**NEED), sink()]), crew(number, walk="1 s")))


def many_waiting(number: int) -> PlantConfig:
    """Many needs, two who can: nearly all wait."""
    lines = [line(f"l{n}", [source(), machine(cycle=f"{number} s", **NEED), sink()]) for n in range(number)]
    return plant_of(site("north", *lines, crew(2)))


def many_skills(number: int) -> PlantConfig:
    """A skill of its own for each unit."""
    people = line("crew", [{"id": f"w{n}", "kind": "worker", "skills": [f"op{n}"]} for n in range(number)])
    works = [source(), *(machine(f"m{n}", needs=[{"skill": f"op{n}"}]) for n in range(number)), sink()]
    return plant_of(site("north", line("line", works), people))


def many_buffers(number: int) -> PlantConfig:
    """A long way on which nothing takes time."""
    return plant_of(
        site("north", line("line", [source(interval="10 s"), *(buffer(f"b{n}") for n in range(number)), sink()]))
    )


@pytest.mark.parametrize("plant", [many_people, many_skills, many_buffers])
def test_making_a_plant_grows_with_it(plant: Callable[[int], PlantConfig]) -> None:
    def cost(number: int) -> int:
        config = plant(number)
        with counted() as lines:
            Plant(config, 1, trace=False)
        return lines[0]

    cost(8)  # what is made once
    assert cost(160) < 5 * cost(40)


@pytest.mark.parametrize("plant", [many_people, many_waiting])
def test_an_event_costs_the_same_however_many_can_or_wait(plant: Callable[[int], PlantConfig]) -> None:
    def cost(number: int) -> float:
        made = Plant(plant(number), 1, trace=False)
        made.run_until(3 * number)
        before = made.events
        with counted() as lines:
            made.run_until(9 * number)
        assert made.events > before
        return lines[0] / (made.events - before)

    assert cost(160) < 1.6 * cost(40)


def wide_market(number: int) -> PlantConfig:
    """Many items on shelves, of which those that came last are wanted first."""
    items = [f"i{n}" for n in range(number)]
    market = {"id": "market", "kind": "supermarket", "places": dict.fromkeys(items, 3)}
    units = [source(mix=dict.fromkeys(items, 1)), market, sink(interval="1 s", sequence=tuple(items[::-1]))]
    return plant_of(site("north", line("line", units)), items=items)


def wide_bill(number: int) -> PlantConfig:
    """One product of many components from one market, so many movements an operation."""
    items = [f"i{n}" for n in range(number)]
    market = {"id": "market", "kind": "supermarket", "places": dict.fromkeys(items, 3)}
    joint = {"id": "join", "kind": "assembly", "bom": dict.fromkeys(items, 1), "makes": "box", "cycle": f"{number} s"}
    return plant_of(
        site("north", line("line", [source(mix=dict.fromkeys(items, 1)), market, joint, sink()])), items=[*items, "box"]
    )


def many_cards(number: int) -> PlantConfig:
    """A board with cards for many items."""
    items = [f"i{n}" for n in range(number)]
    board = {"id": "board", "kind": "kanban", "cards": dict.fromkeys(items, 2), "exit": "market"}
    market = {"id": "market", "kind": "supermarket", "places": dict.fromkeys(items, 2)}
    units = [source(mix=dict.fromkeys(items, 1)), board, machine(cycle="1 s"), market, sink(interval="1 s")]
    return plant_of(site("north", line("line", units)), items=items)


def many_caps(number: int) -> PlantConfig:
    """Caps on power one after the other."""
    caps = [{"id": f"c{n}", "cap": "5 kW", "start": f"{8 * n} s", "duration": "5 s"} for n in range(number)]
    units = [source(interval="1 s"), machine(cycle="1 s", power={"producing": "10 kW"}), sink()]
    return plant_of(site("north", line("line", units), envelope={"caps": caps}))


def many_exceptions(number: int) -> PlantConfig:
    """A calendar with an exception for each of many days to come."""
    first = date(2026, 1, 5)
    days = [{"date": str(first + timedelta(days=n)), "like": "sun"} for n in range(number)]
    calendar = {"shifts": [{"id": "early", "start": "00:00", "duration": "8 h"}], "exceptions": days}
    return plant_of(
        site("north", line("line", [source(interval="1 s"), machine(cycle="1 s"), sink()], calendar="c")),
        calendars={"c": calendar},
    )


def per_part(plant: Callable[[int], PlantConfig], number: int) -> float:
    """Lines for each part that moves."""
    made = Plant(plant(number), 1, trace=False)
    made.run_until(6.0 * number)

    def moved() -> int:
        return made.events + sum(unit.parts for unit in made._stations)

    before = moved()
    with counted() as lines:
        made.run_until(18.0 * number)
    assert moved() > before
    return lines[0] / (moved() - before)


@pytest.mark.parametrize("plant", [wide_market, wide_bill, many_cards, many_caps, many_exceptions])
def test_a_movement_costs_the_same_however_many_items_cards_caps_and_days_there_are(
    plant: Callable[[int], PlantConfig],
) -> None:
    assert per_part(plant, 80) < 1.6 * per_part(plant, 20)
