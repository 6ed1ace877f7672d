"""What can never be met is refused before the run: needs of more people than there are, items that nobody takes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import line_plant, machine, sink, source
from twin.errors import ModelError
from twin.plant.plant import Plant

Unit = dict[str, Any]


def worker(id: str, *skills: str, **fields: Any) -> Unit:
    return {"id": id, "kind": "worker", "skills": skills, **fields}


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


CALENDARS = {
    "day": {"shifts": [{"id": "d", "start": "06:00", "duration": "8 h"}]},
    "noon": {"shifts": [{"id": "n", "start": "12:00", "duration": "8 h"}]},
    "lunch": {
        "shifts": [{"id": "d", "start": "06:00", "duration": "8 h", "breaks": [{"start": "12:00", "duration": "2 h"}]}]
    },
    "night": {"shifts": [{"id": "n", "start": "22:00", "duration": "8 h"}]},
    "weekend": {"days": ["sat", "sun"], "shifts": [{"id": "w", "start": "06:00", "duration": "8 h"}]},
    "once": {
        "shifts": [{"id": "n", "start": "22:00", "duration": "8 h"}],
        "exceptions": [{"date": "12-24", "shifts": [{"id": "d", "start": "08:00", "duration": "1 h"}]}],
    },
}


def on_shift(own: str | None, *people: Unit) -> None:
    unit = machine(needs=both("", ""), **({"calendar": own} if own else {}))
    Plant(line_plant(source(), unit, sink(), *people, calendars=CALENDARS), 1)


@pytest.mark.parametrize(
    ("own", "lifts", "welds"),
    [
        (None, "day", "night"),
        (None, "noon", "lunch"),  # the hours that they share are a break of one
        ("night", "day", "day"),
        ("night", None, "day"),
        ("weekend", "day", "night"),
    ],
)
def test_people_who_are_never_there_together_are_told(own: str | None, lifts: str | None, welds: str) -> None:
    people = [worker("ann", "lift") | ({"calendar": lifts} if lifts else {}), worker("bob", "weld", calendar=welds)]
    with pytest.raises(ModelError, match=r"m1 needs: expected a time at which it and 2 who .* got none in 15 days"):
        on_shift(own, *people)


@pytest.mark.parametrize(
    ("own", "lifts", "welds"), [(None, "day", "noon"), ("weekend", "day", "day"), ("day", "once", "day")]
)
def test_an_hour_together_is_enough(own: str | None, lifts: str, welds: str) -> None:
    on_shift(own, worker("ann", "lift", calendar=lifts), worker("bob", "weld", calendar=welds))


def test_of_several_it_is_asked_who_is_there() -> None:
    two = [worker("ann", "lift", "weld", calendar="day"), worker("bob", "weld", calendar="night")]
    with pytest.raises(ModelError, match="on shift"):
        on_shift(None, *two)
    on_shift(None, *two, worker("cid", "lift", calendar="night"))


def test_as_many_as_there_are_may_be_needed_of_a_thousand() -> None:
    people = [worker(f"w{number}", "lift") for number in range(1_200)]
    made([{"skill": "lift", "number": 1_200}], *people)
    with pytest.raises(ModelError, match=r"expected 1201 different .* got 1200"):
        made([{"skill": "lift", "number": 1_200}, {"skill": "weld"}], *people[:-1], worker("last", "lift", "weld"))


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
