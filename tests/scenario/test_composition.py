"""Includes, inheritance, overrides, templates and repetition."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.loader import load
from tests.scenario.documents import SMALL, machine, small
from twin.errors import ScenarioError
from twin.stations.machine import MachineConfig


def written(folder: Path, **files: str) -> Path:
    """Write ``name=text`` as files and give the folder."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_repeated_station_is_written_out_with_its_number() -> None:
    scenario = small()
    ids = [station.id for _, _, station in scenario.stations()]
    assert ids == ["in", "m01", "m02", "m03", "out"]
    second = machine(scenario, 2)
    assert isinstance(second, MachineConfig)
    assert second.title is not None
    assert second.title.en == "Lathe 2 of 12"
    assert second.cycle is not None
    assert second.cycle.mean_s == 58.0


def test_own_keys_win_over_those_of_the_template() -> None:
    scenario = small(**{"use: lathe,": "use: lathe, cycle: 1 min,"})
    first = machine(scenario)
    assert isinstance(first, MachineConfig)
    assert first.cycle is not None
    assert (first.cycle.mean_s, first.power.producing) == (60.0, 5.0)


def test_included_enterprises_are_concatenated_in_order(tmp_path: Path) -> None:
    head, tail = SMALL.split("enterprises:\n")
    other = "enterprises:\n" + tail.replace("works", "others")
    written(tmp_path, main=f"include: other.yaml\n{head}enterprises:\n{tail}", other=other)
    scenario = load(tmp_path / "main.yaml")
    assert [enterprise.id for enterprise in scenario.enterprises] == ["others", "works"]


def test_the_same_value_twice_is_told_with_both_places(tmp_path: Path) -> None:
    written(tmp_path, main=f"include: other.yaml\n{SMALL}", other="items:\n  shaft: {title: Axle}\n")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "main.yaml")
    assert "'title' once over all included files" in str(caught.value) or "first at other.yaml:2" in str(caught.value)


HEIR = """\
extends: base.yaml
name: heir
run: {seed: 3}
overrides:
  run.horizon: 2 h
  works/plant/hall/turning/m02: {cycle: 62 s}
  works/plant/hall/turning/m03.power.idle: 1 kW
  enterprises.works.sites.plant.latitude: 29.5
"""


def test_a_heir_replaces_sections_and_overrides_by_path(tmp_path: Path) -> None:
    written(tmp_path, base=SMALL.replace("name: small", "name: small\nrun: {seed: 1, tick: 5 s}"), heir=HEIR)
    scenario = load(tmp_path / "heir.yaml")
    assert (scenario.name, scenario.run.seed, scenario.run.tick, scenario.run.horizon) == ("heir", 3, 5.0, 7200.0)
    assert scenario.enterprises[0].sites[0].latitude == 29.5
    second, third = machine(scenario, 2), machine(scenario, 3)
    assert isinstance(second, MachineConfig)
    assert isinstance(third, MachineConfig)
    assert second.cycle is not None
    assert second.cycle.mean_s == 62.0
    assert (third.power.idle, third.power.producing) == (1.0, 5.0)


def test_a_shipped_scenario_can_be_extended_from_anywhere(tmp_path: Path) -> None:
    written(tmp_path, mine="extends: workshop\nname: mine\noverrides: {run.seed: 99}\n")
    scenario = load(tmp_path / "mine.yaml")
    assert (scenario.name, scenario.run.seed) == ("mine", 99)
    assert scenario.base == tmp_path.resolve()


def test_an_override_that_leads_nowhere_is_a_problem_with_its_line(tmp_path: Path) -> None:
    lost = HEIR.replace("turning/m02", "turning/m99")
    written(tmp_path, base=SMALL, heir=lost)
    with pytest.raises(ScenarioError, match=r"heir.yaml:6: .*m99.*there is no m99"):
        load(tmp_path / "heir.yaml")


def test_two_scenarios_cannot_extend_each_other(tmp_path: Path) -> None:
    written(tmp_path, a="extends: b.yaml\n", b="extends: a.yaml\n")
    with pytest.raises(ScenarioError, match="remove the circle"):
        load(tmp_path / "a.yaml")


def test_the_command_line_overrides_last(tmp_path: Path) -> None:
    written(tmp_path, base=SMALL, heir=HEIR)
    scenario = load(
        tmp_path / "heir.yaml", ["run.seed=11", "works/plant/hall/turning/m01={cycle: 40 s}", "run.speed=60"]
    )
    first = machine(scenario)
    assert isinstance(first, MachineConfig)
    assert first.cycle is not None
    assert (scenario.run.seed, first.cycle.mean_s, scenario.run.speed) == (11, 40.0, 60.0)


def test_a_bad_override_of_the_command_line_is_told() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("workshop", ["seed", "run.sead=1"])
    assert "--set seed: expected path=value, got 'seed'" in str(caught.value)
    assert "run.sead=1 run.sead: expected a known key of run, got 'sead' (did you mean 'seed'?)" in str(caught.value)


def test_a_distribution_is_overridden_as_a_whole() -> None:
    place = "jialing/beibei/machining/bodies/deburr.cycle"
    scenario = load("workshop", [f"{place}={{exponential: {{mean: 50 s}}}}"])
    cycles = {path.name: getattr(station, "cycle", None) for path, _, station in scenario.stations()}
    assert cycles["deburr"].mean_s == 50.0
    longer = load("workshop", [f"{place}.normal.mean=70 s"])
    cycles = {path.name: getattr(station, "cycle", None) for path, _, station in longer.stations()}
    assert cycles["deburr"].sd == 3.0
