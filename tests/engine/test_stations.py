"""What each kind of station does, on small deterministic lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.engine.plants import (
    assembly_plant,
    buffer,
    failure,
    line,
    line_plant,
    machine,
    plant_of,
    sink,
    site,
    source,
)
from twin.config.plant import PlantConfig
from twin.engine.events import TraceRow
from twin.errors import ModelError
from twin.plant.plant import Plant
from twin.records import SPECS, RecordKind
from twin.states import UnitState

HERE = "acme/north/hall/line"


def run(config: PlantConfig, until: float = 1_000.0, seed: int = 1) -> Plant:
    plant = Plant(config, seed, intervals=True)
    plant.run_until(until)
    return plant


def of(plant: Plant, unit: str, kind: RecordKind, rows: Sequence[TraceRow]) -> list[tuple[float, tuple[Any, ...]]]:
    number = next(i for i, path in enumerate(plant.units) if path.name == unit)
    return [(row.sim_s, row.values) for row in rows if row.unit == number and row.kind is kind]


def states(plant: Plant, unit: str) -> list[tuple[float, str, str | None]]:
    return [(t, v[0], v[2]) for t, v in of(plant, unit, RecordKind.STATE, plant.drain())]


def test_rows_have_the_columns_of_their_kind() -> None:
    plant = run(assembly_plant(), 9_000.0)
    rows = plant.drain()
    assert {row.kind for row in rows} >= {RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.SHIPMENT}
    unsaid = [spec for row in rows for spec in SPECS[row.kind][len(row.values) :]]
    assert not [spec for spec in unsaid if spec.required]
    assert all(len(row.values) <= len(SPECS[row.kind]) for row in rows)


def test_a_machine_starves_and_blocks() -> None:
    plant = run(line_plant(source(), machine("m1", "10 s"), machine("m2", "30 s"), sink()), 100.0)
    rows = plant.drain()
    first = [(t, v[0], v[2]) for t, v in of(plant, "m1", RecordKind.STATE, rows)]
    assert first[:3] == [(0.0, "PRODUCING", None), (20.0, "BLOCKED", "m2"), (40.0, "PRODUCING", None)]
    assert [t for t, _ in of(plant, "out", RecordKind.PART, rows)] == [40.0, 70.0]
    assert of(plant, "m2", RecordKind.PART, rows)[0][1] == ("part", 1, 0, 0, 30.0, 1)


def test_parallel_places_work_at_once_and_share_the_ideal_time() -> None:
    plant = run(line_plant(source(), machine("m1", "30 s", capacity=3), sink()), 100.0)
    assert of(plant, "m1", RecordKind.PART, plant.drain()) == [
        (t, ("part", 3, 0, 0, 10.0, 1)) for t in (30.0, 60.0, 90.0)
    ]


def test_a_buffer_tells_its_levels() -> None:
    plant = run(line_plant(source(), machine("m1", "10 s"), buffer("b", 2), machine("m2", "25 s"), sink()), 70.0)
    levels = [(t, v[1]) for t, v in of(plant, "b", RecordKind.STOCK, plant.drain())]
    assert levels == [(0.0, 0), (20.0, 1), (30.0, 2), (35.0, 1), (40.0, 2)]


def test_work_is_resumed_after_a_failure_and_ends_are_exact() -> None:
    mode = {"id": "jam", "after": "25 s", "repair": "7 s"}
    plant = run(line_plant(source(), machine("m1", "10 s", failures=[mode]), sink()), 70.0)
    rows = plant.drain()
    assert [(t, v[0], v[2]) for t, v in of(plant, "m1", RecordKind.STATE, rows)] == [
        (0.0, "PRODUCING", None),
        (25.0, "FAILED", "jam"),
        (32.0, "PRODUCING", None),
        (57.0, "FAILED", "jam"),
        (64.0, "PRODUCING", None),
    ]
    assert [t for t, _ in of(plant, "out", RecordKind.PART, rows)] == [10.0, 20.0, 37.0, 47.0, 57.0]
    assert [v[2] for _, v in of(plant, "m1", RecordKind.ALARM, rows)] == [1, 0, 1, 0]


def test_operating_life_stands_still_while_the_machine_waits() -> None:
    mode = {"id": "wear", "after": "25 s", "repair": "5 s"}
    slow = line_plant(source(interval="20 s"), machine("m1", "10 s", failures=[mode]), sink())
    failed = [t for t, state, _ in states(run(slow, 200.0), "m1") if state == "FAILED"]
    assert failed[0] == 65.0


@pytest.mark.parametrize("cycles", range(3, 40))
@pytest.mark.parametrize("cycle", [0.1, 0.3, 0.7])
def test_time_never_steps_back_when_a_life_ends_with_a_cycle(cycle: float, cycles: int) -> None:
    """Sums of such cycles are rounded to a little more or less than the life."""
    mode = {"id": "worn", "after": f"{cycle * cycles:.6f} s", "repair": "3.3 s"}
    slow = line_plant(source(interval=f"{1.7 * cycle:.2f} s"), machine("m1", f"{cycle} s", failures=[mode]), sink())
    times = [row.sim_s for row in run(slow, 3_000.0).drain()]
    assert times == sorted(times)


def test_a_calendar_failure_comes_in_idle_time_too() -> None:
    mode = {"id": "drift", "after": "25 s", "repair": "5 s", "basis": "calendar"}
    slow = line_plant(source(interval="20 s"), machine("m1", "2 s", failures=[mode]), sink())
    plant = run(slow, 61.0)
    assert [t for t, state, _ in states(plant, "m1") if state == "FAILED"] == [25.0, 55.0]
    assert plant.view().wear[1] == pytest.approx(1 / 25)


def test_setup_comes_with_a_change_of_item() -> None:
    setup = {"duration": "5 s", "by_change": {"b>a": "8 s"}}
    units = (source(mix={"a": 2, "b": 1}), machine("m1", "10 s", setup=setup), sink())
    plant = run(line_plant(*units, items=["a", "b"]), 80.0)
    assert [t for t, state, _ in states(plant, "m1") if state == "SETUP"] == [20.0, 35.0, 63.0, 78.0]
    truth = plant.ledger.window(1, plant.epoch_ns, plant.epoch_ns + 80 * 10**9)
    assert truth.duration_ns(UnitState.SETUP) == 20 * 10**9


def test_work_stops_for_breaks_and_shift_ends() -> None:
    day = {
        "shifts": [
            {"id": "d", "start": "00:01", "duration": "2 min", "breaks": [{"start": "00:02", "duration": "30 s"}]}
        ]
    }
    config = plant_of(
        site("north", line("line", [source(), machine("m1", "40 s"), sink()], calendar="day")),
        items=["part"],
        calendars={"day": day},
    )
    plant = run(config, 2 * 86_400.0)
    rows = plant.drain()
    assert [(t, v[0]) for t, v in of(plant, "m1", RecordKind.STATE, rows)][:5] == [
        (0.0, "OFF_SHIFT"),
        (60.0, "PRODUCING"),
        (120.0, "PLANNED_BREAK"),
        (150.0, "PRODUCING"),
        (180.0, "OFF_SHIFT"),
    ]
    # 90 s of work a day in pieces of 60 and 30 s, the rest of the third part is done next morning
    assert [t for t, _ in of(plant, "out", RecordKind.PART, rows)] == [100.0, 170.0, 86_490.0, 86_560.0]


def test_assembly_waits_for_its_bill_of_materials() -> None:
    units = [
        source("s1", mix={"x": 1}, interval="5 s", to=["join"]),
        source("s2", mix={"y": 1}, interval="20 s", to=["join"]),
        {"id": "join", "kind": "assembly", "bom": {"x": 2, "y": 1}, "makes": "p", "cycle": "3 s"},
        sink(),
    ]
    plant = run(line_plant(*units, items=["x", "y", "p"]), 70.0)
    assert of(plant, "join", RecordKind.PART, plant.drain()) == [
        (t, ("p", 1, 0, 0, 3.0, 1)) for t in (23.0, 43.0, 63.0)
    ]


def test_inspection_sends_back_and_scraps() -> None:
    units = [
        source(),
        machine("m1", "10 s"),
        {
            "id": "look",
            "kind": "inspection",
            "cycle": "1 s",
            "rework": 0.5,
            "scrap": 0.1,
            "rework_to": "fix",
            "to": ["out"],
        },
        machine("fix", "2 s", to=["back"]),
        buffer("back", 9, to=["look"]),
        sink(),
    ]
    plant = run(line_plant(*units), 100_000.0)
    count = plant.ledger.window(2, plant.epoch_ns, plant.epoch_ns + 10**14).counts["part"]
    assert count.good_at_first / count.inspected == pytest.approx(0.4, abs=0.02)
    assert count.rework / (count.good + count.scrap + count.rework) == pytest.approx(0.47, abs=0.03)
    assert count.good == plant.ledger.totals(5).parts
    worst = max(part.reworks for part in plant.station(f"{HERE}/look").operations)  # type: ignore[attr-defined]
    assert worst == 3


def test_rework_on_the_spot_takes_another_inspection() -> None:
    units = [source(), {"id": "look", "kind": "inspection", "cycle": "1 s", "rework": 1.0, "rework_max": 2}, sink()]
    plant = run(line_plant(*units), 10.0)
    assert [v[1:4] for _, v in of(plant, "look", RecordKind.PART, plant.drain())][:3] == [
        (0, 0, 1),
        (0, 0, 1),
        (0, 1, 0),
    ]


def test_a_transport_keeps_the_order_and_waits_at_its_exit() -> None:
    belt = {"id": "belt", "kind": "transport", "time": "30 s", "capacity": 2}
    plant = run(line_plant(source(), belt, machine("m1", "20 s"), sink()), 120.0)
    assert [t for t, _ in of(plant, "out", RecordKind.PART, plant.drain())] == [50.0, 70.0, 90.0, 110.0]
    assert plant.view().level[1] <= 2


def test_a_full_store_stops_its_supplier() -> None:
    supplier = line(
        "a",
        [
            source(),
            {
                "id": "dock",
                "kind": "shipping",
                "load": 4,
                "capacity": 4,
                "time": "1 h",
                "to": ["acme/south/hall/b/store"],
            },
        ],
    )
    user = line("b", [{"id": "store", "kind": "receiving", "capacity": 10}, machine("m1", "100 s"), sink()])
    plant = run(plant_of(site("north", supplier), site("south", user), items=["part"]), 3 * 3600.0)
    rows = plant.drain()
    departed = [t for t, v in of(plant, "dock", RecordKind.SHIPMENT, rows)]
    assert departed[:2] == [0.0, 0.0]
    # eight are on the way; a third load has room when the store has given two away
    assert departed[2] == 3_700.0
    assert [v[1] for _, v in of(plant, "store", RecordKind.SHIPMENT, rows)][:2] == ["arrived", "arrived"]
    on_hand = [v[1] for _, v in of(plant, "store", RecordKind.STOCK, rows)]
    assert max(on_hand) <= 10


def test_a_sink_takes_at_the_pace_of_demand_and_a_source_stops_at_its_limit() -> None:
    plant = run(line_plant(source(limit=3), machine("m1", "1 s"), sink(interval="30 s")), 200.0)
    rows = plant.drain()
    assert [t for t, _ in of(plant, "out", RecordKind.PART, rows)] == [1.0, 31.0, 61.0]
    assert of(plant, "src", RecordKind.STATE, rows)[-1][1] == ("IDLE_NO_ORDER", None, None)


def test_several_successors_take_in_turn() -> None:
    units = [source(interval="10 s", to=["m1", "m2"]), machine("m1", "1 s", to=["out"]), machine("m2", "1 s"), sink()]
    plant = run(line_plant(*units), 101.0)
    assert (plant.ledger.totals(1).parts, plant.ledger.totals(2).parts) == (5, 4)


def test_perturbations_stop_and_slow() -> None:
    what = [
        {"id": "quake", "target": HERE, "effect": "stop", "start": "15 s", "duration": "100 s"},
        {"id": "dust", "target": f"{HERE}/m1", "effect": "slow", "start": "118 s", "duration": "30 s", "factor": 3},
    ]
    plant = run(line_plant(source(), machine("m1", "10 s"), sink(), perturbations=what), 200.0)
    rows = plant.drain()
    assert [t for t, _ in of(plant, "out", RecordKind.PART, rows)][:5] == [10.0, 120.0, 150.0, 160.0, 170.0]
    assert (15.0, ("FAILED", "line-standing", "quake")) in of(plant, "m1", RecordKind.STATE, rows)


WRONG: list[tuple[str, list[dict[str, Any]], str]] = [
    ("target", [source(), machine(to=["otu"]), sink()], "did you mean 'out'"),
    ("cycle", [source(), machine("m1", None), sink()], "m1 cycle: expected a time for 'part', got none"),
    (
        "bom",
        [
            source(),
            {"id": "join", "kind": "assembly", "bom": {"part": 1, "lid": 1}, "makes": "lid", "cycle": "1 s"},
            sink(),
        ],
        "bom.lid: expected a station that delivers it here",
    ),
    ("end", [source(), machine()], "m1 to: expected somewhere to give parts to"),
    ("twin", [source(), machine(), machine(), sink()], "expected one unit of this path, got two"),
    ("item", [source(mix={"parrt": 1}), machine(), sink()], "'parrt'"),
    ("rework", [source(), machine("m1", "1 s", kind="inspection", rework_to="fxi"), sink()], "rework_to"),
    ("full", [source(), buffer("b", 2, initial={"part": 3}), sink()], "at most 2 items"),
    ("self", [source(), machine(to=["m1"]), sink()], "another unit"),
]


@pytest.mark.parametrize(("units", "text"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_plant_that_cannot_be_built_says_why(units: list[dict[str, Any]], text: str) -> None:
    with pytest.raises(ModelError) as caught:
        Plant(line_plant(*units, items=["part", "lid"]), 1)
    assert text in str(caught.value)


def test_everything_wrong_is_said_at_once() -> None:
    units = [source(to=["nowhere"]), machine(to=["noplace"], failures=[failure()]), sink()]
    with pytest.raises(ModelError) as caught:
        Plant(line_plant(*units), 1)
    assert len(caught.value.problems) == 2
