"""Pallets and fixtures that travel with parts: where they are, that they come back, and that nothing locks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.backbone.plants import pallet_cell
from tests.engine.plants import LINE, buffer, failure, line, machine, plant_of, sink, site, source
from tests.engine.test_laws import balance
from tests.engine.test_resources import CREW, needing, said, worker
from twin.behaviours.resource import Resource
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.command import Command
from twin.plant.plant import Plant


def pallets(count: int, skill: str = "pallet", **fields: Any) -> list[dict[str, Any]]:
    """Some pallets."""
    return [{"id": f"{skill}{n}", "kind": "fixture", "skills": [skill], **fields} for n in range(1, count + 1)]


def keeping(*until: str, skill: str = "pallet", **fields: Any) -> dict[str, Any]:
    """A need that is kept."""
    return needing(skill, keep_until=until, **fields)


def hall(units: list[dict[str, Any]], things: list[dict[str, Any]], **fields: Any) -> PlantConfig:
    """One line of units and a line of people and pallets."""
    lines = (line("line", units), line("crew", things))
    return plant_of(site("north", *lines), items=["part", "a", "b", "lid", "box"], **fields)


def way(number: int = 1, limit: int | None = None, **mill: Any) -> PlantConfig:
    """Parts are clamped at ``load``, milled, and unclamped at ``free``."""
    units = [
        source(limit=limit),
        machine("load", "10 s", needs=[keeping("free")]),
        buffer("b1", 3),
        machine("mill", "30 s", **mill),
        machine("free", "5 s"),
        sink(),
    ]
    return hall(units, pallets(number))


def resources(plant: Plant) -> list[Resource]:
    """People and pallets of a plant."""
    return [unit for unit in map(plant.station, plant.units) if isinstance(unit, Resource)]


def assert_all_back(plant: Plant) -> None:
    """Nothing is out, and nobody waits for anything."""
    assert [resource.path.name for resource in resources(plant) if resource.task is not None] == []
    assert resources(plant)[0].allocator.waiting == 0


def test_a_pallet_travels_from_where_it_is_taken_to_where_it_is_given_back() -> None:
    plant = Plant(way(), 1)
    plant.run_until(60.0)
    at = f"{LINE}/"
    assert said(plant, "pallet1", CREW) == [
        (0.0, "PRODUCING", at + "load"),
        (10.0, "PRODUCING", at + "mill"),
        (40.0, "PRODUCING", at + "free"),
        (45.0, "PRODUCING", at + "load"),
        (55.0, "PRODUCING", at + "mill"),
    ]
    plant.run_until(91.0)
    assert plant.ledger.totals(f"{LINE}/out").parts == 2


def test_who_waits_for_a_pallet_says_so() -> None:
    plant = Plant(way(), 1)
    plant.run_until(60.0)
    assert said(plant, "load") == [
        (0.0, "PRODUCING", None),
        (10.0, "STARVED", "pallet"),
        (45.0, "PRODUCING", None),
        (55.0, "STARVED", "pallet"),
    ]


def test_more_pallets_let_more_parts_in() -> None:
    made = []
    for number in (1, 2, 4):
        plant = Plant(way(number), 1)
        plant.run_until(9_000.0)
        made.append(plant.ledger.totals(f"{LINE}/out").parts)
    assert made == [199, 299, 299]  # 45 s each with one pallet, else 30 s at the mill


def test_a_scrapped_part_gives_its_pallet_back_at_once() -> None:
    plant = Plant(way(scrap=1.0), 1)
    plant.run_until(81.0)
    assert [time for time, _, cause in said(plant, "pallet1", CREW) if cause == f"{LINE}/load"] == [0.0, 40.0, 80.0]
    assert plant.ledger.totals(f"{LINE}/mill").scrapped == 2


def test_a_part_that_is_lost_in_a_failure_gives_its_pallet_back() -> None:
    jam = {"id": "jam", "after": "25 s", "repair": "100 s", "then": "scrap"}
    plant = Plant(way(failures=[jam]), 1)
    plant.run_until(36.0)
    assert said(plant, "pallet1", CREW)[-1] == (35.0, "PRODUCING", f"{LINE}/load")


def test_a_failed_machine_keeps_the_pallet_and_lets_the_operator_go() -> None:
    jam = {"id": "jam", "after": "25 s", "repair": "7 s", "crew": "operate"}
    units = [source(), machine("m1", "40 s", needs=[keeping("m1"), needing()], failures=[jam]), sink()]
    config = hall(units, [worker(), *pallets(1)])
    plant = Plant(config, 1)
    plant.run_until(47.5)
    assert said(plant, "pallet1", CREW) == [(0.0, "PRODUCING", f"{LINE}/m1")]
    plant = Plant(config, 1)
    plant.run_until(47.5)
    assert said(plant, "m1") == [(0.0, "PRODUCING", None), (25.0, "REPAIR", "jam"), (32.0, "PRODUCING", None)]
    assert plant.ledger.totals(f"{LINE}/out").parts == 1


def test_kept_to_the_end_of_the_unit_nobody_gets_it_between_two_phases() -> None:
    def two(*until: str) -> list[dict[str, Any]]:
        needs = [needing("pallet", during=["load", "operation"], keep_until=until), needing(during=["load"])]
        common = {"cycle": "50 s", "load_time": "10 s", "needs": needs, "to": ["out"]}
        return [source(to=["m1", "m2"]), machine("m1", **common), machine("m2", **common), sink()]

    handed = Plant(hall(two(), [worker(), *pallets(1)]), 1)
    handed.run_until(500.0)
    assert (10.0, "SETUP", None) in said(handed, "m2")  # gets the pallet that the loaded part of m1 needs
    units = two("m1")
    units[2] = {**units[2], "needs": [{**units[2]["needs"][0], "keep_until": ["m2"]}, units[2]["needs"][1]]}
    kept = Plant(hall(units, [worker(), *pallets(1)]), 1)
    kept.run_until(500.0)
    assert said(kept, "m2")[:2] == [(0.0, "STARVED", "operate+pallet"), (60.0, "SETUP", None)]
    assert kept.ledger.totals(f"{LINE}/out").parts == 8


def test_a_pallet_that_is_stopped_stops_the_work_on_its_part_but_not_its_way() -> None:
    plant = Plant(way(2), 1)
    for time, unit, action in (
        (21.0, "pallet1", "stop"),  # in the mill
        (23.0, "pallet2", "stop"),  # in the buffer
        (26.0, "pallet1", "restart"),
        (60.0, "pallet2", "restart"),
    ):
        plant.post(Command(time, f"{CREW}/{unit}", action, "bent"))
    plant.run_until(70.0)
    assert said(plant, "mill") == [
        (0.0, "STARVED", "b1"),
        (10.0, "PRODUCING", None),
        (21.0, "STARVED", "pallet"),
        (26.0, "PRODUCING", None),
        (45.0, "STARVED", "pallet"),
        (60.0, "PRODUCING", None),
    ]


def test_a_stopped_machine_and_a_stopped_pallet_wait_for_each_other() -> None:
    plant = Plant(way(), 1)
    for time, unit, action in (
        (20.0, f"{LINE}/mill", "stop"),
        (22.0, f"{CREW}/pallet1", "stop"),
        (24.0, f"{LINE}/mill", "restart"),
        (27.0, f"{CREW}/pallet1", "restart"),
        (30.0, f"{CREW}/pallet1", "stop"),
        (31.0, f"{LINE}/mill", "stop"),
        (33.0, f"{CREW}/pallet1", "restart"),
        (36.0, f"{LINE}/mill", "restart"),
    ):
        plant.post(Command(time, unit, action, "odd"))
    plant.run_until(54.0)
    assert [row[:2] for row in said(plant, "mill")[1:]] == [
        (10.0, "PRODUCING"),
        (20.0, "FAILED"),
        (24.0, "STARVED"),
        (27.0, "PRODUCING"),
        (30.0, "STARVED"),
        (31.0, "FAILED"),
        (36.0, "PRODUCING"),
        (53.0, "STARVED"),
    ]


def test_rework_on_the_way_goes_round_with_its_pallet() -> None:
    units = [
        source(limit=40),
        machine("load", "10 s", needs=[keeping("free")]),
        buffer("b1", 3),
        {"id": "test", "kind": "inspection", "cycle": "5 s", "rework": 0.4, "scrap": 0.1, "rework_to": "fix",
         "to": ["free"]},
        machine("fix", "20 s", to=["back"]),
        buffer("back", 9, to=["test"]),
        machine("free", "5 s", to=["out"]),
        sink(),
    ]  # fmt: skip
    plant = Plant(hall(units, pallets(3)), 3, intervals=True)
    plant.run_until(10_000.0)
    came, gone = balance(plant)
    assert came == gone == 40
    assert plant.ledger.totals(f"{LINE}/fix").parts > 5
    uses = sum(resource.parts for resource in resources(plant))
    assert uses == 40
    assert_all_back(plant)


@pytest.mark.parametrize("end", ["machine", "batch_machine", "disassembly", "inspection"])
def test_any_kind_that_works_on_parts_gives_them_back(end: str) -> None:
    kinds = {
        "machine": {"capacity": 2},
        "batch_machine": {"max_batch": 3, "min_batch": 2},
        "disassembly": {"yields": {"a": 1, "b": 2}},
        "inspection": {"every": 3},
    }
    free = {"id": "free", "kind": end, "cycle": "7 s", "scrap": 0.2, **kinds[end]}
    units = [source(limit=30), machine("load", "10 s", needs=[keeping("free")]), buffer("b1", 9), free, sink()]
    plant = Plant(hall(units, pallets(3)), 1)
    plant.run_until(1_000.0)
    assert sum(resource.parts for resource in resources(plant)) == 30
    assert_all_back(plant)


def test_what_travels_with_a_component_goes_on_with_the_product() -> None:
    units = [
        source(mix={"part": 1}, limit=20, to=["load"]),
        machine("load", "10 s", needs=[keeping("free")], to=["join"]),
        source("lids", mix={"lid": 1}, to=["join"]),
        {"id": "join", "kind": "assembly", "cycle": "12 s", "bom": {"lid": 1, "part": 1}, "makes": "box",
         "to": ["free"], "scrap": 0.1},
        machine("free", "3 s", to=["out"]),
        sink(),
    ]  # fmt: skip
    plant = Plant(hall(units, pallets(2)), 1)
    plant.run_until(26.0)
    assert (
        said(plant, "pallet1", CREW)[-3:]
        == [
            (0.0, "PRODUCING", f"{LINE}/load"),
            (10.0, "PRODUCING", f"{LINE}/join"),
            (22.0, "PRODUCING", f"{LINE}/free"),
            (25.0, "PRODUCING", f"{LINE}/load"),
        ][-3:]
    )
    plant.run_until(1_000.0)
    assert_all_back(plant)
    assert plant.station(f"{LINE}/out").parts + plant.station(f"{LINE}/join").scrapped == 20


def test_orders_are_followed_although_their_pieces_travel_on_pallets() -> None:
    orders = [{"id": f"o{n}", "item": "part", "quantity": 3, "release": f"{n} min", "due": "1 h"} for n in range(4)]
    units = [
        {"id": "src", "kind": "source", "orders": orders},
        machine("load", "10 s", needs=[keeping("free")]),
        machine("free", "5 s", scrap=0.0),
        sink(),
    ]
    config = hall(units, pallets(2))
    plant = Plant(config, 1)
    plant.run_until(1_000.0)
    rows = [row.values for row in plant.drain() if row.kind.name == "ORDER"]
    assert [(row[0], row[3]) for row in rows if row[1] == "completed"] == [(f"o{n}", 3) for n in range(4)]
    assert_all_back(plant)


def test_a_worker_may_go_with_the_part() -> None:
    units = [
        source(limit=6),
        machine("first", "10 s", needs=[keeping("last", skill="operate")]),
        machine("last", "20 s"),
        sink(),
    ]
    plant = Plant(hall(units, [worker("li"), worker("wu")]), 1)
    plant.run_until(31.0)
    assert said(plant, "li", CREW) == [
        (0.0, "PRODUCING", f"{LINE}/first"),
        (10.0, "PRODUCING", f"{LINE}/last"),
        (30.0, "PRODUCING", f"{LINE}/first"),
    ]
    plant.run_until(200.0)
    assert plant.ledger.totals(f"{LINE}/out").parts == 6
    assert_all_back(plant)


def test_several_of_a_skill_and_a_tool_besides_are_taken_at_once() -> None:
    needs = [keeping("free", number=2), keeping("mill", skill="clamp"), needing()]
    units = [
        source(limit=9),
        machine("load", "10 s", needs=needs),
        machine("mill", "30 s", needs=[needing()]),
        machine("free", "5 s"),
        sink(),
    ]
    plant = Plant(hall(units, [worker(), *pallets(3), *pallets(1, "clamp")]), 1)
    plant.run_until(45.0)
    assert said(plant, "clamp1", CREW)[-1] == (40.0, "IDLE_NO_ORDER", None)  # load waits for a second pallet
    plant.run_until(1_000.0)
    assert [resource.parts for resource in resources(plant)] == [18, 9, 9, 0, 9]
    assert_all_back(plant)


def lively(seed: int, limit: int | None = None) -> Plant:
    """A cell with everything that happens to parts on pallets."""
    return Plant(pallet_cell(limit), seed, intervals=True)


@pytest.mark.parametrize("seed", range(4))
def test_never_more_is_out_than_there_is_and_all_is_back_when_the_plant_is_empty(seed: int) -> None:
    plant = lively(seed, limit=400)
    for step in range(1, 200):
        plant.run_until(step * 60.0)
        carrying = [id(c) for path in plant.units for part in plant.station(path).contents()
                    for c in getattr(part, "carried", ()) if c.skill == "pallet"]  # fmt: skip
        assert len(carrying) == len(set(carrying)) <= 5
        out = [r for r in resources(plant) if r.path.name.startswith("pallet") and r.away is not None]
        assert len(out) == len(carrying)
    plant.run_until(60 * 3600.0)
    came, gone = balance(plant)
    assert came == gone == 400
    assert_all_back(plant)
    end = plant.epoch_ns + 60 * 3600 * 10**9
    for unit in range(len(plant.units)):
        assert plant.ledger.window(unit, plant.epoch_ns, end).durations_ns.sum() == end - plant.epoch_ns


@pytest.mark.parametrize("time", [777.7, 4_321.0])
def test_forks_go_on_with_their_own_pallets(time: float) -> None:
    plant = lively(2)
    plant.run_until(time)
    copies = plant.fork(2)
    for one in (plant, *copies):
        one.run_until(time + 9_000.0)
    assert len({one.fingerprint() for one in (plant, *copies)}) == 1


# --- what is refused --------------------------------------------------------------------------------


def serial(*units: dict[str, Any]) -> list[dict[str, Any]]:
    return [source(), *units, sink()]


LOAD, FREE = machine("load", needs=[keeping("free")]), machine("free")
OVEN = {"id": "oven", "kind": "batch_machine", "cycle": "60 s", "max_batch": 4, "min_batch": 4}
RETURN = {"id": "test", "kind": "inspection", "cycle": "5 s", "rework": 0.2, "rework_to": "load", "to": ["free"]}
JOIN = {"id": "join", "kind": "assembly", "cycle": "9 s", "makes": "box", "to": ["free"]}
SUPPLY = [source(mix={"lid": 1}, to=["load2"]), machine("load2", needs=[keeping("free")], to=["join"])]
AGAIN = [machine("again", needs=[keeping("last")]), machine("last")]
CROSSED = [
    machine("x", needs=[keeping("free")], to=["y"]), machine("y", needs=[keeping("free", skill="vice")], to=["free"]),
    source("other", to=["v"]), machine("v", needs=[keeping("free", skill="vice")], to=["p"]),
    machine("p", needs=[keeping("free")], to=["free"]), machine("free", to=["out"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("units", "message"),
    [
        (serial(LOAD, machine("frei")), r"load needs.0.keep_until.0: expected a unit of the plant, got 'free'"),
        (serial(LOAD, buffer("free")), r"load needs.0.keep_until: expected units of the site that work on parts, got"),
        (serial(FREE, LOAD), r"expected units that its parts come to, got .*/free"),
        (
            [source(), {**LOAD, "to": ["m", "free"]}, machine("m", to=["out"]), FREE, sink()],
            r"expected ways that all lead to free, got one to .*/out",
        ),
        (serial({**OVEN, "id": "load", "needs": [keeping("free")]}, FREE), "a unit that works on single parts, got"),
        (serial(LOAD, OVEN, FREE), r"a 'pallet' for more than 3 parts, .* wait for another at .*/oven, got for 2"),
        (serial(LOAD, machine("m", needs=[needing("pallet")]), FREE), r"asks for 'pallet' .*/m needs.0.skill"),
        (serial(LOAD, RETURN, FREE), r"nobody who asks for 'pallet' where parts wait that have one, got .*/load"),
        (
            [source(to=["load"]), {**LOAD, "to": ["join"]}, SUPPLY[0] | {"id": "lids"}, SUPPLY[1],
             {**JOIN, "bom": {"part": 1, "lid": 1}}, FREE, sink()],
            r"no unit on its way at which parts with a 'pallet' wait|nobody who asks for 'pallet' .*/load2",
        ),
        (serial(LOAD, {**JOIN, "bom": {"part": 3}}, FREE), r"for more than 2 parts, .*/join, got for 2"),
        (serial(LOAD, FREE, *AGAIN), r"load needs.0.keep_until: expected nobody who asks for 'pallet' .*/again"),
        (
            serial(LOAD, machine("m", failures=[failure(crew="pallet")]), FREE),
            r"nobody who asks for 'pallet' .*/m failures.0.crew",
        ),
        ([source(to=["x"]), *CROSSED, sink()], r"taken in one order everywhere, got (pallet > vice|vice > pallet)"),
    ],
    ids=["unknown", "store", "before", "elsewhere", "batch", "oven", "asked", "rework", "join", "sets", "after", "crew",
         "crossed"],
)  # fmt: skip
def test_what_may_not_come_back_or_lock_is_refused(units: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Plant(hall(units, [*pallets(2), *pallets(1, "vice")]), 1)


@st.composite
def ways(draw: st.DrawFn) -> PlantConfig:
    """Lines on which two sorts of things are taken and given back somewhere, with side branches and rework."""
    number = draw(st.integers(3, 7))
    worn = {"id": "worn", "after": "40 s", "repair": "5 s", "then": draw(st.sampled_from(["resume", "restart"]))}
    worn |= {"crew": draw(st.sampled_from([None, "operate"]))}
    modes = {"failures": [worn] if draw(st.booleans()) else []}
    things = [*pallets(draw(st.integers(1, 3)), **modes), *pallets(draw(st.integers(1, 2)), "vice"), worker()]
    cycles = st.sampled_from(["1 s", "3 s", "9 s"])
    units: list[dict[str, Any]] = []
    joined = 0
    for n in range(1, number + 1):
        needs = []
        for skill in ("pallet", "vice", "operate"):
            if draw(st.integers(0, 6 if skill == "operate" else 3)) == 0:
                until = f"m{draw(st.integers(n, number))}"
                needs.append(keeping(until, skill=skill, during=draw(st.sampled_from([["operation"], ["load"]]))))
        if draw(st.booleans()) and not any(need["skill"] == "operate" for need in needs):
            needs.append(needing(during=["load", "operation"]))
        fields: dict[str, Any] = {"needs": needs, "load_time": "2 s", "priority": draw(st.integers(-1, 1))}
        kind = draw(st.sampled_from(["machine", "machine", "inspection", "assembly"]))
        if kind == "inspection" and n > 1:
            fields |= {"kind": kind, "rework": 0.3, "rework_max": 2, "rework_to": f"r{n}"}
            units.append(buffer(f"r{n}", 12, to=[f"m{draw(st.integers(joined + 1, n))}"]))
        if kind == "assembly" and n > 1:
            joined = n
            fields |= {"kind": kind, "bom": {"part": 1, "lid": 1}, "makes": "part"}
            lids = [keeping(f"m{n}", skill=draw(st.sampled_from(["pallet", "vice"])))] if draw(st.booleans()) else []
            units += [
                source(f"lids{n}", mix={"lid": 1}, limit=12, to=[f"side{n}"]),
                machine(f"side{n}", "2 s", needs=lids, to=[f"m{n}"]),
            ]
        units += [buffer(f"q{n}", draw(st.integers(1, 4)), to=[f"m{n}"])]
        units += [{**machine(f"m{n}", draw(cycles), to=[f"q{n + 1}" if n < number else "out"]), **fields}]
    return hall([source(limit=12, to=["q1"]), *units, sink()], things)


@given(ways(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_what_is_not_refused_does_not_lock(config: PlantConfig, seed: int) -> None:
    try:
        plant = Plant(config, seed)
    except ModelError:
        assume(False)
        raise
    assume(any(need.keep_until for _, _, unit in config.stations() for need in getattr(unit, "needs", ())))
    plant.run_until(100_000.0)
    lost = sum(plant.station(path).scrapped for path in plant.units)
    assert plant.station(f"{LINE}/out").parts + lost == 12
    if not lost:  # else lids are left over
        assert_all_back(plant)
