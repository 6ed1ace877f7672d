"""What can never be met is refused before the run: needs of more people than there are, items that nobody takes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import line_plant, machine, sink, source
from twin.errors import ModelError
from twin.plant.plant import Plant

Unit = dict[str, Any]


def worker(id: str, *skills: str) -> Unit:
    return {"id": id, "kind": "worker", "skills": skills}


def both(*during: str) -> list[dict[str, Any]]:
    return [{"skill": "lift", "during": [phase]} if phase else {"skill": "lift"} for phase in during[:1]] + [
        {"skill": "weld", "during": [phase]} if phase else {"skill": "weld"} for phase in during[1:]
    ]


def made(needs: list[dict[str, Any]], *people: Unit) -> Plant:
    return Plant(line_plant(source(), machine(needs=needs, load_time="1 s"), sink(), *people), 1)


def test_one_who_can_do_both_is_not_two() -> None:
    with pytest.raises(ModelError, match=r"m1 needs: expected 2 different workers or tools of the site for the operat"):
        made(both("", ""), worker("ann", "lift", "weld"))
    with pytest.raises(ModelError, match=r"expected 3 different .* got 2"):
        made([*both("", ""), {"skill": "check"}], worker("ann", "lift", "weld", "check"), worker("bob", "weld"))


def test_different_phases_or_people_are_met() -> None:
    made(both("load", "operation"), worker("ann", "lift", "weld"))
    plant = made(both("", ""), worker("ann", "lift", "weld"), worker("bob", "weld"))
    plant.run_until(600.0)
    assert plant.station("acme/north/hall/line/m1").parts > 0


def test_a_board_without_cards_lets_nothing_in() -> None:
    board = {"id": "board", "kind": "kanban", "cards": {"part": 0}, "exit": "out"}
    with pytest.raises(ModelError, match=r"board cards.part: expected at least 1, got 0"):
        Plant(line_plant(source(), board, machine(), sink()), 1)


@pytest.mark.parametrize(
    "between",
    [
        {"id": "board", "kind": "kanban", "cards": {"p": 2}, "exit": "out"},
        {"id": "market", "kind": "supermarket", "places": {"p": 4}},
    ],
    ids=lambda unit: str(unit["kind"]),
)
def test_an_item_that_nobody_after_a_unit_takes_would_stand_in_its_way_for_ever(between: Unit) -> None:
    mixed = source(mix={"p": 1, "q": 1})
    with pytest.raises(ModelError, match=r"src to: expected a unit that takes 'q', got .*"):
        Plant(line_plant(mixed, between, machine(), sink(), items=("p", "q")), 1)
    Plant(line_plant(source(mix={"p": 1}), between, machine(), sink(), items=("p", "q")), 1)
