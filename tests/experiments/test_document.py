"""Every problem of an experiment at once, with file and line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scenarios.experiments.account import by_brain
from scenarios.experiments.document import ResponseConfig
from scenarios.experiments.points import load_experiment
from scenarios.experiments.problems import SHIPPED
from tests.experiments.made import FACTORS, LINE, OUTPUT, study
from twin.errors import ScenarioError


def listing(tmp_path: Path, **replaced: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_experiment(study(tmp_path, **replaced))
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_points_of_each_design(tmp_path: Path) -> None:
    def points(design: Any) -> list[tuple[Any, ...]]:
        return [tuple(p.values()) for p in load_experiment(study(tmp_path, design=design)).points]

    assert points("factorial") == [(r, p) for r in (1, 4, 8) for p in ("8 s", "10 s")]
    fraction = {"kind": "fractional", "generators": {"pace": ["room"]}}
    assert points(fraction) == [(1, "8 s"), (8, "10 s")]
    spread = points({"kind": "latin_hypercube", "points": 6})
    assert sorted(room for room, _ in spread) == [1, 1, 4, 4, 8, 8]
    assert all(8 <= float(pace.split()[0]) <= 10 and pace.endswith(" s") for _, pace in spread)
    assert len(points({"kind": "sobol", "points": 8})) == 8
    assert points({"kind": "list", "points": [{"room": 3, "pace": "9 s"}]}) == [(3, "9 s")]


def test_a_point_is_the_scenario_with_its_values(tmp_path: Path) -> None:
    experiment = load_experiment(study(tmp_path, overrides={f"{LINE}/m1.scrap": 0.5}))
    scenario = experiment.draft.scenario(experiment.overrides(experiment.points[-1]))
    stations = {path.name: station for path, _, station in scenario.stations()}
    assert stations["b"].capacity == 8
    assert stations["m2"].cycle.mean_s == 10.0
    assert stations["m1"].scrap == 0.5


@pytest.mark.parametrize(
    ("written", "way"),
    [
        ({"kpi": "throughput_per_h", "scope": LINE}, "maximise"),
        ({"kpi": "waiting_share", "scope": LINE}, "minimise"),
        ({"kpi": "energy_kwh", "scope": LINE}, "minimise"),
        ({"kpi": "energy_kwh", "scope": LINE, "goal": "maximise"}, "maximise"),
        ({"kpi": "bottleneck_unit", "scope": LINE}, "maximise"),
        ({"stock": LINE}, "minimise"),
        ({"sum": {"output": 1}}, "maximise"),
    ],
)
def test_without_a_goal_that_of_the_trend_is_meant(written: dict[str, Any], way: str) -> None:
    response = ResponseConfig.model_validate(written)
    assert (response.way, response.sign) == (way, 1.0 if way == "maximise" else -1.0)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = listing(
        tmp_path,
        responses={"output": {**OUTPUT, "kpi": "throughput"}, "cost": {"sum": {"outptu": 1}}},
        comparison={"kind": "kn", "response": "uotput", "indifference": 1},
        factors={**FACTORS, "pace": {"path": "x", "low": "8 s"}},
        replications={"least": 9, "most": 3},
        desing="factorial",
    )
    assert "rooms.yaml" in told
    assert "expected a known key, got 'desing' (did you mean 'design'?)" in told
    assert "low and high, got only one of them" in told
    assert "least <= most, got 9 > 3" in told
    names = listing(
        tmp_path,
        responses={"output": {**OUTPUT, "kpi": "throughput_per_hour"}, "cost": {"sum": {"outptu": 1}}},
        comparison={"kind": "kn", "response": "uotput", "indifference": 1},
        warm_up={"detect": "mser5", "scope": "works/plant/hall/lime"},
    )
    for hint in ("throughput_per_h", "output", LINE):
        assert f"did you mean '{hint}'?" in names
    assert len(names.splitlines()) == 4

    everything = listing(
        tmp_path,
        factors={"a": {"path": f"{LINE}/b.capacitie", "levels": [1, 2]}, "c": {"path": "x", "levels": [1]}},
        design="factoral",
        responses={"output": {**OUTPUT, "kpi": "oeee"}},
        replications={"confidence": 95},
    )
    for wrong in ("confidence", "factors.c", "design", "responses.output.kpi", "factors.a: expected a known key"):
        assert wrong in everything


def test_what_a_model_as_a_whole_wants_is_told_beside_its_wrong_fields(tmp_path: Path) -> None:
    told = listing(
        tmp_path,
        replications={"least": 9, "most": 3, "confidence": 95},
        factors={**FACTORS, "pace": {"path": f"{LINE}/m2.cycle", "low": "8 s", "count": 1}},
        responses={"output": {"kpi": "throughput_per_h", "goal": "maximize"}},
    )
    for wrong in (
        "replications.confidence: expected less than 1, got 95",
        "replications: expected least <= most, got 9 > 3",
        "factors.pace.count: expected at least 2, got 1",
        "factors.pace: expected low and high, got only one of them",
        "responses.output.goal: expected one of 'maximise' or 'minimise', got 'maximize'",
        "responses.output: expected kpi and scope together, got only one of them",
    ):
        assert wrong in told, told
    assert len(told.splitlines()) == 6
    half = listing(tmp_path, responses={"output": {**OUTPUT, "half_width": {"relative": 5}}})
    assert "half_width.relative: expected less than 1, got 5" in half
    assert "neither" not in half


@pytest.mark.parametrize("path", ["run.seed", f"{LINE}/b.capacity"])
def test_a_factor_changes_no_name(path: str, tmp_path: Path) -> None:
    assert load_experiment(study(tmp_path, factors={"a": {"path": path, "levels": [1, 2]}}))
    told = listing(tmp_path, factors={"a": {"path": f"{LINE}/b.id", "levels": ["x", "y"]}})
    assert f"factors.a: expected the path of a value, not of a name, got {LINE}/b.id (what one is called" in told
    named = {"1": {f"{LINE}/b.capacity": 3, "name": "one"}, "2": {f"{LINE}/b.capacity": 2, "name": "two"}}
    assert "not of a name, got name (" in listing(tmp_path, factors={"a": {"alternatives": named}})


def test_an_indicator_that_a_unit_never_has_is_no_response(tmp_path: Path) -> None:
    told = listing(tmp_path, responses={"oee": {"kpi": "oee", "scope": f"{LINE}/b", "goal": "maximise"}})
    expected = "responses.oee.scope: expected a place where something works on material, which oee is of, got "
    assert f"{expected}{LINE}/b (buffer) (machines, stations" in told
    had = {"m": {"kpi": "oee", "scope": f"{LINE}/m1"}, "out": {"kpi": "throughput_per_h", "scope": f"{LINE}/out"}}
    assert set(load_experiment(study(tmp_path, responses=had)).measured) == {"m", "out"}


def test_one_mistake_hides_no_other(tmp_path: Path) -> None:
    told = listing(
        tmp_path,
        overrides={"run.sed": 3, f"{LINE}/zz.cycle": "3 s"},
        horizon="1 h",
        warm_up="3 h",
        factors={
            "a": {"path": f"{LINE}/m2.cycl", "levels": ["1 min", "2 min"]},
            "b": {"path": f"{LINE}/b.capacity", "levels": [4, "five"]},
            "c": {"path": f"{LINE}/b.capacity", "low": 3, "high": 1},
        },
        design={"kind": "list", "points": [{"a": "1 min", "b": 4, "q": 3}, {"a": "2 min", "b": "five"}]},
        responses={"output": {**OUTPUT, "scope": "works/plant/hall/nowhere"}},
        comparison={"kind": "kn", "response": "uotput", "indifference": 1},
    )
    for wrong in (
        "(there is no zz)", "run.sed: expected a known key of run", "responses.output.scope: expected the path",
        "warm_up: expected less than the 3600 s of a run, got 10800 s", "design.points[0].q: expected the name",
        "design.points[0]: expected a value of 'c'", "comparison.response: expected the name of a response",
        "factors.a: expected a known key of machine, got 'cycl'", "factors.b: expected a whole number, got 'five'",
    ):  # fmt: skip
        assert wrong in told, told
    assert all(line.startswith("rooms.yaml:") for line in told.splitlines())


def test_runs_may_end_at_a_local_date_time(tmp_path: Path) -> None:
    begin = load_experiment(study(tmp_path)).scenario.epoch
    end = (begin + timedelta(hours=5)).replace(tzinfo=None)
    assert load_experiment(study(tmp_path, horizon=end.isoformat(" "))).horizon_s == 5 * 3600
    for wrong, expected in (
        ("2020-03-03 06:00", "horizon: expected a time from the begin of the run on"),
        ("0 s", "horizon: expected an end after the begin of the run, got 0 s"),
        ("2026-02-30 06:00", "horizon: expected a date-time that there is"),
    ):
        assert expected in listing(tmp_path, horizon=wrong)


def test_a_misspelt_kind_hides_nothing_beside_it(tmp_path: Path) -> None:
    told = listing(
        tmp_path,
        design={"kind": "latin_hypercub", "points": 1, "sed": 3},
        comparison={"kind": "paird", "response": "uotput", "base": 1},
    )
    for wrong in (
        "did you mean 'latin_hypercube'?", "design.points: expected at least 2, got 1",
        "design.sed: expected a known key, got 'sed'", "did you mean 'paired'?",
        "comparison.base: expected a known key", "comparison.response: expected the name of a response",
    ):  # fmt: skip
        assert wrong in told, told
    told = listing(tmp_path, comparison={"kind": "paird", "response": "uotput"})
    assert "comparison.response: expected the name of a response, got 'uotput'" in told
    assert "design" not in listing(tmp_path, comparison={"kind": "no_such", "response": "uotput"})


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ({"a": {"path": f"{LINE}/b.capacity", "levels": [1, 0]}}, "factors.a: expected at least 1, got 0"),
        ({"a": {"path": f"{LINE}/m9.cycle", "levels": ["1 s", "2 s"]}}, "expected the path of something"),
        ({"a": {"path": f"{LINE}/m2.cycle", "low": "1 s", "high": "2 kW"}}, "expected a unit that converts to s"),
        ({"a": {"path": f"{LINE}/m2.cycle", "low": "3 s", "high": "2 s"}}, "expected low < high"),
        ({"a": {"path": f"{LINE}/b.capacity", "low": 1, "high": 2.5, "integer": True}}, "expected whole numbers"),
        ({"a": {"path": f"{LINE}/b.capacity"}}, "expected levels, or low and high, got neither"),
        ({"a": {"path": f"{LINE}/m2.cycle", "low": 1, "high": "2 s"}}, "the same unit"),
        (
            {name: {"path": f"{LINE}/b.capacity", "levels": [1, 2]} for name in ("a", "c")},
            f"factors.c: expected a path that no other factor has, got {LINE}/b.capacity, as a (leave one of them out)",
        ),
    ],
)
def test_wrong_factor_is_told_with_its_line(factors: Any, expected: str, tmp_path: Path) -> None:
    told = listing(tmp_path, factors=factors)
    assert expected in told
    assert told.startswith("rooms.yaml:")


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        ({"kind": "sobol", "points": 10}, "a power of 2 as number of points, got 10"),
        ({"kind": "fractional", "generators": {"pase": ["room"]}}, "did you mean 'pace'?"),
        ({"kind": "list", "points": [{"room": 1}]}, "expected a value of 'pace', got none"),
        ({"kind": "factorail"}, "got 'factorail' (did you mean 'factorial'?)"),
        ("factorail", "got 'factorail' (did you mean 'factorial'?)"),
    ],
)
def test_wrong_design_is_told(design: Any, expected: str, tmp_path: Path) -> None:
    assert expected in listing(tmp_path, design=design)


def test_the_scenario_has_to_be_there(tmp_path: Path) -> None:
    told = listing(tmp_path, scenario="nowhere.yaml")
    assert told.startswith("rooms.yaml:")
    assert "scenario: expected a scenario file, got nowhere.yaml: no such file (shipped: " in told
    with pytest.raises(ScenarioError, match="shipped: "):
        load_experiment("nothing-of-this-name")


@pytest.mark.parametrize(
    "file", [f for f in sorted(SHIPPED.glob("*.yaml")) if "\nexperiment: 1" in f.read_text("utf-8")]
)
def test_shipped_experiments_are_valid(file: Path) -> None:
    assert load_experiment(file.stem).config.name == file.stem


def test_an_alternative_replaces_several_values(tmp_path: Path) -> None:
    crews = {
        "1": {f"{LINE}/m1.capacity": 1, f"{LINE}/b.capacity": 3},
        "2": {
            f"{LINE}/m1.capacity": 2,
            f"{LINE}/m2.cycle": {"triangular": {"low": "4 s", "mode": "5 s", "high": "6 s"}},
        },
    }
    responses = {"output": OUTPUT, "cost": {"sum": {"crew": 40}, "goal": "minimise"}}
    experiment = load_experiment(study(tmp_path, factors={"crew": {"alternatives": crews}}, responses=responses))
    assert experiment.points == ({"crew": "1"}, {"crew": "2"})
    made = [experiment.draft.scenario(experiment.overrides(point)) for point in experiment.points]
    one, two = ({path.name: station for path, _, station in scenario.stations()} for scenario in made)
    assert (one["m1"].capacity, one["b"].capacity, one["m2"].cycle.mean_s) == (1, 3, 9.0)
    assert (two["m1"].capacity, two["b"].capacity, two["m2"].cycle.mean_s) == (2, 2, 5.0)
    assert experiment.responses({"output": 5.0}, {"crew": "2"}) == {"output": 5.0, "cost": 80.0}
    wrong = {"1": crews["1"], "2": {f"{LINE}/m1.capacity": 0}}
    assert "expected at least 1, got 0" in listing(tmp_path, factors={"crew": {"alternatives": wrong}})
    assert "expected path or alternatives, got neither" in listing(tmp_path, factors={"crew": {"levels": [1, 2]}})


def test_indicators_of_transport_are_responses_of_lanes_groups_and_chains(tmp_path: Path) -> None:
    def document(*scopes: str) -> Path:
        responses = {f"r{n}": {"kpi": "transport_co2_per_tkm_kg", "scope": scope} for n, scope in enumerate(scopes)}
        factors = {"stock": {"path": "sanhe/hub/hall/stock/hub.on_hand", "levels": [100, 300]}}
        return study(tmp_path, scenario="charger_network", factors=factors, responses=responses, warm_up=None)

    lane = "sanhe/hub/hall/stock/north_road"
    experiment = load_experiment(document(lane, "sanhe/hub/hall/stock", "sanhe/hub", "sanhe", "chain-charger"))
    assert all(by_brain(wanted) for wanted in experiment.measured.values())
    with pytest.raises(ScenarioError, match="expected a KPI of a link, got 'transport_co2_per_tkm_kg'"):
        load_experiment(document("chain-charger/module"))


def test_true_is_no_number_of_a_study(tmp_path: Path) -> None:
    told = listing(tmp_path, seed=True, replications={"least": True}, experiment=True)
    for name in (
        "seed: expected a whole number",
        "replications.least: expected a whole number",
        "experiment: expected",
    ):
        assert name in told
    assert told.count("got 'true'") == 3


def test_a_study_that_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    file = study(tmp_path)
    file.write_bytes(file.read_text("utf-8").replace("缓存", "Räume").encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"^rooms\.yaml:5: expected text in UTF-8, got byte 0xe4 in "):
        load_experiment(file)
