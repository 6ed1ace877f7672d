"""What has entered leaves again whatever it goes through, and then nobody works or is blocked any more."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine.plants import LINE, line_plant, sink, source
from twin.plant.plant import Plant
from twin.states import UnitState

DAY_S = 86_400.0
BUSY = (UnitState.PRODUCING, UnitState.BLOCKED)
PIECES, PAIR = 3, 2
BELT = {"length": st.just("4 m"), "speed": st.just("0.5 m/s"), "pitch": st.just("1 m")}
RACK = {"kind": "storage", "capacity": 1, "put": "3 s", "retrieve": "1 s"}
PLACES = {"a": ["0 m", "0 m"], "b": ["6 m", "0 m"], "c": ["6 m", "6 m"], "d": ["0 m", "6 m"]}
WORKING = ("machine", "batch_machine", "disassembly", "assembly", "fleet", "agv")

places = st.integers(1, 6)
times = st.integers(0, 20).map(lambda seconds: f"{seconds} s")
batches = st.fixed_dictionaries(
    {"kind": st.just("batch_machine"), "max_batch": places, "min_batch": st.just(1), "wait": times, "cycle": times}
)
units = st.one_of(
    st.fixed_dictionaries({"kind": st.just("buffer"), "capacity": places}),
    st.fixed_dictionaries({"kind": st.just("supermarket"), "places": places.map(lambda number: {"part": number})}),
    st.fixed_dictionaries({"kind": st.just("storage"), "capacity": places, "put": times, "retrieve": times}),
    st.fixed_dictionaries({"kind": st.just("transport"), "capacity": places, "time": times}),
    st.fixed_dictionaries({"kind": st.just("conveyor"), **BELT, "accumulating": st.booleans()}),
    st.fixed_dictionaries({"kind": st.just("machine"), "capacity": places, "cycle": times}),
    batches,
    st.fixed_dictionaries({"kind": st.just("disassembly"), "cycle": times, "yields": st.just({"part": PIECES})}),
    st.fixed_dictionaries(
        {"kind": st.just("assembly"), "cycle": times, "bom": st.just({"part": PAIR}), "makes": st.just("part")}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("fleet"),
            "paths": st.sampled_from([["a > b > c > d > a"], ["a - b - c", "c - d - a"], ["a - b - c - d"]]),
            "dispatch": st.sampled_from(["nearest", "oldest", "fullest"]),
            "vehicles": st.integers(1, 3),
        }
    ),
)


@settings(max_examples=15, deadline=None)
@example([RACK, RACK], 6, False)  # an item that came while the one after was full was never brought out
@example([{"kind": "transport", "capacity": 1, "time": "0 s"}], 3, False)
@given(st.lists(units, min_size=1, max_size=5), st.integers(1, 6), st.booleans())
def test_what_has_entered_leaves_again_and_all_come_to_rest(
    way: list[dict[str, Any]], number: int, tight: bool
) -> None:
    way = driven([{"id": f"u{at}", **unit} for at, unit in enumerate(way)])
    end = sink(interval="7 s") if tight else sink()
    units = [unit for unit in way if unit["kind"] != "agv"]
    plant = Plant(line_plant(source(limit=number), *units, end, *way[len(units) :]), 1, trace=False)
    plant.run_until(DAY_S)
    assert plant.station(f"{LINE}/out").parts == left_of(number, units)
    before = busy(plant, way)
    plant.run_until(2 * DAY_S)
    assert busy(plant, way) == before


def driven(way: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The way with nodes for its fleets, one of several in a row, and their vehicles at its end."""
    apart = [unit for at, unit in enumerate(way) if not at or {unit["kind"], way[at - 1]["kind"]} != {"fleet"}]
    names = ["src", *(unit["id"] for unit in apart), "out"]
    units, cars = [], []
    for at, unit in enumerate(apart):
        homes = ["d", "b", "c"][: unit.get("vehicles", 0)]
        stops = {names[at]: "a", names[at + 2]: "c"}
        given = {key: value for key, value in unit.items() if key != "vehicles"}
        units.append({**given, "nodes": PLACES, "stops": stops} if homes else unit)
        vehicle = {"kind": "agv", "fleet": unit["id"], "speed": "1.5 m/s", "loading": "3 s", "unloading": "4 s"}
        cars += [{"id": f"{unit['id']}{home}", "home": home, **vehicle} for home in homes]
    return [*units, *cars]


def left_of(number: int, way: list[dict[str, Any]]) -> int:
    """How many leave: one becomes several or two become one, of which an odd one waits for another."""
    for unit in way:
        number = {"disassembly": number * PIECES, "assembly": number // PAIR}.get(unit["kind"], number)
    return number


def busy(plant: Plant, way: list[dict[str, Any]]) -> list[float]:
    """How long each unit that works was at work, or held something up, so far, in s."""
    totals = [plant.ledger.totals(f"{LINE}/{unit['id']}") for unit in way if unit["kind"] in WORKING]
    return [each.duration_s(state) for each in totals for state in BUSY]
