"""Time that cannot advance is refused where it can be seen, else stopped with its place."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.engine.plants import LINE, buffer, failure, line_plant, machine, sink, source
from tests.scenario.documents import problems
from twin import compiled
from twin.config.recipes import ReleaseConfig
from twin.engine import kernel
from twin.engine.kernel import STILL
from twin.errors import FactoryError, ModelError, StandstillError
from twin.plant.plant import Plant

TRANSPORT = {"id": "belt", "kind": "transport", "time": "0 s"}
FORK = {"id": "fork", "kind": "route", "to": ["a", "b"]}
INSPECTION = {"id": "gauge", "kind": "inspection", "cycle": "0 s", "rework": 0.999999, "rework_max": 1_000}
ALL_BACK = INSPECTION | {"rework": 1.0}

NEEDS = [{"skill": "op"}]
WORKER = {"id": "ann", "kind": "worker", "skills": ["op"]}

FEW = 40_000
"""Events where each takes long; two looks at the queue."""


def told(*units: dict[str, Any], **fields: Any) -> list[str]:
    try:
        Plant(line_plant(*units, **fields), 1)
    except ModelError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    "between",
    [
        (),
        (buffer(),),
        (machine(cycle="0 s"),),
        (machine(cycle="0 s", needs=NEEDS), WORKER),
        (machine(cycle={"uniform": {"low": "0 s", "high": "0 s"}}),),
        (machine(cycle={"exponential": {"mean": "0 s"}}), buffer()),
        (TRANSPORT, machine(cycle="0 s")),
        ({"id": "rack", "kind": "storage", "capacity": 9, "put": "0 s", "retrieve": "0 s"},),
        ({"id": "belt", "kind": "transport", "time": "5 s"},),
        ({"id": "market", "kind": "supermarket", "places": {"part": 9}},),
    ],
)
def test_an_endless_source_that_could_be_emptied_at_once_is_refused(between: tuple[dict[str, Any], ...]) -> None:
    flowing = [unit for unit in between if unit["kind"] != "worker"]
    (problem,) = told(source(), *flowing, sink(), *(unit for unit in between if unit not in flowing))
    way = " > ".join(["src", *(str(unit["id"]) for unit in flowing), "out"])
    assert problem.startswith(
        f"{LINE}/src: expected a unit that holds material up from the source to {LINE}/out, got none:"
    )
    assert way in problem
    assert "interval or a limit" in problem


@pytest.mark.parametrize(
    "units",
    [
        (source(interval="1 s"), machine(cycle="0 s"), sink()),
        (source(limit=100), machine(cycle="0 s"), sink()),
        (source(), machine(cycle="0 s"), sink(interval="1 s")),
        (source(), machine(cycle="0 s"), machine("m2"), sink()),
        (source(), machine(cycle="0 s", setup={"duration": "1 min"}), sink()),
        (
            source(to=["m1", "m2"]),
            machine(cycle="0 s", needs=NEEDS, to=["out"]),
            machine("m2", cycle="0 s", needs=NEEDS),
            sink(),
            WORKER | {"walk": "1 s"},
        ),
    ],
)
def test_where_something_takes_time_it_is_not_refused_and_goes_on(units: tuple[dict[str, Any], ...]) -> None:
    plant = Plant(line_plant(*units, items=("part", "other")), 1)
    if "setup" not in units[1]:  # which only a second item would need
        plant.run_until(600.0)
        assert plant.now_s == 600.0


AGAIN: list[dict[str, Any]] = [
    buffer("b"),
    machine("b", "0 s"),
    machine("b", "0 s", setup={"duration": "0 s"}),
    {"id": "b", "kind": "transport", "time": "0 s"},
    {"id": "b", "kind": "storage", "capacity": 5, "put": "0 s", "retrieve": "0 s"},
    {"id": "b", "kind": "batch_machine", "max_batch": 1, "cycle": "0 s"},
    {"id": "b", "kind": "supermarket", "places": {"part": 5}},
]


@pytest.mark.parametrize("unit", AGAIN)
def test_rework_of_everything_in_no_time_is_refused(unit: dict[str, Any]) -> None:
    (problem,) = told(source(interval="10 s"), unit, ALL_BACK | {"rework_to": "b", "to": ["out"]}, sink())
    assert "a unit that takes time in every circle, got " in problem
    assert {"b", "gauge"} <= set(problem.partition("got ")[2].split(" (")[0].split(" > "))


def test_rework_on_the_spot_in_no_time_is_refused() -> None:
    (problem,) = told(source(interval="10 s"), ALL_BACK, sink())
    assert "got gauge > gauge" in problem
    assert told(source(interval="10 s"), ALL_BACK | {"rework_max": 3}, sink()) == []
    assert told(source(interval="10 s"), ALL_BACK | {"cycle": "1 s"}, sink()) == []


def test_only_items_that_really_go_a_way_count() -> None:
    fork = {"id": "fork", "kind": "route", "rule": "item", "items": {"other": "out", "part": "m1"}, "to": ["out", "m1"]}
    assert told(source(), fork, machine(to=["end"]), sink("end"), sink(), items=("part", "other")) == []


@pytest.mark.parametrize(
    "loop", [(buffer("a", to=["b"]), buffer("b", to=["a", "m1"])), (buffer("a"), FORK | {"to": ["a", "m1"]})]
)
def test_a_circle_in_which_nothing_takes_time_is_refused(loop: tuple[dict[str, Any], ...]) -> None:
    problem = told(source(to=["a"]), *loop, machine(), sink())[0]
    assert "a unit that takes time in every circle, got a > " in problem


@pytest.mark.parametrize("law", ["0 s", {"uniform": {"low": "0 s", "high": "0 s"}}, {"empirical": {"values": ["0 s"]}}])
@pytest.mark.parametrize(
    "unit",
    [
        lambda law: source(interval=law),
        lambda law: sink(interval=law),
        lambda law: machine(failures=[{"id": "jam", "after": law, "repair": "0 s"}]),
        lambda law: machine(maintenance=[{"id": "oil", "every": law, "duration": "0 s"}]),
    ],
)
def test_what_repeats_itself_without_time_is_refused(unit: Any, law: Any) -> None:
    with pytest.raises(ValidationError, match="more than 0 s"):
        line_plant(source(), unit(law))


@pytest.mark.parametrize("gap", ["1 ns", {"exponential": {"mean": "0.9 us"}}])
def test_what_repeats_itself_a_million_times_a_second_is_refused_before_it_costs_as_much(gap: Any) -> None:
    mode = {"id": "jam", "after": gap, "repair": "1 min"}
    for unit in (source(interval=gap), machine(failures=[mode]), sink(interval=gap)):
        with pytest.raises(ValidationError, match=r"at least 1e-06 s, .*, got (1e-09|9e-07) s"):
            line_plant(unit)
    line_plant(source(interval="1 us"))


def test_more_than_can_stand_ready_is_refused() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1000000"):
        line_plant({"id": "in", "kind": "source", "orders": [{"item": "part", "quantity": 10**9}]})
    with pytest.raises(ValidationError, match="less than or equal to 100000"):
        ReleaseConfig(item="part", lots=10**9)
    for kind in ("buffer", "supermarket"):
        room = {"places": {"part": 10**9}} if kind == "supermarket" else {"capacity": 10**9}
        (problem,) = told(source(), {"id": "b", "kind": kind, **room, "initial": {"part": 10**9}}, machine(), sink())
        assert problem.startswith(f"{LINE}/b initial: expected at most 1000000 items at the start, got 1000000000")


def test_the_file_and_line_are_told() -> None:
    (problem,) = problems(**{"58 s": "0 s"})
    assert problem.startswith("scenario.yaml:20 works/plant/hall/turning/in: ")
    (problem,) = problems(**{"mix: {shaft: 1}": "mix: {shaft: 1}, interval: 0 s"})
    assert problem.startswith("scenario.yaml:20 enterprises[0].sites[0].areas[0].lines[0].stations[0].interval: ")


def test_rework_of_nearly_everything_in_no_time_ends_with_the_last_rework_allowed() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1000"):
        line_plant(source(interval="10 s"), INSPECTION | {"rework_max": 1_001}, sink())
    plant = Plant(line_plant(source(interval="10 s", limit=3), INSPECTION, sink()), 1, trace=False)
    plant.run_until(60.0)
    assert plant.now_s == 60.0
    assert plant.events < 3 * 4 * 1_001


@pytest.mark.parametrize(
    ("units", "place", "most"),
    [
        ((source(), machine(cycle="1e-300 s"), sink()), "m1", STILL),
        ((source(), machine(cycle="1e-7 s"), sink()), "m1", STILL),
        ((source(), machine(failures=[failure("2e-6 s", repair="1e-9 s")]), sink()), "m1", FEW),
        ((source(), buffer(capacity=10**18), machine(), sink()), "src", STILL),
        ((source(), machine(cycle="0 s", failures=[failure("1e6 h")]), sink()), "m1", STILL),
    ],
)
def test_what_cannot_be_seen_is_stopped_with_place_and_number(
    units: tuple[dict[str, Any], ...], place: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "STILL", most)
    monkeypatch.setattr(kernel, "_TURNS", range(most))
    plant = Plant(line_plant(*units), 1, trace=False)
    with pytest.raises(StandstillError) as caught:
        plant.run_until(60.0)
    assert str(caught.value).startswith(f"{LINE}/{place}: expected time that goes on, got more than {most:,} ")
    assert caught.value.exit_code == 2
    with pytest.raises(FactoryError, match="torn by an error"):
        plant.run_until(61.0)


@pytest.mark.parametrize("cycle", ["1e-300 s", "1e-7 s"])
def test_the_compiled_kernel_stops_too(cycle: str) -> None:
    pytest.importorskip("numba", reason="needs the extra 'fast'")
    program = compiled.lower(Plant(line_plant(source(), machine(cycle=cycle), sink()), 1, trace=False))
    with pytest.raises(
        StandstillError, match=rf"{LINE}/m1: expected time that goes on, got more than {STILL:,} events"
    ):
        program.run_until(60.0)


def test_more_places_than_any_unit_has_are_refused() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 100000"):
        line_plant(source(), machine(capacity=10**12), sink())
