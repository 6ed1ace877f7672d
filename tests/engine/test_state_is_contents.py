"""The state of a unit that holds several parts is a function of its contents after every change."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.engine.plants import LINE, line_plant, sink
from tests.engine.strategies import plants
from twin.behaviours.conveying import Mover
from twin.behaviours.processor import Processor
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.states import UnitState
from twin.stations.source import Source
from twin.stations.tool import Tool

HORIZON_MIN = 2_000
Minutes = NDArray[np.bool_]


@st.composite
def fabs(draw: st.DrawFn) -> dict[str, Any]:
    """One tool with whole minutes everywhere: cascade x setup x batch x breakdown x maintenance."""
    batch = draw(st.booleans())
    size = draw(st.integers(1, 5))
    step: dict[str, Any] = {"pool": "t", "time": f"{draw(st.integers(1, 20))} min"}
    if batch:
        step |= {"batch_min": size, "batch_max": size * draw(st.integers(1, 3))}
    else:
        step |= {"per": "piece"}
    if draw(st.booleans()):
        step["cascade"] = f"{draw(st.integers(1, 5))} min"
    downtimes = []
    for kind in draw(st.sets(st.sampled_from(["breakdown", "maintenance"]))):
        after, length = draw(st.integers(50, 300)), draw(st.integers(1, 60))
        downtimes.append({"id": kind, "kind": kind, "after": f"{after} min", "duration": f"{length} min"})
    return {
        "step": step,
        "setup": draw(st.integers(0, 60)),
        "size": size,
        "every": draw(st.integers(5, 60)),
        "downtimes": downtimes,
    }


def tool_plant(fab: dict[str, Any]) -> Plant:
    release = [
        {"item": item, "start": f"{start} min", "every": f"{fab['every']} min", "size": fab["size"]}
        for item, start in (("a", 0), ("b", 3))
    ]
    units = [
        {"id": "orders", "kind": "orders", "to": ["out"], "release": release},
        {"id": "t", "kind": "tool"},
        sink(),
    ]
    recipes = {item: {"steps": [{**fab["step"], "setup": f"s{item}"}]} for item in "ab"}
    pool = {"rule": ["fifo"], "setups": {"duration": f"{fab['setup']} min"}, "downtimes": fab["downtimes"]}
    config = line_plant(*units, items=("a", "b"), recipes=recipes, pools={"t": pool})
    return Plant(config, 1, intervals=True, operations=True)


def minutes(spans: list[tuple[float, float]]) -> Minutes:
    """Which minutes some spans of whole minutes cover."""
    covered = np.zeros(HORIZON_MIN, dtype=bool)
    for begin, end in spans:
        covered[round(begin / 60) : round(min(end / 60, HORIZON_MIN))] = True
    return covered


def shown(rows: list[Any], state: UnitState) -> Minutes:
    """The minutes in which the tool shows a state."""
    states = [(row.sim_s, row.values[0]) for row in rows if row.kind is RecordKind.STATE and row.unit == 1]
    ends = [begin for begin, _ in states[1:]] + [HORIZON_MIN * 60.0]
    return minutes([(b, e) for (b, name), e in zip(states, ends, strict=True) if name == state.name])


def worked(rows: list[Any]) -> tuple[list[tuple[float, float]], list[tuple[float, str]]]:
    """Spans of the lots in the tool, and when lots of which item began."""
    begun: dict[str, tuple[float, str]] = {}
    spans, starts = [], []
    for row in rows:
        if row.kind is RecordKind.ORDER and row.values[1] == "begun":
            begun[row.values[0]] = (row.sim_s, row.values[2])
            starts.append((row.sim_s, row.values[2]))
        elif row.kind is RecordKind.ORDER and row.values[1] == "ended":
            spans.append((begun.pop(row.values[0])[0], row.sim_s))
    return [*spans, *((begin, HORIZON_MIN * 60.0) for begin, _ in begun.values())], starts


def setups(starts: list[tuple[float, str]], length: int, down: Minutes) -> Minutes:
    """The minutes of setups: so many from each begin of another item than the last, breakdowns left out."""
    covered = np.zeros(HORIZON_MIN, dtype=bool)
    last = ""
    for begin, item in starts:
        if item != last:
            up = np.flatnonzero(~down[round(begin / 60) :])[:length] + round(begin / 60)
            covered[up] = True
        last = item
    return covered


@settings(max_examples=60, deadline=None)
@given(fabs())
def test_the_states_of_a_tool_are_the_arithmetic_of_its_work(fab: dict[str, Any]) -> None:
    plant = tool_plant(fab)
    plant.run_until(HORIZON_MIN * 60.0)
    rows = list(plant.drain())
    spans, starts = worked(rows)
    down = shown(rows, UnitState.FAILED)
    setting_up = setups(starts, fab["setup"], down)
    inside = minutes(spans)
    assert not (shown(rows, UnitState.SETUP) ^ setting_up).any()
    assert not (shown(rows, UnitState.PRODUCING) ^ (inside & ~setting_up & ~down)).any()
    idle = ~(inside | down | shown(rows, UnitState.PREVENTIVE_MAINT))
    assert not (shown(rows, UnitState.STARVED) ^ idle).any()


def test_setups_of_a_cascading_tool_count_as_setup() -> None:
    step = {"pool": "t", "time": "1 min", "per": "piece", "cascade": "0.5 min"}
    fab = {"step": step, "setup": 80, "size": 20, "every": 20, "downtimes": []}
    plant = tool_plant(fab)
    plant.run_until(20_000 * 60.0)
    totals = plant.ledger.totals(f"{LINE}/t")
    assert abs(totals.duration_s(UnitState.SETUP) / 60 - 17_760) < 60
    assert totals.duration_s(UnitState.SETUP) + totals.duration_s(UnitState.PRODUCING) == 20_000 * 60.0


@settings(max_examples=40, deadline=None)
@given(plants())
def test_after_every_instant_the_state_is_that_of_the_contents(config: Any) -> None:
    plant = Plant(config, 3, trace=False)
    kernel = plant._kernel
    watched = [station for station in plant._stations if isinstance(station, Processor | Mover | Tool)]
    watched = [station for station in watched if not isinstance(station, Source)]
    while kernel.peek() < 3_600.0 and plant.events < 20_000:
        now = kernel.peek()
        while kernel.peek() == now:
            kernel.step()
        for station in watched:
            assert station.code == station.resolve(), (station.path, now)
