"""What was dumped loads again to the same document."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.format.document import ExpectationConfig, Scenario
from scenarios.loader import LIBRARY, load, loads
from twin.config.plant import PlantConfig

DURATION = st.floats(0.001, 1e6).map(lambda value: f"{value!r} s")
POWER = st.floats(0, 1e5).map(lambda value: f"{value!r} kW")
NAME = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True)
TITLE = st.fixed_dictionaries({"en": st.text("abc :#'\"-{}", max_size=8), "zh": st.text("轴车间", max_size=4)})
CYCLE = st.one_of(
    DURATION,
    st.tuples(DURATION, DURATION).map(lambda pair: {"lognormal": dict(zip(("mean", "sd"), pair, strict=True))}),
    DURATION.map(lambda mean: {"exponential": {"mean": mean}}),
    st.lists(DURATION, min_size=1, max_size=4).map(lambda values: {"empirical": {"values": values}}),
    st.tuples(st.floats(0.1, 9), DURATION).map(lambda p: {"weibull": {"shape": p[0], "scale": p[1]}}),
)
FAILURE = st.fixed_dictionaries({"id": NAME, "after": CYCLE, "repair": CYCLE})
MACHINE = st.fixed_dictionaries(
    {"kind": st.just("machine"), "cycle": CYCLE, "title": TITLE},
    optional={
        "scrap": st.floats(0, 1),
        "power": st.fixed_dictionaries({"producing": POWER}, optional={"setup": POWER, "off": POWER}),
        "failures": st.lists(FAILURE, max_size=2, unique_by=lambda mode: mode["id"]),
        "ideal_cycle": DURATION,
        "capacity": st.integers(1, 9),
    },
)


def document(machines: list[dict[str, object]], title: dict[str, str], seed: int) -> dict[str, object]:
    stations = [{"id": "in", "kind": "source", "mix": {"shaft": 1}}]
    stations += [{"id": f"m{n}", **machine} for n, machine in enumerate(machines)]
    stations += [{"id": "out", "kind": "sink"}]
    area = {"id": "hall", "lines": [{"id": "line", "stations": stations}]}
    return {
        "schema_version": 1,
        "name": "made",
        "title": title,
        "epoch": "2026-03-02T06:00:00+08:00",
        "items": {"shaft": {"title": title}},
        "run": {"seed": seed},
        "enterprises": [{"id": "works", "title": title, "sites": [{"id": "plant", "areas": [area]}]}],
    }


def again(scenario: Scenario) -> Scenario:
    return loads(yaml.safe_dump(scenario.document(), allow_unicode=True), scenario.base)


@settings(max_examples=60, deadline=None)
@given(st.lists(MACHINE, min_size=1, max_size=3), TITLE, st.integers(0, 2**31))
def test_a_dumped_document_loads_to_an_equal_one(machines: list, title: dict, seed: int) -> None:
    scenario = loads(yaml.safe_dump(document(machines, title, seed), allow_unicode=True), Path())
    assert again(scenario) == scenario


def test_shipped_scenarios_survive_a_dump() -> None:
    for path in sorted(LIBRARY.glob("*.yaml")):
        scenario = load(path)
        assert again(scenario) == scenario


def test_a_dump_holds_the_orders_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("item,time,id\nshaft,5 min,a\nshaft,2026-03-02T06:20,b\n", encoding="utf-8")
    made = document([], {"en": "a", "zh": "b"}, 1)
    made["enterprises"][0]["sites"][0]["areas"][0]["lines"][0]["stations"][0] = {  # type: ignore[index]
        "id": "in",
        "kind": "source",
        "orders_file": "trace.csv",
    }
    scenario = loads(yaml.safe_dump(made), tmp_path)
    (tmp_path / "trace.csv").unlink()
    assert again(scenario) == scenario
    (source, *_) = [station for _, _, station in scenario.plant().stations()]
    assert [(order.id, order.release) for order in source.orders] == [("a", 300.0), ("b", 1200.0)]  # type: ignore[attr-defined]


def test_the_plant_is_the_part_for_the_engine() -> None:
    scenario = load("workshop")
    plant = scenario.plant()
    assert type(plant) is PlantConfig
    assert plant.enterprises is scenario.enterprises
    assert not hasattr(plant, "run")


def test_an_expectation_is_met_within_its_limits_and_never_by_an_unknown_value() -> None:
    wanted = ExpectationConfig(kpi="oee", scope="a", at_least=0.5, at_most=0.9)
    assert [wanted.met(value) for value in (0.4, 0.5, 0.9, 0.91, float("nan"))] == [False, True, True, False, False]
