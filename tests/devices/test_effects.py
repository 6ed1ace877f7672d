"""Sensor effects change the reading, never the plant, and never pass a stale value off as fresh."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.bank import DeviceBank
from devices.drivers import option_problems
from tests.devices.plants import EPOCH, LINE, SITE, enters, machine, machines, plant, telemetry, view
from twin.config.plant import DeviceConfig
from twin.errors import ScenarioError
from twin.records import BAD, GOOD, UNCERTAIN, Frame
from twin.states import UnitState

TAG = "spindle_temperature_c"
EPOCH_NS = int(EPOCH.timestamp()) * 10**9
EXACT = ("energy_kwh", "power_kw", "part_count", "state_code")


def bank(*effects: dict[str, Any]) -> DeviceBank:
    """Two machines, the first of which has sensor effects."""
    return DeviceBank(
        plant(
            machine("m0", DeviceConfig(profile="cnc", options={"sensor_effects": list(effects)})),
            machine("m1", DeviceConfig(profile="cnc")),
        ),
        SITE,
        seed=11,
    )


def heard(source: DeviceBank, until: int = 600) -> list[Frame]:
    """One telemetry frame a second."""
    rows = [enters(0.0, unit, UnitState.PRODUCING) for unit in range(2)]
    found: list[Frame] = []
    for second in range(1, until + 1):
        now = view(2, float(second), UnitState.PRODUCING)
        found += telemetry(source.frames(float(second), now, rows if second == 1 else []))
    return found


def column(frames: list[Frame], tag: str, name: str = "m0") -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Readings and quality of a tag of one machine."""
    values, quality = [], []
    for frame in frames:
        row, place = frame.paths.index(LINE.child(name)), frame.tags.index(tag)
        values.append(float(frame.values[row, place]))
        quality.append(0 if frame.quality is None else int(frame.quality[row, place]))
    return np.array(values), np.array(quality, dtype=np.uint8)


@pytest.mark.parametrize("effect", ["noise", "drift", "stuck", "dropout", "spike"])
def test_the_other_machine_and_the_exact_tags_stay_as_they_are(effect: str) -> None:
    frames, plain = heard(bank({"effect": effect, "amplitude": 0.5})), heard(DeviceBank(machines(2), SITE, seed=11))
    for tag in plain[0].tags:
        assert np.array_equal(column(frames, tag, "m1")[0], column(plain, tag, "m1")[0])
    for tag in EXACT:
        assert np.array_equal(column(frames, tag)[0], column(plain, tag)[0])
        assert (column(frames, tag)[1] == GOOD).all()
    assert not np.array_equal(column(frames, TAG)[0], column(plain, TAG)[0])


def test_a_dropped_sample_is_nothing_and_bad() -> None:
    values, quality = column(heard(bank({"effect": "dropout", "tags": [TAG], "share": 0.3})), TAG)
    gone = np.isnan(values)
    assert 0.2 < gone.mean() < 0.4
    assert (quality[gone] == BAD).all()
    assert (quality[~gone] == GOOD).all()


def test_a_stuck_sensor_shows_its_last_value_as_uncertain() -> None:
    effect = {"effect": "stuck", "tags": ["vibration_mm_s"], "start": "100 s", "duration": "200 s"}
    values, quality = column(heard(bank(effect)), "vibration_mm_s")
    assert len(set(values[99:299])) == 1
    assert (quality[100:299] == UNCERTAIN).all()
    assert (quality[:100] == GOOD).all()
    assert (quality[299:] == GOOD).all()
    assert len(set(values[299:])) > 50


def test_drift_grows_with_time_and_a_spike_is_rare_and_large() -> None:
    plain, _ = column(heard(bank()), TAG)
    drifting, _ = column(heard(bank({"effect": "drift", "tags": [TAG], "amplitude": 1.0})), TAG)
    np.testing.assert_allclose(drifting - plain, 65.0 * np.arange(1, 601) / 86_400, atol=1e-9)
    spiked, _ = column(heard(bank({"effect": "spike", "tags": [TAG], "share": 0.02, "amplitude": 0.5})), TAG)
    hit = np.abs(spiked - plain) > 1e-9
    assert 1 <= hit.sum() <= 40
    np.testing.assert_allclose(np.abs(spiked - plain)[hit], 32.5)


@pytest.mark.parametrize(("direction", "sign"), [("behind", -1), ("ahead", 1)])
def test_a_skewed_clock_stamps_wrongly_and_rows_stay_in_order(direction: str, sign: int) -> None:
    frames = heard(bank({"effect": "clock_skew", "skew": "2500 ms", "direction": direction}), 20)
    for second, frame in enumerate(frames, start=1):
        stamps = dict(zip(frame.paths, frame.time_ns.tolist(), strict=True))
        assert stamps[LINE.child("m1")] == EPOCH_NS + second * 10**9
        assert stamps[LINE.child("m0")] == EPOCH_NS + second * 10**9 + sign * 2_500_000_000
        assert (np.diff(frame.time_ns) >= 0).all()


def test_effects_do_not_depend_on_the_tick() -> None:
    effects = ({"effect": "dropout", "share": 0.5}, {"effect": "spike", "share": 0.5, "amplitude": 0.2})
    fine, coarse = heard(bank(*effects), 600)[-1], bank(*effects)
    rows = [enters(0.0, unit, UnitState.PRODUCING) for unit in range(2)]
    last = telemetry(coarse.frames(600.0, view(2, 600.0, UnitState.PRODUCING), rows))[-1]
    np.testing.assert_allclose(fine.values, last.values, rtol=1e-9)
    assert np.array_equal(fine.quality, last.quality)


def test_wrong_effects_are_refused_all_at_once() -> None:
    effects = [{"effect": "rust"}, {"effect": "noise", "amplitude": 3}, {"effect": "clock_skew"}, {"effekt": "noise"}]
    problems = option_problems("simulated", {"sensor_effects": effects}, "m0")
    assert len(problems) == 5
    with pytest.raises(ScenarioError, match="spindel"):
        bank({"effect": "noise", "tags": ["spindel"]})
