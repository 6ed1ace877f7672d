"""Random plants of all that the compiled kernel supports."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.engine import strategies
from tests.engine.plants import DAY, buffer, exponential, failure, line, machine, plant_of, sink, site, source
from twin.config import PlantConfig

perturbations = st.lists(
    st.tuples(
        st.sampled_from(["acme/north/hall/line", "acme/north/hall/line/out", "acme/north/hall/line/join"]),
        st.sampled_from(["stop", "slow"]),
        st.sampled_from([0.0, 600.0, 2_222.5]),
        st.sampled_from([0.0, 300.0, 4_000.0]),
        st.sampled_from([1.0, 1.5, 3.0]),
    ),
    max_size=3,
)


@st.composite
def plants(draw: st.DrawFn) -> PlantConfig:
    """A random line, or a line with assembly, rework and branches; things may be stopped or slowed."""
    units = draw(st.one_of(strategies.lines(), networks()))
    known = {f"acme/north/hall/line/{unit.id}" for unit in units["stations"]} | {"acme/north/hall/line"}
    wrong = [
        {"id": f"p{k % 2}", "target": where, "effect": what, "start": f"{start} s", "duration": f"{length} s"}
        | ({"factor": factor} if what == "slow" else {})
        for k, (where, what, start, length, factor) in enumerate(draw(perturbations))
        if where in known
    ]
    items = ["a", "b", "part", "lid", "box"]
    return plant_of(site("north", units), items=items, calendars={"day": DAY}, perturbations=tuple(wrong))


def worker(draw: st.DrawFn, id: str, **fields: Any) -> dict[str, Any]:
    """A machine of one to three places."""
    cycle = draw(strategies.cycles)
    failures = draw(strategies.failures)
    return machine(
        id, cycle, capacity=draw(st.integers(1, 3)), failures=failures, power=draw(strategies.power), **fields
    )


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Two feeders into an assembly, an inspection with a way back, two machines in parallel, buffers in a row."""
    places = st.integers(1, 4)
    interval = st.one_of(st.none(), strategies.cycles)
    units = [
        source("s1", mix={"part": 1}, interval=draw(interval), to=["w1", "w2"]),
        worker(draw, "w1", to=["b1"], scrap=draw(st.sampled_from([0.0, 0.2]))),
        worker(draw, "w2", to=["b1"]),
        buffer("b1", draw(places), initial={"part": 1}, to=["b2", "belt"]),
        {"id": "belt", "kind": "transport", "time": draw(strategies.cycles), "capacity": draw(places), "to": ["join"]},
        buffer("b2", draw(places), to=["join"]),
        source("s2", mix={"lid": 2}, interval=draw(interval), to=["join"]),
        {
            "id": "join",
            "kind": "assembly",
            "bom": {"part": draw(st.integers(1, 2)), "lid": 1},
            "makes": "box",
            "cycle": draw(strategies.cycles),
            "scrap": draw(st.sampled_from([0.0, 0.1])),
            "failures": draw(strategies.failures),
            "sets": draw(st.integers(1, 2)),
        },
        {
            "id": "test",
            "kind": "inspection",
            "cycle": draw(strategies.cycles),
            "capacity": draw(st.integers(1, 2)),
            "rework": 0.3,
            "scrap": 0.05,
            "rework_max": draw(st.integers(1, 3)),
            "rework_to": "fix",
            "to": ["m1", "m2"],
        },
        machine("fix", exponential("20 s"), to=["back"], failures=[failure("30 min", "3 min", basis="calendar")]),
        buffer("back", 4, to=["test"]),
        worker(draw, "m1", to=["out"]),
        worker(draw, "m2", to=["out"]),
        sink("out", interval=draw(interval)),
    ]
    return line("line", units, calendar=draw(st.sampled_from([None, "day"])))
