"""Random small lines for the property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.engine.plants import DAY, buffer, exponential, failure, line, machine, plant_of, sink, site, source
from twin.config import PlantConfig

cycles = st.sampled_from(
    [
        "7 s",
        exponential("9 s"),
        {"triangular": {"low": "4 s", "mode": "5 s", "high": "12 s"}},
        {"lognormal": {"mean": "8 s", "sd": "4 s"}},
        {"empirical": {"values": ["3 s", "5 s", "20 s"]}},
    ]
)
failures = st.lists(
    st.builds(
        lambda after, repair, basis: failure(f"{after} min", f"{repair} s", basis=basis),
        st.integers(1, 30),
        st.integers(5, 300),
        st.sampled_from(["operating", "calendar"]),
    ),
    max_size=2,
).map(lambda modes: [{**mode, "id": f"mode{i}"} for i, mode in enumerate(modes)])
power = st.builds(
    lambda a, b, c: {"producing": f"{a} kW", "idle": f"{b} kW", "down": f"{b} kW", "per_part": f"{c} kWh"},
    st.floats(0, 50),
    st.floats(0, 5),
    st.floats(0, 1),
)


@st.composite
def workers(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A machine or an inspection."""
    kind = draw(st.sampled_from(["machine", "machine", "inspection"]))
    unit = machine(f"w{number}", draw(cycles), kind=kind, capacity=draw(st.integers(1, 3)), power=draw(power))
    unit["failures"] = draw(failures)
    unit["scrap"] = draw(st.sampled_from([0.0, 0.1]))
    if draw(st.booleans()):
        unit["setup"] = {"duration": "15 s", "by_change": {"a>b": exponential("30 s")}}
    if kind == "inspection":
        unit["rework"] = draw(st.sampled_from([0.0, 0.3]))
    return unit


@st.composite
def between(draw: st.DrawFn, number: int) -> list[dict[str, Any]]:
    """What stands between two workers."""
    kind = draw(st.sampled_from(["nothing", "buffer", "transport"]))
    if kind == "nothing":
        return []
    places = draw(st.integers(1, 6))
    if kind == "buffer":
        return [buffer(f"b{number}", places)]
    return [{"id": f"b{number}", "kind": "transport", "time": draw(cycles), "capacity": places}]


@st.composite
def lines(draw: st.DrawFn, id: str = "line") -> dict[str, Any]:
    """A line of one to four workers."""
    interval = draw(st.one_of(st.none(), cycles))
    limit = draw(st.one_of(st.none(), st.integers(1, 60)))
    units = [source(mix=draw(st.sampled_from([{"a": 1}, {"a": 2, "b": 1}])), interval=interval, limit=limit)]
    for number in range(draw(st.integers(1, 4))):
        units += [draw(workers(number)), *draw(between(number))]
    units.append(sink(interval=draw(st.one_of(st.none(), cycles))))
    return line(id, units, calendar=draw(st.sampled_from([None, "day"])))


@st.composite
def plants(draw: st.DrawFn, **fields: Any) -> PlantConfig:
    """A plant of one random line."""
    return plant_of(site("north", draw(lines())), items=["a", "b"], calendars={"day": DAY}, **fields)
