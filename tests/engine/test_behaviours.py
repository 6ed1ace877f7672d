"""Behaviours that a scenario gives to stations."""

from __future__ import annotations

from pathlib import Path

import pytest

from futurefactory import Plant, ScenarioError, Simulation, simulate
from scenarios.loader import load, loads
from tests.plugins.test_plugins import scenario
from twin.compiled import unsupported
from twin.config.behaviours import behaviours as known

UNIT = "bench/lab/line/three/m1"


def simulated(folder: Path, behaviours: list[dict[str, dict[str, str]]]) -> Simulation:
    text = (folder / scenario(folder, {"kind": "machine", "behaviours": behaviours})).read_text()
    return simulate(loads(text, folder))


WARM = {"warm_up": {"after": "10 min", "time": "5 min"}}


def test_a_machine_warms_up_at_the_start_and_not_while_it_works(tmp_path: Path) -> None:
    run = simulated(tmp_path, [WARM])
    assert (
        run.summary.units[UNIT].counts["good"] == 54
    )  # one each minute from 6 min on; what ends at the hour is not in it
    assert run.summary.units[UNIT].time_elements["aust_s"] == 300.0


def test_it_is_cold_again_after_a_standstill(tmp_path: Path) -> None:
    file = tmp_path / scenario(tmp_path, {"kind": "machine", "behaviours": [WARM]})
    rare, often = (load(file, [f"bench/lab/line/three/in.interval={time}"]) for time in ("20 min", "8 min"))
    assert simulate(rare).summary.units[UNIT].time_elements["aust_s"] == 2 * 300.0
    assert simulate(often).summary.units[UNIT].time_elements["aust_s"] == 300.0


def test_several_are_gone_through_in_turn(tmp_path: Path) -> None:
    run = simulated(tmp_path, [WARM, {"warm_up": {"after": "10 min", "time": "4 min"}}])
    assert run.summary.units[UNIT].counts["good"] == 50


@pytest.mark.parametrize("more", [{}, {"unload_time": "1 s"}], ids=["alone", "with_unloading"])
def test_one_that_comes_after_the_operation_is_gone_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, str]
) -> None:
    monkeypatch.setattr(known["warm_up"], "after", True)
    text = (tmp_path / scenario(tmp_path, {"kind": "machine", "behaviours": [WARM], **more})).read_text()
    unit = simulate(loads(text, tmp_path)).summary.units[UNIT]
    assert unit.time_elements["aust_s"] >= 300.0
    assert unit.counts["good"] <= 54, "the first one leaves 5 min after its operation"
    assert unsupported(Plant(loads(text, tmp_path).plant(), seed=1)), "the compiled kernel does not know of it"


def test_a_fork_goes_on_as_its_original(tmp_path: Path) -> None:
    text = (tmp_path / scenario(tmp_path, {"kind": "machine", "behaviours": [WARM]})).read_text()
    plant = Plant(loads(text, tmp_path).plant(), seed=1)
    plant.run_until(120)
    (twin,) = plant.fork(1)
    restored = Plant.restore(plant.snapshot())
    for one in (plant, twin, restored):
        one.run_until(3600)
    assert len({one.fingerprint() for one in (plant, twin, restored)}) == 1


@pytest.mark.parametrize(
    ("behaviours", "told"),
    [
        ([{"warm_upp": {}}], "did you mean 'warm_up'?"),
        ([{"warm_up": {"after": "10 min"}}], "behaviours[0].warm_up.time"),
        ([{"warm_up": {"after": "10 min", "time": "5"}}], "behaviours[0].warm_up.time"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, behaviours: list[dict[str, dict[str, str]]], told: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        simulated(tmp_path, behaviours)
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1
