"""Signals: correlated by construction, exact for any tick, the same for the same seed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from devices.bank import DeviceBank
from devices.signals.model import hall_deviation_c
from tests.devices.plants import LINE, SITE, enters, machine, machines, plant, series, view
from twin.config.plant import DeviceConfig, FailureConfig
from twin.equipment import EquipmentPath
from twin.records import Frame
from twin.states import UnitState

M0, M1 = LINE.child("m0"), LINE.child("m1")
CHANGES = [
    enters(0.0, 0, UnitState.OFF_SHIFT),
    enters(0.0, 1, UnitState.PRODUCING),
    enters(30.25, 0, UnitState.PRODUCING),
    enters(95.0, 0, UnitState.FAILED),
    enters(100.5, 0, UnitState.REPAIR),
    enters(200.0, 0, UnitState.PRODUCING),
    enters(200.0, 1, UnitState.STARVED),
]


def said(bank: DeviceBank, tick_s: float, until_s: float = 600.0) -> list[Frame]:
    """What a bank says about the changes above, in ticks of one length."""
    frames: list[Frame] = []
    for number in range(1, int(until_s / tick_s) + 1):
        t1_s = number * tick_s
        now = view(2, t1_s, UnitState.PRODUCING)
        past = [change for change in CHANGES if change.sim_s < t1_s]
        for change in past:
            now.state[change.unit] = UnitState[change.values[0]]
        frames += bank.frames(t1_s, now, [change for change in past if change.sim_s >= t1_s - tick_s])
    return frames


@pytest.mark.parametrize("profile", ["cnc", "press", "energy_meter"])
def test_a_reading_does_not_depend_on_the_ticks_before_it(profile: str) -> None:
    fine = said(DeviceBank(machines(2, profile), SITE, 7), 1.0)[-2].values
    coarse = said(DeviceBank(machines(2, profile), SITE, 7), 60.0)[-2].values
    whole = said(DeviceBank(machines(2, profile), SITE, 7), 600.0)[-2].values
    np.testing.assert_allclose(fine, coarse, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(fine, whole, rtol=1e-9, atol=1e-9)


def test_the_same_seed_gives_the_same_readings_and_another_gives_others() -> None:
    first, again, other = (said(DeviceBank(machines(2), SITE, seed), 10.0)[-2].values for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_further_machine_does_not_change_the_others() -> None:
    alone = said(DeviceBank(machines(2), SITE, 7), 10.0)
    wider = plant(
        machine("m0", DeviceConfig(profile="cnc")),
        machine("m1", DeviceConfig(profile="cnc")),
        machine("new", DeviceConfig(profile="cnc")),
    )
    bank = DeviceBank(wider, SITE, 7)
    frames: list[Frame] = []
    for number in range(1, 61):
        now = view(3, number * 10.0, UnitState.PRODUCING)
        past = [change for change in CHANGES if change.sim_s < number * 10.0]
        for change in past:
            now.state[change.unit] = UnitState[change.values[0]]
        rows = [change for change in past if change.sim_s >= number * 10.0 - 10.0]
        frames += bank.frames(number * 10.0, now, rows)
    for tag in ("vibration_mm_s", "spindle_load_pct", "spindle_temperature_c"):
        assert np.array_equal(series(alone, tag, M1), series(frames, tag, M1))


def test_a_pickled_bank_goes_on_alike() -> None:
    bank = DeviceBank(machines(2), SITE, 7)
    said(bank, 10.0, 300.0)
    copy = pickle.loads(pickle.dumps(bank))  # noqa: S301 - our own bytes
    now = view(2, 310.0, UnitState.PRODUCING)
    for mine, theirs in zip(bank.frames(310.0, now, []), copy.frames(310.0, now, []), strict=True):
        assert mine.kind is theirs.kind
        assert mine.paths == theirs.paths
        assert np.array_equal(mine.time_ns, theirs.time_ns)
        assert mine.values.tolist() == theirs.values.tolist()


def shift(bank: DeviceBank, wear: float = 0.0, hours: int = 4) -> list[Frame]:
    """Work and wait in turn, 20 minutes each."""
    frames: list[Frame] = []
    for number in range(1, hours * 120 + 1):
        t1_s = number * 30.0
        working = (number - 1) // 40 % 2 == 0
        state = UnitState.PRODUCING if working else UnitState.STARVED
        now = view(1, t1_s, state, wear)
        now.power_kw[:] = 12.0 if working else 3.0
        rows = [enters(t1_s - 30.0, 0, state)] if (number - 1) % 40 == 0 else []
        frames += bank.frames(t1_s, now, rows)
    return frames


def correlation(frames: list[Frame], first: str, second: str) -> float:
    return float(np.corrcoef(series(frames, first, M0), series(frames, second, M0))[0, 1])


def test_load_follows_power_and_temperature_lags_behind_it() -> None:
    frames = shift(DeviceBank(machines(1), SITE, 5))
    assert correlation(frames, "power_kw", "spindle_load_pct") > 0.9
    assert correlation(frames, "spindle_load_pct", "spindle_torque_nm") > 0.9
    power, heat = series(frames, "power_kw", M0), series(frames, "spindle_temperature_c", M0)
    lagged = [np.corrcoef(power[: len(power) - lag], heat[lag:])[0, 1] for lag in range(40)]
    assert max(lagged) > 0.75
    assert int(np.argmax(lagged)) >= 10  # 5 minutes and more


@pytest.mark.parametrize(
    ("signature", "tag", "direction"),
    [
        ("vibration", "vibration_mm_s", 1),
        ("temperature", "spindle_temperature_c", 1),
        ("torque", "spindle_torque_nm", 1),
        ("pressure", "coolant_pressure_bar", -1),
    ],
)
def test_a_signature_precedes_its_failure_and_no_other(signature: str, tag: str, direction: int) -> None:
    mode = FailureConfig(id="mode", after="4 h", repair="1 h", signature=signature)
    config = plant(machine("m0", DeviceConfig(profile="cnc"), failures=(mode,)))
    new, worn, late = (
        {
            name: series(shift(DeviceBank(config, SITE, 5), wear, hours=1), name, M0)[39]
            for name in (tag, "spindle_speed_rpm")
        }
        for wear in (0.0, 0.6, 0.99)
    )
    assert direction * (late[tag] - new[tag]) > 3 * abs(worn[tag] - new[tag]) > 0
    assert late["spindle_speed_rpm"] == pytest.approx(new["spindle_speed_rpm"], rel=0.01)


def test_without_a_signature_wear_hardly_shows() -> None:
    mode = FailureConfig(id="mode", after="4 h", repair="1 h")
    plain = plant(machine("m0", DeviceConfig(profile="cnc"), failures=(mode,)))
    hidden, shown = (
        series(shift(DeviceBank(config, SITE, 5), 0.99, hours=1), "vibration_mm_s", M0)[39]
        for config in (plain, machines(1))
    )
    assert shown > 2 * hidden


def test_the_hall_is_warmest_in_the_afternoon() -> None:
    hours = np.arange(0, 24, 0.5)
    assert hours[np.argmax([hall_deviation_c(hour * 3600) for hour in hours])] == 15.0
    assert EquipmentPath(M0).site == SITE
