"""Calibrating on a simulated year recovers what the line was made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.calibrate.calibration import Calibration, Finding, calibrate
from scenarios.calibrate.writing import document
from scenarios.loader import load
from tests.calibrate.recorded import LINE, scenario, year
from twin.distributions import Constant, Distribution
from twin.equipment import EquipmentPath
from twin.plant.plant import Plant

STATIONS = {path: station for path, _, station in scenario().stations()}
AT = "acme/north/hall/line/"
SLACK = 1.5
"""True values lie in the 95 % intervals made so much wider: among 26 of them one or two are outside as they are."""
FEW = 150
"""From so many durations on the family itself is recovered."""


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate(year(), STATIONS)


def true_law(finding: Finding) -> Distribution:
    """The law in the scenario that a finding is about."""
    thing: object = STATIONS[finding.path]
    for key in finding.key.split("."):
        if isinstance(thing, dict):
            thing = thing[key]
        elif isinstance(thing, tuple):
            thing = next(each for each in thing if each.id == key)
        else:
            thing = getattr(thing, key)
    assert isinstance(thing, Distribution)
    return thing


def wider(low: float, high: float) -> tuple[float, float]:
    middle, half = (low + high) / 2, (high - low) / 2
    return middle - SLACK * half, middle + SLACK * half


def test_everything_random_of_the_line_is_found(found: Calibration) -> None:
    assert {f"{f.path.name}.{f.key}" for f in found.findings} == {
        *("saw.cycle", "saw.failures.blade.after", "saw.failures.blade.repair"),
        *("mill.cycles.red", "mill.cycles.blue", "mill.setup.duration", "mill.setup.by_change.blue>red"),
        *("mill.failures.spindle.after", "mill.failures.spindle.repair"),
        *("mill.failures.dust.after", "mill.failures.dust.repair"),
        *("test.cycle", "test.load_time"),
        *("pack.cycle", "pack.unload_time", "pack.failures.tape.after", "pack.failures.tape.repair"),
        *("pack.failures.blade.after", "pack.failures.blade.repair"),
    }
    assert found.notes == ()
    assert found.modes == ()


def test_families_and_parameters_are_recovered(found: Calibration) -> None:
    for finding in found.findings:
        law, made = true_law(finding), finding.estimate
        assert made.mean == pytest.approx(law.mean_s, rel=max(0.01, 3 / made.seen**0.5)), finding
        if made.seen < FEW:
            continue
        assert made.family == type(law).model_fields["family"].default, finding
        if isinstance(law, Constant):
            assert made.law == law
        for name, interval in made.intervals.items():
            low, high = wider(*interval)
            assert low <= getattr(law, name) <= high, (finding.path, finding.key, name)
        assert made.p is None or made.p > 0.001


def test_shares_are_recovered(found: Calibration) -> None:
    shares = {f"{share.path.name}.{share.key}": share for share in found.shares}
    for name, true in (("test.scrap", 0.03), ("test.rework", 0.08), ("pack.scrap", 0.01)):
        low, high = wider(*shares[name].interval)
        assert low <= true <= high


def test_the_written_scenario_makes_as_many_parts(found: Calibration, tmp_path: Path) -> None:
    (tmp_path / "line.yaml").write_text(LINE.read_text(encoding="utf-8"), encoding="utf-8")
    out = tmp_path / "fitted.yaml"
    out.write_text(document(found, "line.yaml", "fitted", STATIONS), encoding="utf-8")
    made = []
    for loaded in (load(out), scenario()):
        plant = Plant(loaded.plant(), 11, trace=False)
        plant.run_until(60 * 86_400.0)
        made.append(plant.station(EquipmentPath(f"{AT}pack")).parts)
    assert made[0] == pytest.approx(made[1], rel=0.02)
    assert load(out).name == "fitted"
