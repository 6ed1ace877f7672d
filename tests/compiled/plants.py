"""Random plants of all that the compiled kernel supports."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.engine.plants import DAY, buffer, exponential, failure, line, machine, plant_of, sink, site, source
from twin.config.plant import PlantConfig

cycles = st.sampled_from(
    [
        "7 s",
        "10 s",
        exponential("9 s"),
        {"triangular": {"low": "4 s", "mode": "5 s", "high": "12 s"}},
        {"triangular": {"low": "5 s", "mode": "5 s", "high": "9 s"}},
        {"lognormal": {"mean": "8 s", "sd": "4 s"}},
        {"empirical": {"values": ["3 s", "5 s", "20 s"]}},
    ]
)
failures = st.lists(
    st.tuples(st.integers(1, 30), st.integers(5, 300), st.sampled_from(["operating", "calendar"])), max_size=2
).map(lambda modes: [failure(f"{a} min", f"{r} s", id=f"mode{k}", basis=b) for k, (a, r, b) in enumerate(modes)])
power = st.builds(
    lambda a, b, c: {"producing": f"{a} kW", "idle": f"{b} kW", "down": f"{b} kW", "per_part": f"{c} kWh"},
    st.floats(0, 50),
    st.floats(0, 5),
    st.floats(0, 1),
)
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
    units = draw(st.one_of(lines(), networks()))
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
    fields |= {"capacity": draw(st.integers(1, 3)), "failures": draw(failures), "power": draw(power)}
    return machine(id, draw(cycles), **fields)


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """One to four machines and inspections with setups, buffers and transports between them."""
    mix = draw(st.sampled_from([{"a": 1}, {"a": 2, "b": 1}]))
    limit = draw(st.one_of(st.none(), st.integers(1, 60)))
    units = [source(mix=mix, interval=draw(st.one_of(st.none(), cycles)), limit=limit)]
    for k in range(draw(st.integers(1, 4))):
        unit = worker(draw, f"w{k}", scrap=draw(st.sampled_from([0.0, 0.1])))
        if draw(st.booleans()):
            unit["setup"] = {"duration": "15 s", "by_change": {"a>b": exponential("30 s")}}
        if draw(st.booleans()):
            unit |= {"kind": "inspection", "rework": draw(st.sampled_from([0.0, 0.3]))}
        units.append(unit)
        between = draw(st.sampled_from(["nothing", "buffer", "transport"]))
        if between == "buffer":
            units.append(buffer(f"b{k}", draw(st.integers(1, 6))))
        elif between == "transport":
            belt = {"id": f"b{k}", "kind": "transport", "time": draw(cycles), "capacity": draw(st.integers(1, 6))}
            units.append(belt)
    units.append(sink(interval=draw(st.one_of(st.none(), cycles))))
    return line("line", units, calendar=draw(st.sampled_from([None, "day"])))


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Two feeders into an assembly, an inspection with a way back, two machines in parallel, buffers in a row."""
    places = st.integers(1, 4)
    interval = st.one_of(st.none(), cycles)
    units = [
        source("s1", mix={"part": 1}, interval=draw(interval), to=["w1", "w2"]),
        worker(draw, "w1", to=["b1"], scrap=draw(st.sampled_from([0.0, 0.2]))),
        worker(draw, "w2", to=["b1"]),
        buffer("b1", draw(places), initial={"part": 1}, to=["b2", "belt"]),
        {"id": "belt", "kind": "transport", "time": draw(cycles), "capacity": draw(places), "to": ["join"]},
        buffer("b2", draw(places), to=["join"]),
        source("s2", mix={"lid": 2}, interval=draw(interval), to=["join"]),
        {
            "id": "join",
            "kind": "assembly",
            "bom": {"part": draw(st.integers(1, 2)), "lid": 1},
            "makes": "box",
            "cycle": draw(cycles),
            "scrap": draw(st.sampled_from([0.0, 0.1])),
            "failures": draw(failures),
            "sets": draw(st.integers(1, 2)),
        },
        {
            "id": "test",
            "kind": "inspection",
            "cycle": draw(cycles),
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
